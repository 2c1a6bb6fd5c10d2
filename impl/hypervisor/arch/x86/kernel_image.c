/*
 * Boot modules of dom0: taken over, kernel unpacked and checked.
 */
#include "x86/kernel_image.h"
#include "x86/panic.h"

#include "hv/log.h"
#include "hv/page.h"

#include "abi/xen.h"
#include "base/bzimage.h"
#include "base/cpio.h"
#include "base/elf.h"
#include "base/string.h"
#include "base/xz.h"

static unsigned int order_of(uint64_t bytes)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < bytes)
        order++;
    return order;
}

static uint64_t pages_of(uint64_t bytes)
{
    return ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;
}

static void image_alloc(struct image *i, uint64_t bytes, const char *what)
{
    unsigned int order = order_of(bytes);
    uint64_t pages = pages_of(bytes);
    mfn_t m;

    if (order > PAGE_ORDER_MAX || page_alloc(NULL, order, 0, &m))
        boot_refuse("too little memory for %s of %llu MiB", what,
                    (unsigned long long)(bytes >> 20));
    if (pages < BIT(order))
        page_free_range(_mfn(mfn_x(m) + pages), BIT(order) - pages);
    i->data = mfn_to_virt(m);
    i->bytes = bytes;
}

void image_free(struct image *i)
{
    if (i->data)
        page_free_range(virt_to_mfn(i->data), pages_of(i->bytes));
    *i = (struct image){};
}

void image_take(struct image *i, paddr_t start, uint64_t bytes,
                const char *what)
{
    if (!bytes)
        boot_refuse("%s is empty", what);
    *i = (struct image){maddr_to_virt(start), bytes};
}

/* The packed vmlinux inside a bzImage takes the bzImage's place. */
static void image_unpack(struct image *i, size_t offset, size_t packed_bytes)
{
    const uint8_t *packed = i->data + offset;
    size_t bytes = bzimage_unpacked_bytes(packed, packed_bytes);
    struct image work = {}, out = {};
    int rc;

    if (!xz_magic(packed, packed_bytes))
        boot_refuse("dom0 kernel is packed, but not with xz");
    if (!bytes)
        boot_refuse("dom0 kernel is damaged: no unpacked size");
    image_alloc(&work, sizeof(struct lzma), "unpacking");
    image_alloc(&out, bytes, "dom0 kernel");
    rc = xz_unpack(packed, packed_bytes, out.data, bytes, &out.bytes,
                   (struct lzma *)work.data);
    if (rc || out.bytes != bytes)
        boot_refuse(
            "dom0 kernel is damaged: cannot unpack its xz payload (rc=%d)", rc);
    image_free(&work);
    image_free(i);
    *i = out;
}

static void kernel_refuse(int rc) NORETURN;

static void kernel_refuse(int rc)
{
    if (rc == -XEN_ENOENT)
        boot_refuse("dom0 kernel is no PVH kernel: it has no PVH entry note");
    if (rc == -XEN_ENOEXEC)
        boot_refuse("dom0 kernel is neither an x86-64 ELF image nor a bzImage");
    if (rc == -XEN_E2BIG)
        boot_refuse("dom0 kernel has more than %u segments", ELF_SEGMENTS_MAX);
    boot_refuse("dom0 kernel is truncated or damaged");
}

void image_kernel(struct image *i, struct elf_kernel *k)
{
    size_t offset, bytes;
    int rc = bzimage_payload(i->data, i->bytes, &offset, &bytes);

    if (rc == 0)
        image_unpack(i, offset, bytes);
    else if (rc != -XEN_ENOEXEC)
        kernel_refuse(rc);
    rc = elf_kernel_parse(i->data, i->bytes, k);
    if (rc)
        kernel_refuse(rc);
}

void image_check_initrd(const struct image *i)
{
    if (cpio_truncated(i->data, i->bytes))
        boot_refuse(
            "dom0 initrd is truncated: it ends inside an archive member");
}

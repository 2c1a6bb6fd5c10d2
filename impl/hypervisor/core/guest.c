/*
 * Checked copies between the hypervisor and guest memory.
 *
 * A frame is touched inside a window of the p2m, so that it cannot be freed to
 * somebody else meanwhile; the entry itself may change, as it may on a real
 * machine during a copy.
 */
#include "hv/guest.h"

#include "hv/arch.h"
#include "hv/p2m.h"

/* What may be read, or written, for the guest itself and for others. */
enum { READ = 1, WRITE = 2, READ_ANY = 4, WRITE_ANY = 8 };

static const uint8_t allowed[P2M_TYPE_NR] = {
    [P2M_RAM_RW] = READ | WRITE | READ_ANY | WRITE_ANY,
    [P2M_RAM_RO] = READ | READ_ANY,
    [P2M_GRANT_RW] = READ | WRITE,
    [P2M_GRANT_RO] = READ,
    [P2M_FOREIGN] = READ | WRITE,
    [P2M_SHARED] = READ | WRITE | READ_ANY | WRITE_ANY,
};

/* In a window of 'd': the host address of 'gpa', or NULL. */
static void *page_at(struct domain *d, paddr_t gpa, unsigned int right)
{
    struct p2m_entry e = p2m_window_get(_gfn(gpa >> PAGE_SHIFT));

    if (unlikely(!(allowed[e.type] & right)))
        return NULL;
    return (char *)mfn_to_virt(e.mfn) + (gpa & ~PAGE_MASK);
}

const void *guest_window_at(struct domain *d, paddr_t gpa)
{
    return page_at(d, gpa, READ);
}

static size_t within_page(uint64_t address, size_t bytes)
{
    return MIN(bytes, PAGE_SIZE - (address & ~PAGE_MASK));
}

/* Within one page; to 'host' or from it, as the right says. */
static inline int page_copy(struct domain *d, void *host, paddr_t gpa,
                            size_t bytes, unsigned int right)
{
    void *p;

    p2m_window_open(d);
    p = page_at(d, gpa, right);
    if (likely(p)) {
        if (right & (READ | READ_ANY))
            __builtin_memcpy(host, p, bytes);
        else
            __builtin_memcpy(p, host, bytes);
    }
    p2m_window_close();
    return p ? 0 : -XEN_EFAULT;
}

static int phys_copy(struct domain *d, void *host, paddr_t gpa, size_t bytes,
                     unsigned int right)
{
    while (bytes) {
        size_t n = within_page(gpa, bytes);
        int rc = page_copy(d, host, gpa, n, right);

        if (rc)
            return rc;
        host = (char *)host + n;
        gpa += n;
        bytes -= n;
    }
    return 0;
}

int guest_phys_read(struct domain *d, void *dst, paddr_t src, size_t bytes)
{
    return phys_copy(d, dst, src, bytes, READ_ANY);
}

int guest_phys_write(struct domain *d, paddr_t dst, const void *src,
                     size_t bytes)
{
    return phys_copy(d, (void *)(uintptr_t)src, dst, bytes, WRITE_ANY);
}

/* Inlined: the commonest work there is, with 'right' known. */
static inline int virt_copy(struct vcpu *v, void *host, uint64_t va,
                            size_t bytes, unsigned int right)
{
    while (bytes) {
        size_t n = within_page(va, bytes);
        paddr_t gpa;
        int rc = arch_guest_walk(v, va, right == WRITE, &gpa);

        if (!rc)
            rc = page_copy(v->domain, host, gpa, n, right);
        if (rc)
            return rc;
        host = (char *)host + n;
        va += n;
        bytes -= n;
    }
    return 0;
}

int guest_copy_from(struct vcpu *v, void *dst, uint64_t src_va, size_t bytes)
{
    return virt_copy(v, dst, src_va, bytes, READ);
}

int guest_copy_to(struct vcpu *v, uint64_t dst_va, const void *src,
                  size_t bytes)
{
    return virt_copy(v, (void *)(uintptr_t)src, dst_va, bytes, WRITE);
}

/*
 * Defensive ELF64 reader for kernels; see base/elf.h.
 */
#include "base/elf.h"

#include "abi/xen.h"
#include "base/string.h"

#define PT_LOAD     1
#define PT_NOTE     4
#define ET_EXEC     2
#define ET_DYN      3
#define EM_X86_64   62
#define PHDRS_MAX   64
#define NOTES_MAX   256
#define PADDR_LIMIT (1ULL << 46)
#define NOTE_ALIGN  4

struct elf_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
};

struct elf_phdr {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
};

struct elf_note {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
};

static_assert(sizeof(struct elf_header) == 64, "gABI");
static_assert(sizeof(struct elf_phdr) == 56, "gABI");

static int header_read(const uint8_t *image, size_t bytes, struct elf_header *h)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

    if (bytes < sizeof(*h))
        return -XEN_ENOEXEC;
    memcpy(h, image, sizeof(*h));
    if (memcmp(h->ident, ident, sizeof(ident)) != 0)
        return -XEN_ENOEXEC;
    if (h->machine != EM_X86_64 || (h->type != ET_EXEC && h->type != ET_DYN))
        return -XEN_ENOEXEC;
    if (h->phentsize != sizeof(struct elf_phdr) || h->phnum > PHDRS_MAX)
        return -XEN_EINVAL;
    if (h->phoff > bytes ||
        bytes - h->phoff < (uint64_t)h->phnum * sizeof(struct elf_phdr))
        return -XEN_EINVAL;
    return 0;
}

static int segment_add(const struct elf_phdr *p, struct elf_kernel *out)
{
    struct elf_segment *s = &out->segment[out->segments];

    if (p->memsz == 0)
        return 0;
    if (out->segments == ELF_SEGMENTS_MAX)
        return -XEN_E2BIG;
    if (p->filesz > p->memsz || p->memsz > PADDR_LIMIT ||
        p->paddr > PADDR_LIMIT)
        return -XEN_EINVAL;
    *s = (struct elf_segment){
        .offset = p->offset,
        .file_bytes = p->filesz,
        .mem_bytes = p->memsz,
        .start = p->paddr,
    };
    out->segments++;
    out->start = MIN(out->start, s->start);
    out->end = MAX(out->end, s->start + s->mem_bytes);
    return 0;
}

/* Notes lie back to back: header, name, description, each 4-byte aligned. */
static void notes_scan(const uint8_t *p, uint64_t bytes, struct elf_kernel *out)
{
    for (unsigned int i = 0; i < NOTES_MAX; i++) {
        struct elf_note n;
        uint64_t name, desc;

        if (bytes < sizeof(n))
            return;
        memcpy(&n, p, sizeof(n));
        name = ALIGN_UP((uint64_t)n.namesz, NOTE_ALIGN);
        desc = ALIGN_UP((uint64_t)n.descsz, NOTE_ALIGN);
        if (bytes - sizeof(n) < name + desc)
            return;
        p += sizeof(n);
        if (n.type == XEN_ELFNOTE_PHYS32_ENTRY && n.namesz == 4 &&
            memcmp(p, "Xen", 4) == 0 && n.descsz >= sizeof(out->entry))
            memcpy(&out->entry, p + name, sizeof(out->entry));
        p += name + desc;
        bytes -= sizeof(n) + name + desc;
    }
}

static bool entry_inside(const struct elf_kernel *k)
{
    for (unsigned int i = 0; i < k->segments; i++)
        if (k->entry >= k->segment[i].start &&
            k->entry - k->segment[i].start < k->segment[i].file_bytes)
            return true;
    return false;
}

int elf_kernel_parse(const void *image, size_t bytes, struct elf_kernel *out)
{
    const uint8_t *base = image;
    struct elf_header h;
    struct elf_phdr p;
    int rc = header_read(base, bytes, &h);

    if (rc)
        return rc;
    *out = (struct elf_kernel){.start = ~0ULL};
    for (unsigned int i = 0; i < h.phnum; i++) {
        memcpy(&p, base + h.phoff + i * sizeof(p), sizeof(p));
        if (p.type != PT_LOAD && p.type != PT_NOTE)
            continue;
        if (p.offset > bytes || p.filesz > bytes - p.offset)
            return -XEN_EINVAL;
        if (p.type == PT_NOTE)
            notes_scan(base + p.offset, p.filesz, out);
        else if ((rc = segment_add(&p, out)) != 0)
            return rc;
    }
    return entry_inside(out) ? 0 : -XEN_ENOENT;
}

/*
 * Reading a kernel's ELF image: loadable segments and the PVH entry note.
 *
 * The image is hostile: every offset and size is checked against its length and
 * against wrap-around before use. Nothing is copied and nothing is kept.
 * Rules: System V gABI ("Program Header"), public/elfnote.h (PHYS32_ENTRY).
 */
#ifndef BASE_ELF_H
#define BASE_ELF_H

#include "base/types.h"

#define ELF_SEGMENTS_MAX 16

struct elf_segment {
    uint64_t offset;     /* in the image */
    uint64_t file_bytes; /* taken from the image, <= mem_bytes */
    uint64_t mem_bytes;  /* the rest is zero */
    paddr_t start;       /* physical address */
};

struct elf_kernel {
    struct elf_segment segment[ELF_SEGMENTS_MAX];
    unsigned int segments;
    paddr_t start;  /* lowest address of any segment */
    paddr_t end;    /* exclusive */
    uint32_t entry; /* 32-bit physical address of the PVH entry */
};

/*
 * -XEN_ENOEXEC: no x86-64 ELF executable. -XEN_EINVAL: cut short or malformed.
 * -XEN_E2BIG: more segments than ELF_SEGMENTS_MAX. -XEN_ENOENT: no PVH entry
 * note, or one that points outside the segments.
 */
int elf_kernel_parse(const void *image, size_t bytes, struct elf_kernel *out);

#endif

/*
 * Boot modules taken into the hypervisor's own memory, kernels unpacked.
 * (owner: kernel_image.c; boot CPU only, used once)
 */
#ifndef X86_KERNEL_IMAGE_H
#define X86_KERNEL_IMAGE_H

#include "base/types.h"

struct elf_kernel;

/* In whole pages of the hypervisor. */
struct image {
    uint8_t *data; /* NULL: none */
    size_t bytes;
};

/* A module as boot.c has placed it, owned from now on. Panics, naming it
   'what', when it is empty. */
void image_take(struct image *i, paddr_t start, uint64_t bytes,
                const char *what);
/* Replace a bzImage by the vmlinux in it and find its segments and PVH entry.
   Panics with one line when that is not possible. */
void image_kernel(struct image *i, struct elf_kernel *k);
/* Panics when a plain cpio archive ends in the middle of a member. */
void image_check_initrd(const struct image *i);
void image_free(struct image *i);

#endif

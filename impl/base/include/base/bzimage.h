/*
 * Linux's boot image: where the packed vmlinux lies in it.
 *
 * Pure; the image is hostile. Follows Linux's Documentation/x86/boot.rst.
 */
#ifndef BASE_BZIMAGE_H
#define BASE_BZIMAGE_H

#include "base/types.h"

/* -XEN_ENOEXEC: no bzImage of protocol 2.08 or later; -XEN_EINVAL: cut short. */
int bzimage_payload(const void *image, size_t bytes, size_t *offset,
                    size_t *payload_bytes);
/* Size of the unpacked payload: its last four bytes say. 0: nonsense. */
size_t bzimage_unpacked_bytes(const void *payload, size_t payload_bytes);

#endif

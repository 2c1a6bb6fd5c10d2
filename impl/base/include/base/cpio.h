/*
 * Is an initramfs whole? Walks the members of uncompressed "newc" archives.
 *
 * Pure; the archive is hostile. Follows Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#ifndef BASE_CPIO_H
#define BASE_CPIO_H

#include "base/types.h"

/* True: an archive starts but ends inside a member or without its trailer.
   False as well when what follows is packed, which cannot be told cheaply. */
bool cpio_truncated(const void *archive, size_t bytes);

#endif

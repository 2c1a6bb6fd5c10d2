/*
 * The grammar of dom0_mem= (Xen's command line): how much memory is asked for.
 *
 *   SIZE[,min:SIZE][,max:SIZE], where -SIZE is all of memory but that; sizes are
 *   KiB or have one of the suffixes b, k, m, g, t.
 */
#ifndef BASE_MEMSIZE_H
#define BASE_MEMSIZE_H

#include "base/types.h"

/* What 'text' asks for when 'total' bytes are there: bytes at start, in whole
   pages ('preset' without a size), and the limit to which it may grow (~0:
   none). False: bad text. */
bool memsize_read(const char *text, uint64_t total, uint64_t preset,
                  uint64_t *bytes, uint64_t *max_bytes);

#endif

/*
 * Unpacking an .xz stream in one call, output buffer as the dictionary.
 *
 * LZMA2 with an optional x86 branch filter, as kernels are packed. Input is
 * hostile: bounded reads and writes, bounded time. Checksums of the data are
 * not verified (a boot module is as trusted as the loader), sizes are. Pure; the
 * working memory is the caller's. Follows: "The .xz File Format" 1.1.0.
 */
#ifndef BASE_XZ_H
#define BASE_XZ_H

#include "base/types.h"

/* The filters' headers and LZMA2's chunks (xz.c). */
bool xz_magic(const void *in, size_t in_bytes);

#define LZMA_STATES       12
#define LZMA_POSITIONS    16
#define LZMA_LITERAL_BITS 4 /* lc + lp of LZMA2 */

struct lzma_lengths {
    uint16_t choice[2];
    uint16_t low[LZMA_POSITIONS][8];
    uint16_t mid[LZMA_POSITIONS][8];
    uint16_t high[256];
};

/* Adaptive probabilities: nothing but uint16_t. */
struct lzma_probs {
    uint16_t match[LZMA_STATES][LZMA_POSITIONS];
    uint16_t rep[LZMA_STATES];
    uint16_t rep0[LZMA_STATES];
    uint16_t rep1[LZMA_STATES];
    uint16_t rep2[LZMA_STATES];
    uint16_t rep0_long[LZMA_STATES][LZMA_POSITIONS];
    uint16_t slot[4][64];
    uint16_t distance[128];
    uint16_t align[16];
    struct lzma_lengths match_length;
    struct lzma_lengths rep_length;
    uint16_t literal[1 << LZMA_LITERAL_BITS][0x300];
};

/* One LZMA decoder between chunks (lzma.c). */
struct lzma {
    struct lzma_probs probs;
    uint32_t dist[4]; /* the last distances, minus one */
    unsigned int state;
    unsigned int lc; /* literal context bits */
    uint32_t lp_mask;
    uint32_t pb_mask;
    uint8_t *out;     /* start of the dictionary */
    size_t pos;       /* bytes in it */
    size_t dict_from; /* matches reach back to here at most */
};

/* lc/lp/pb byte of LZMA; false: not allowed in LZMA2. */
bool lzma_set_props(struct lzma *s, uint8_t props);
void lzma_reset(struct lzma *s);
/* Decode one chunk of exactly 'in_bytes' to s->out[s->pos .. out_end). */
bool lzma_chunk(struct lzma *s, const uint8_t *in, size_t in_bytes,
                size_t out_end);

/* Undo the x86 branch filter (bcj_x86.c). */
void bcj_x86_decode(uint8_t *p, size_t bytes);

/* -XEN_EINVAL: damaged, cut short or a filter we do not have; -XEN_ENOSPC: more
   than 'out_max' bytes come out. What follows the stream is ignored. */
int xz_unpack(const void *in, size_t in_bytes, void *out, size_t out_max,
              size_t *out_bytes, struct lzma *work);

#endif

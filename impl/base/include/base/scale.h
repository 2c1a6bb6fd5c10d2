/*
 * Products with 32.32 fixed point factors: one clock's ticks as another's.
 */
#ifndef BASE_SCALE_H
#define BASE_SCALE_H

#include "base/types.h"

/* v * factor, which must fit. */
static inline uint64_t scale(uint64_t v, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)v * factor >> 32);
}

/* The factor a / b; a % b has to be below 2^32. */
static inline uint64_t scale_ratio(uint64_t a, uint64_t b)
{
    return (a / b) << 32 | ((a % b) << 32) / b;
}

/* The factor as pvclock has it: ns = (delta << shift) * mul >> 32, with mul in
   [2^31, 2^32); 0 is 0. */
static inline void scale_pvclock(uint64_t factor, uint32_t *mul, int8_t *shift)
{
    int s = 0;

    for (; factor >> 32; factor >>= 1)
        s++;
    for (; factor && !(factor >> 31); factor <<= 1)
        s--;
    *mul = (uint32_t)factor;
    *shift = (int8_t)s;
}

#endif

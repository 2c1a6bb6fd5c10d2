/*
 * Histograms of times with a fixed relative error: buckets of 1/64 of a power of
 * two, from nanoseconds to an hour. Nothing is dropped: what is longer counts
 * into the last one.
 */
#ifndef API_HIST_H
#define API_HIST_H

#include <stddef.h>
#include <stdint.h>

enum {
    HIST_SUB_BITS = 6, /* an error of less than 1.6 % */
    HIST_POWERS = 42 - HIST_SUB_BITS,
    HIST_BUCKETS = (HIST_POWERS + 1) << HIST_SUB_BITS,
};

struct hist {
    uint64_t nr, most;
    uint64_t count[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t ns);
void hist_merge(struct hist *to, const struct hist *from);
/* The time that this part of them does not exceed, ns; 0: there are none. */
uint64_t hist_at(const struct hist *h, double part);
/* The greatest time that falls into a bucket, ns. */
uint64_t hist_upper(size_t bucket);

#endif

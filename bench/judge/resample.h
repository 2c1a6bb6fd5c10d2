/* Intervals by drawing the samples again and again, from a seed. */
#ifndef JUDGE_RESAMPLE_H
#define JUDGE_RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "order.h"

enum {
    RESAMPLES = 2000,
};

/* Random numbers that are the same on every machine (splitmix64). */
struct dice {
    uint64_t state;
};
uint64_t dice_next(struct dice *d);
/* 0 <= r < 1 */
double dice_unit(struct dice *d);

/*
 * The percentile interval of median(x) / median(y). `paired`: x[i] and y[i]
 * are of one round and are drawn together, so that what disturbed both leaves
 * the ratio alone; needs x.n == y.n. A ratio over zero counts as infinite, of
 * two zeros as 1. Returns 0, -EINVAL without samples, or -ENOMEM.
 */
int resample_ratio(struct values x, struct values y, bool paired,
                   double confidence, uint64_t seed, struct interval *out);

/* x / y with those rules. */
double ratio_of(double x, double y);

#endif

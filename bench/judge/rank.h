/*
 * Rank tests: is one set of samples higher than the other, whatever the shape
 * of the noise? p is two-sided.
 */
#ifndef JUDGE_RANK_H
#define JUDGE_RANK_H

#include <stdbool.h>

#include "order.h"

enum {
    RANK_EXACT_MAX = 50, /* samples of both sides; above: normal */
};

struct rank_test {
    double statistic, p;
    bool exact;
};

/*
 * Mann and Whitney's U of `x` over `y`. Up to RANK_EXACT_MAX samples every
 * division of the samples (ties with their middle ranks) is counted; above
 * that the normal approximation with correction for ties and continuity.
 * p is 1 when a side has no samples. Returns 0, or -ENOMEM.
 */
int rank_mann_whitney(struct values x, struct values y, struct rank_test *out);

/*
 * Wilcoxon's signed ranks of differences; zeros are left out. Exact up to
 * RANK_EXACT_MAX differences. Returns 0, or -ENOMEM.
 */
int rank_signed(struct values difference, struct rank_test *out);

/* Cliff's delta: how much oftener x is above y than below, -1 to 1; 0 when a
   side has no samples. */
double rank_cliff(struct values x, struct values y);

#endif

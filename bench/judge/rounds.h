/*
 * Rounds: in each, every hypervisor is booted and measured once, one after the
 * other. Samples of a round share what was odd about it.
 */
#ifndef JUDGE_ROUNDS_H
#define JUDGE_ROUNDS_H

#include <stdbool.h>

#include "run.h"

/* Medians of rounds, by round. */
struct rounds {
    int *round;
    double *median;
    size_t n;
};

/* Empty when the rounds are not known. 0, or -ENOMEM. */
int rounds_init(struct rounds *r, const struct series *s);
void rounds_fini(struct rounds *r);

/* Keeps the rounds that both have. */
void rounds_common(struct rounds *x, struct rounds *y);

/* Pearson's, of the logarithms; 0 when it cannot be said. Both have the same
   rounds. */
double rounds_correlation(const struct rounds *x, const struct rounds *y);

/*
 * Each round as one observation: p of Student's test on the logarithms of
 * their medians, and the half width of the interval of the logarithm of the
 * ratio. False: too few rounds, or values that have no logarithm.
 */
bool rounds_test(const struct rounds *x, const struct rounds *y, double level,
                 double *p, double *half_width);

#endif

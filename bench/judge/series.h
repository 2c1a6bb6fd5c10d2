/* One series of samples in the order it was taken: drift, memory, modes. */
#ifndef JUDGE_SERIES_H
#define JUDGE_SERIES_H

#include <stdbool.h>

#include "order.h"

/* Of neighbours (lag 1), -1 to 1; 0 for constant or too few values. */
double series_autocorrelation(struct values v);

/*
 * Mann and Kendall's test for a trend, with correction for ties (normal
 * approximation). Returns p; `tau` says how strong, -1 to 1.
 */
double series_trend(struct values v, double *tau);

/*
 * Whether sorted values fall into two heaps with a gap between: cut where
 * that explains most of the variance (Otsu), each heap at least a fifth of
 * the values, and the gap wider than everything within a heap.
 */
bool series_two_modes(struct values sorted);

/*
 * Benjamini and Hochberg: p values become the least false discovery rate at
 * which each would still be reported. In place. Returns 0, or -ENOMEM.
 */
int series_discovery(double *p, size_t n);

#endif

/* Samples in order: medians, quantiles, and how sure a median is. */
#ifndef JUDGE_ORDER_H
#define JUDGE_ORDER_H

#include <stddef.h>

struct interval {
    double low, high;
};

/* A borrowed run of values. */
struct values {
    const double *value;
    size_t n;
};

void order_sort(double *value, size_t n);

/* Of sorted values; NAN when there are none. The quantile interpolates
   linearly (Hyndman and Fan's type 7). */
double order_median(struct values sorted);
double order_quantile(struct values sorted, double q);

/*
 * The narrowest pair of order statistics that holds the median with at least
 * this confidence, whatever the distribution (David and Nagaraja, 7.1), or the
 * smallest and the largest value when there are too few. Returns the coverage
 * that is really there; 0 without values.
 */
double order_median_interval(struct values sorted, double confidence,
                             struct interval *out);

/* 1.4826 times the median distance from the median: the standard deviation,
   were the values normal, and little moved by outliers. NAN without values or
   memory. */
double order_spread(struct values sorted);

#endif

/* Samples in order: medians, quantiles, and how sure a median is. */
#include "order.h"

#include <math.h>
#include <stdlib.h>

/* What makes the median distance the standard deviation of a normal. */
#define NORMAL_CONSISTENCY 1.4826

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void order_sort(double *value, size_t n)
{
    qsort(value, n, sizeof(*value), compare);
}

double order_quantile(struct values sorted, double q)
{
    double at, below;
    size_t i;

    if (!sorted.n)
        return NAN;
    at = q * (double)(sorted.n - 1);
    below = floor(at);
    i = (size_t)below;
    if (i + 1 >= sorted.n)
        return sorted.value[sorted.n - 1];
    return sorted.value[i] +
           (at - below) * (sorted.value[i + 1] - sorted.value[i]);
}

double order_median(struct values sorted)
{
    return order_quantile(sorted, 0.5);
}

/* P(exactly k heads in n throws). */
static double heads(size_t n, size_t k)
{
    return exp(lgamma((double)n + 1) - lgamma((double)k + 1) -
               lgamma((double)(n - k) + 1) - (double)n * M_LN2);
}

double order_median_interval(struct values sorted, double confidence,
                             struct interval *out)
{
    size_t n = sorted.n, k = 1;
    double outside, next;

    *out = (struct interval){NAN, NAN};
    if (!n)
        return 0;
    outside = 2 * heads(n, 0);
    for (; 2 * k + 1 <= n; k++) {
        next = outside + 2 * heads(n, k);
        if (1 - next < confidence)
            break;
        outside = next;
    }
    *out = (struct interval){sorted.value[k - 1], sorted.value[n - k]};
    return 1 - outside;
}

double order_spread(struct values sorted)
{
    double *distance, median = order_median(sorted), spread = NAN;

    if (!sorted.n)
        return NAN;
    distance = malloc(sorted.n * sizeof(*distance));
    if (!distance)
        return NAN;
    for (size_t i = 0; i < sorted.n; i++)
        distance[i] = fabs(sorted.value[i] - median);
    order_sort(distance, sorted.n);
    spread =
        NORMAL_CONSISTENCY * order_median((struct values){distance, sorted.n});
    free(distance);
    return spread;
}

/* One series of samples in the order it was taken: drift, memory, modes. */
#include "series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
    MEMORY_MIN = 4, /* samples, below that nothing is said */
    MODES_MIN = 10,
    MODE_SHARE = 5, /* a heap has at least 1 / this of the values */
};

static double mean_of(struct values v)
{
    double sum = 0;

    for (size_t i = 0; i < v.n; i++)
        sum += v.value[i];
    return sum / (double)v.n;
}

double series_autocorrelation(struct values v)
{
    double mean, variance = 0, covariance = 0;

    if (v.n < MEMORY_MIN)
        return 0;
    mean = mean_of(v);
    for (size_t i = 0; i < v.n; i++) {
        double d = v.value[i] - mean;

        variance += d * d;
        if (i)
            covariance += d * (v.value[i - 1] - mean);
    }
    return variance > 0 ? covariance / variance : 0;
}

/* Sum of t(t-1)(2t+5) over ties of t values. */
static double tie_term(struct values sorted)
{
    double sum = 0;
    size_t end;

    for (size_t i = 0; i < sorted.n; i = end) {
        double t;

        for (end = i + 1;
             end < sorted.n && sorted.value[end] == sorted.value[i];)
            end++;
        t = (double)(end - i);
        sum += t * (t - 1) * (2 * t + 5);
    }
    return sum;
}

static double ties_of(struct values v)
{
    double *sorted = malloc(v.n * sizeof(*sorted)), term = 0;

    if (!sorted)
        return term;
    for (size_t i = 0; i < v.n; i++)
        sorted[i] = v.value[i];
    order_sort(sorted, v.n);
    term = tie_term((struct values){sorted, v.n});
    free(sorted);
    return term;
}

double series_trend(struct values v, double *tau)
{
    double n = (double)v.n, s = 0, variance;

    *tau = 0;
    if (v.n < MEMORY_MIN)
        return 1;
    for (size_t i = 0; i < v.n; i++)
        for (size_t k = i + 1; k < v.n; k++)
            s += (v.value[k] > v.value[i]) - (v.value[k] < v.value[i]);
    *tau = s / (n * (n - 1) / 2);
    variance = (n * (n - 1) * (2 * n + 5) - ties_of(v)) / 18;
    if (variance <= 0)
        return 1;
    return erfc(fmax(fabs(s) - 1, 0) / sqrt(2 * variance));
}

bool series_two_modes(struct values sorted)
{
    size_t n = sorted.n, cut = 0;
    double all, left = 0, most = 0;

    if (n < MODES_MIN)
        return false;
    all = mean_of(sorted) * (double)n;
    for (size_t i = 1; i < n; i++) {
        double a = (double)i, b = (double)(n - i), apart;

        left += sorted.value[i - 1];
        apart = left / a - (all - left) / b;
        if (a * b * apart * apart > most) {
            most = a * b * apart * apart;
            cut = i;
        }
    }
    if (cut * MODE_SHARE < n || (n - cut) * MODE_SHARE < n)
        return false;
    return sorted.value[cut] - sorted.value[cut - 1] >
           fmax(sorted.value[cut - 1] - sorted.value[0],
                sorted.value[n - 1] - sorted.value[cut]);
}

struct ordered_p {
    double p;
    size_t from;
};

static int compare(const void *a, const void *b)
{
    double x = ((const struct ordered_p *)a)->p;
    double y = ((const struct ordered_p *)b)->p;

    return (x > y) - (x < y);
}

int series_discovery(double *p, size_t n)
{
    struct ordered_p *o = calloc(n + 1, sizeof(*o));
    double least = 1;

    if (!o)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        o[i] = (struct ordered_p){p[i], i};
    qsort(o, n, sizeof(*o), compare);
    for (size_t i = n; i > 0; i--) {
        least = fmin(least, o[i - 1].p * (double)n / (double)i);
        p[o[i - 1].from] = least;
    }
    free(o);
    return 0;
}

/* Rank tests, exact for few samples, with ties. */
#include "rank.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums of ranks are compared; they are integers, twice the middle ranks. */
#define SUM_SLACK 0.5

struct ranked {
    double value;
    unsigned int rank2; /* twice the rank, so that a tie's is whole */
    bool mine;
};

static int compare(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->value;
    double y = ((const struct ranked *)b)->value;

    return (x > y) - (x < y);
}

/* Sorts and gives ranks. Returns the sum of t^3 - t over ties of t. */
static double ranks_set(struct ranked *r, size_t n)
{
    double ties = 0;
    size_t end;

    qsort(r, n, sizeof(*r), compare);
    for (size_t i = 0; i < n; i = end) {
        double t;

        for (end = i + 1; end < n && r[end].value == r[i].value;)
            end++;
        t = (double)(end - i);
        ties += t * t * t - t;
        for (size_t k = i; k < end; k++)
            r[k].rank2 = (unsigned int)(i + end + 1);
    }
    return ties;
}

/* Twice the sum of the ranks of those that are `mine`. */
static double mine_sum2(const struct ranked *r, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += r[i].mine ? r[i].rank2 : 0;
    return sum;
}

static double normal_tails(double distance, double variance)
{
    if (variance <= 0)
        return 1;
    return erfc(fmax(distance, 0) / sqrt(2 * variance));
}

/* ways[k][s]: in how many ways k of the ranks have the sum s. */
static void ways_count(double *ways, const struct ranked *r, size_t n,
                       size_t take, size_t sums)
{
    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = take; k > 0; k--) {
            double *to = ways + k * sums;
            const double *from = to - sums;

            for (size_t s = r[i].rank2; s < sums; s++)
                to[s] += from[s - r[i].rank2];
        }
}

/* The share of `ways` whose sum is as far from `mean` as `distance`. */
static double tails(const double *ways, size_t sums, double mean,
                    double distance)
{
    double all = 0, far = 0;

    for (size_t s = 0; s < sums; s++) {
        all += ways[s];
        if (fabs((double)s - mean) > distance - SUM_SLACK)
            far += ways[s];
    }
    return far / all;
}

static int mann_whitney_exact(const struct ranked *r, size_t n, size_t mine,
                              double distance, double *p)
{
    size_t sums = n * (n + 1) + 1;
    double *ways = calloc((mine + 1) * sums, sizeof(*ways));

    if (!ways)
        return -ENOMEM;
    ways_count(ways, r, n, mine, sums);
    *p = tails(ways + mine * sums, sums, (double)mine * (double)(n + 1),
               distance);
    free(ways);
    return 0;
}

int rank_mann_whitney(struct values x, struct values y, struct rank_test *out)
{
    size_t n = x.n + y.n;
    double nx = (double)x.n, ny = (double)y.n, all = nx + ny;
    double ties, sum2, mean2, variance;
    struct ranked *r;
    int rc = 0;

    *out = (struct rank_test){.p = 1};
    if (!x.n || !y.n)
        return 0;
    r = calloc(n, sizeof(*r));
    if (!r)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){.value = i < x.n ? x.value[i] : y.value[i - x.n],
                               .mine = i < x.n};
    ties = ranks_set(r, n);
    sum2 = mine_sum2(r, n);
    mean2 = nx * (all + 1);
    out->statistic = sum2 / 2 - nx * (nx + 1) / 2;
    out->exact = n <= RANK_EXACT_MAX;
    if (out->exact) {
        rc = mann_whitney_exact(r, n, x.n, fabs(sum2 - mean2), &out->p);
    } else {
        variance = nx * ny / 12 * (all + 1 - ties / (all * (all - 1)));
        out->p = normal_tails(fabs(sum2 - mean2) / 2 - 0.5, variance);
    }
    free(r);
    return rc;
}

static int signed_exact(const struct ranked *r, size_t n, double distance,
                        double *p)
{
    size_t sums = n * (n + 1) + 1;
    double *ways = calloc(sums, sizeof(*ways));

    if (!ways)
        return -ENOMEM;
    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t s = sums - 1; s >= r[i].rank2; s--)
            ways[s] += ways[s - r[i].rank2];
    *p = tails(ways, sums, (double)(n * (n + 1)) / 2, distance);
    free(ways);
    return 0;
}

int rank_signed(struct values difference, struct rank_test *out)
{
    struct ranked *r = calloc(difference.n + 1, sizeof(*r));
    double ties, sum2, mean2, k;
    size_t n = 0;
    int rc = 0;

    *out = (struct rank_test){.p = 1};
    if (!r)
        return -ENOMEM;
    for (size_t i = 0; i < difference.n; i++)
        if (difference.value[i] != 0)
            r[n++] = (struct ranked){.value = fabs(difference.value[i]),
                                     .mine = difference.value[i] > 0};
    if (n) {
        ties = ranks_set(r, n);
        sum2 = mine_sum2(r, n);
        k = (double)n;
        mean2 = k * (k + 1) / 2;
        out->statistic = sum2 / 2;
        out->exact = n <= RANK_EXACT_MAX;
        if (out->exact)
            rc = signed_exact(r, n, fabs(sum2 - mean2), &out->p);
        else
            out->p = normal_tails(fabs(sum2 - mean2) / 2 - 0.5,
                                  k * (k + 1) * (2 * k + 1) / 24 - ties / 48);
    }
    free(r);
    return rc;
}

double rank_cliff(struct values x, struct values y)
{
    double balance = 0;

    for (size_t i = 0; i < x.n; i++)
        for (size_t k = 0; k < y.n; k++)
            balance += (x.value[i] > y.value[k]) - (x.value[i] < y.value[k]);
    return x.n && y.n ? balance / ((double)x.n * (double)y.n) : 0;
}

/* How noisy the machine was. */
#include "noise.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"
#include "series.h"

enum {
    SERIES_MIN = 6, /* samples */
};

/* Of many series some look like drift: one in a hundred may. */
#define DRIFT_LEVEL 0.01
#define NINE_IN_TEN 0.9

/* One figure of every series. */
struct figures {
    double *spread, *neighbours, *difference;
    size_t n;
};

bool noise_drifts(const struct series *s)
{
    double tau;

    return s->n >= SERIES_MIN &&
           series_trend(series_values(s), &tau) < DRIFT_LEVEL;
}

static double *sorted_copy(struct values v)
{
    double *sorted = malloc((v.n + 1) * sizeof(*sorted));

    if (!sorted)
        return NULL;
    if (v.n)
        memcpy(sorted, v.value, v.n * sizeof(*sorted));
    order_sort(sorted, v.n);
    return sorted;
}

bool noise_two_modes(const struct series *s)
{
    double *sorted = sorted_copy(series_values(s));
    bool two = sorted && series_two_modes((struct values){sorted, s->n});

    free(sorted);
    return two;
}

/* |log| of the ratio of the medians of even and odd rounds. */
static int against_itself(const struct series *s, double *difference, double *p)
{
    double *half[2] = {calloc(s->n + 1, sizeof(double)),
                       calloc(s->n + 1, sizeof(double))};
    size_t n[2] = {0, 0};
    struct rank_test test = {.p = 1};
    int rc = half[0] && half[1] ? 0 : -ENOMEM;

    for (size_t i = 0; !rc && i < s->n; i++) {
        int odd = (s->round ? s->round[i] : (int)i) & 1;

        half[odd][n[odd]++] = s->value[i];
    }
    *difference = 0;
    if (!rc)
        rc = rank_mann_whitney((struct values){half[0], n[0]},
                               (struct values){half[1], n[1]}, &test);
    if (!rc && n[0] && n[1]) {
        order_sort(half[0], n[0]);
        order_sort(half[1], n[1]);
        *difference = fabs(log(order_median((struct values){half[0], n[0]}) /
                               order_median((struct values){half[1], n[1]})));
    }
    *p = test.p;
    free(half[0]);
    free(half[1]);
    return rc;
}

static int series_add(struct figures *f, struct noise *out,
                      const struct series *s, const struct rules *rules)
{
    double *sorted = sorted_copy(series_values(s));
    struct values v = {sorted, s->n};
    double median, p, difference;
    int rc = sorted ? against_itself(s, &difference, &p) : -ENOMEM;

    if (rc)
        goto out;
    median = order_median(v);
    f->spread[f->n] = median > 0 ? order_spread(v) / median : 0;
    f->neighbours[f->n] = series_autocorrelation(series_values(s));
    f->difference[f->n] = isfinite(difference) ? difference : 0;
    f->n++;
    out->differ += p <= rules->alpha;
    out->drifting += noise_drifts(s);
    out->two_modes += series_two_modes(v);
out:
    free(sorted);
    return rc;
}

static void summarise(struct figures *f, struct noise *out)
{
    struct values spread = {f->spread, f->n};
    struct values difference = {f->difference, f->n};

    out->series = f->n;
    if (!f->n)
        return;
    order_sort(f->spread, f->n);
    order_sort(f->neighbours, f->n);
    order_sort(f->difference, f->n);
    out->spread = order_median(spread);
    out->spread_high = order_quantile(spread, NINE_IN_TEN);
    out->difference = expm1(order_median(difference));
    out->difference_high = expm1(order_quantile(difference, NINE_IN_TEN));
    out->autocorrelation = order_median((struct values){f->neighbours, f->n});
}

static int measures_add(const struct run *r, struct figures *f,
                        struct noise *out, const struct rules *rules)
{
    for (size_t i = 0; i < r->measures; i++)
        for (size_t k = 0; k < r->peers; k++) {
            const struct series *s = &r->measure[i].series[k];

            out->lost += s->lost;
            if (!r->measure[i].count && s->n >= SERIES_MIN &&
                series_add(f, out, s, rules))
                return -ENOMEM;
        }
    return 0;
}

int noise_measure(const struct run *r, const struct rules *rules,
                  struct noise *out)
{
    size_t most = r->measures * r->peers + 1;
    struct figures f = {.spread = calloc(most, sizeof(double)),
                        .neighbours = calloc(most, sizeof(double)),
                        .difference = calloc(most, sizeof(double))};
    int rc = -ENOMEM;

    *out = (struct noise){0};
    if (f.spread && f.neighbours && f.difference)
        rc = measures_add(r, &f, out, rules);
    if (!rc)
        summarise(&f, out);
    free(f.spread);
    free(f.neighbours);
    free(f.difference);
    return rc;
}

/* From two series to a verdict. */
#include "verdict.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"
#include "resample.h"
#include "rounds.h"
#include "series.h"

enum {
    COUNTS_ENOUGH = 5, /* samples of a count that varies */
};

/* From this correlation on, rounds are compared as pairs. */
#define PAIRED_FROM 0.5

const struct rules rules_default = {
    .margin = 0.05,
    .count_tolerance = 0.01,
    .alpha = 0.05,
    .least = 10,
    .most = 50,
    .looks = 1,
    .seed = 1,
};

static const char *const verdicts[VERDICTS] = {
    [VERDICT_BETTER] = "better",
    [VERDICT_WORSE] = "worse",
    [VERDICT_SAME] = "same",
    [VERDICT_UNKNOWN] = "cannot tell",
};

static const char *const methods[METHODS] = {
    [METHOD_NONE] = "none",
    [METHOD_MANN_WHITNEY] = "Mann-Whitney",
    [METHOD_SIGNED_RANK] = "signed ranks of rounds",
    [METHOD_COUNT] = "count",
};

const char *verdict_name(enum verdict v)
{
    return verdicts[v];
}

const char *method_name(enum method m)
{
    return methods[m];
}

/* Pocock's nominal levels for alpha = 0.05 (Jennison and Turnbull, 2.1). */
static const struct {
    unsigned int looks;
    double level;
} pocock[] = {{1, 0.05},    {2, 0.0294},  {3, 0.0221}, {4, 0.0182},
              {5, 0.0158},  {6, 0.0142},  {8, 0.0120}, {10, 0.0106},
              {12, 0.0097}, {15, 0.0086}, {20, 0.0075}};

double rules_level(const struct rules *r)
{
    size_t rows = sizeof(pocock) / sizeof(*pocock);

    for (size_t i = 0; i < rows; i++)
        if (r->looks <= pocock[i].looks)
            return r->alpha * pocock[i].level / pocock[0].level;
    /* Beyond the table as if every further look cost as much as one of its
       last: more than it does. */
    return r->alpha * pocock[rows - 1].level / pocock[0].level *
           pocock[rows - 1].looks / r->looks;
}

/* --- What is compared -------------------------------------------------------- */
int side_measure(struct values v, double confidence, double *median,
                 struct interval *interval)
{
    double *sorted = malloc((v.n + 1) * sizeof(*sorted));
    struct values in_order = {sorted, v.n};

    if (!sorted)
        return -ENOMEM;
    if (v.n)
        memcpy(sorted, v.value, v.n * sizeof(*sorted));
    order_sort(sorted, v.n);
    *median = order_median(in_order);
    (void)order_median_interval(in_order, confidence, interval); /* or less */
    free(sorted);
    return 0;
}

static int sides_measure(struct judged *j, struct values x, struct values y)
{
    int rc = side_measure(x, j->confidence, &j->x, &j->x_interval);

    if (!rc)
        rc = side_measure(y, j->confidence, &j->y, &j->y_interval);
    j->nx = x.n;
    j->ny = y.n;
    j->ratio = ratio_of(j->x, j->y);
    j->delta = rank_cliff(x, y);
    return rc;
}

static int pairs_test(struct judged *j, struct values x, struct values y)
{
    double *difference = calloc(x.n + 1, sizeof(*difference));
    struct rank_test test;
    int rc;

    if (!difference)
        return -ENOMEM;
    for (size_t i = 0; i < x.n; i++)
        difference[i] = log(x.value[i] / y.value[i]);
    rc = rank_signed((struct values){difference, x.n}, &test);
    free(difference);
    j->p = test.p;
    j->exact = test.exact;
    j->method = METHOD_SIGNED_RANK;
    return rc;
}

static int samples_test(struct judged *j, struct values x, struct values y)
{
    struct rank_test test;
    int rc = rank_mann_whitney(x, y, &test);

    j->p = test.p;
    j->exact = test.exact;
    j->method = METHOD_MANN_WHITNEY;
    return rc;
}

/* Test and interval, of samples or of rounds that go together. */
static int time_measure(struct judged *j, struct values x, struct values y,
                        bool paired, const struct rules *rules)
{
    int rc = sides_measure(j, x, y);

    if (rc || !x.n || !y.n)
        return rc;
    rc = paired ? pairs_test(j, x, y) : samples_test(j, x, y);
    if (!rc)
        rc = resample_ratio(x, y, paired, j->confidence, rules->seed,
                            &j->interval);
    return rc;
}

/*
 * Several samples of one boot are not as many observations: where there are
 * such, the boots have to agree too.
 */
static void rounds_weigh(struct judged *j, const struct rounds *rx,
                         const struct rounds *ry)
{
    double p, half, centre;

    if (rx->n >= j->nx && ry->n >= j->ny)
        return;
    if (!rounds_test(rx, ry, 1 - j->confidence, &p, &half))
        return;
    centre = log(j->ratio);
    j->by_rounds = p > j->p;
    j->p = fmax(j->p, p);
    j->interval.low = fmin(j->interval.low, exp(centre - half));
    j->interval.high = fmax(j->interval.high, exp(centre + half));
}

static int times_measure(struct judged *j, const struct series *x,
                         const struct series *y, const struct rules *rules)
{
    struct rounds rx = {0}, ry = {0}, cx = {0}, cy = {0};
    int rc = rounds_init(&rx, x);

    if (!rc)
        rc = rounds_init(&ry, y);
    if (!rc)
        rc = rounds_init(&cx, x);
    if (!rc)
        rc = rounds_init(&cy, y);
    if (rc)
        goto out;
    rounds_common(&cx, &cy);
    if (cx.n >= rules->least && rounds_correlation(&cx, &cy) >= PAIRED_FROM) {
        rc = time_measure(j, (struct values){cx.median, cx.n},
                          (struct values){cy.median, cy.n}, true, rules);
    } else {
        rc = time_measure(j, series_values(x), series_values(y), false, rules);
        if (!rc)
            rounds_weigh(j, &rx, &ry);
    }
out:
    rounds_fini(&rx);
    rounds_fini(&ry);
    rounds_fini(&cx);
    rounds_fini(&cy);
    return rc;
}

/* --- Counts ------------------------------------------------------------------ */
static void range_of(struct values v, struct interval *out)
{
    *out = (struct interval){v.value[0], v.value[0]};
    for (size_t i = 1; i < v.n; i++) {
        out->low = fmin(out->low, v.value[i]);
        out->high = fmax(out->high, v.value[i]);
    }
}

/* The range without the largest, into which a timer may have come. */
static struct interval range_but_one(struct values v)
{
    struct interval all, out;
    bool skipped = false;

    range_of(v, &all);
    out = (struct interval){all.low, all.low};
    for (size_t i = 0; i < v.n; i++) {
        if (!skipped && v.value[i] == all.high)
            skipped = true;
        else
            out.high = fmax(out.high, v.value[i]);
    }
    return out;
}

/* Factors, where there is no zero: large counts vary by more. */
static struct interval scaled(struct interval i, bool factors)
{
    return factors ? (struct interval){log(i.low), log(i.high)} : i;
}

/* Whether the gap between two ranges is so much wider than the ranges. */
static bool gap_wide(struct interval x, struct interval y, double least)
{
    bool factors = x.low > 0 && y.low > 0;
    double gap, range;

    x = scaled(x, factors);
    y = scaled(y, factors);
    gap = fmax(x.low - y.high, y.low - x.high);
    range = fmax(x.high - x.low, y.high - y.low);
    return gap > range * least;
}

/*
 * Counts that are not the same each time are apart when the gap is wide beside
 * how far they vary. How wide, by simulation: so that of a thousand pairs
 * without a difference two are told apart at the most. `all`: beside all
 * samples; `but_one`: beside those without the largest of each side.
 */
static bool counts_apart(struct values x, struct values y)
{
    static const struct {
        double all, but_one;
    } least[] = {{20, INFINITY}, {20, INFINITY}, {20, INFINITY},
                 {2.5, 20},      {1.5, 4},       {1, 1.5}};
    size_t rows = sizeof(least) / sizeof(*least), n = x.n < y.n ? x.n : y.n;
    struct interval rx, ry;

    n = n < rows ? n : rows - 1;
    range_of(x, &rx);
    range_of(y, &ry);
    return gap_wide(rx, ry, least[n].all) ||
           (isfinite(least[n].but_one) &&
            gap_wide(range_but_one(x), range_but_one(y), least[n].but_one));
}

static int counts_measure(struct judged *j, struct values x, struct values y)
{
    int rc = sides_measure(j, x, y);

    j->method = METHOD_COUNT;
    if (rc || !x.n || !y.n)
        return rc;
    range_of(x, &j->x_interval);
    range_of(y, &j->y_interval);
    j->interval =
        (struct interval){ratio_of(j->x_interval.low, j->y_interval.high),
                          ratio_of(j->x_interval.high, j->y_interval.low)};
    j->apart = counts_apart(x, y);
    return 0;
}

int judged_measure(struct judged *j, const struct measure *m,
                   const struct series *x, const struct series *y,
                   const struct rules *rules)
{
    *j = (struct judged){
        .verdict = VERDICT_UNKNOWN,
        .x = NAN,
        .y = NAN,
        .ratio = NAN,
        .interval = {NAN, NAN},
        .confidence = 1 - rules_level(rules),
        .p = 1,
        .q = 1,
        .higher = m->higher,
        .count = m->count,
    };
    if (m->count)
        return counts_measure(j, series_values(x), series_values(y));
    return times_measure(j, x, y, rules);
}

static void say(struct judged *j, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct judged *j, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(j->reason, sizeof(j->reason), format, ap);
    va_end(ap);
}

/* --- What is said ------------------------------------------------------------ */
static enum verdict direction(const struct judged *j)
{
    return (j->x > j->y) == j->higher ? VERDICT_BETTER : VERDICT_WORSE;
}

static bool within(const struct interval *i, double margin)
{
    return i->low >= 1 / (1 + margin) && i->high <= 1 + margin;
}

static bool above(double ratio, double margin)
{
    return ratio > 1 + margin || ratio < 1 / (1 + margin);
}

static void count_decide(struct judged *j, double tolerance)
{
    size_t least = j->nx < j->ny ? j->nx : j->ny;

    if (!least) {
        say(j, "not counted on both sides");
        j->more = 1;
    } else if (!above(j->ratio, tolerance)) {
        j->verdict = VERDICT_SAME;
    } else if (j->apart) {
        j->verdict = direction(j);
    } else {
        say(j, "the counts vary as much as they differ");
        j->more = least < COUNTS_ENOUGH ? COUNTS_ENOUGH - least : 0;
    }
}

/* How many samples until the interval is as narrow as it has to be: its width
   falls with the square root. */
static size_t samples_needed(const struct judged *j, const struct rules *rules)
{
    double margin = log1p(rules->margin), gap = fabs(log(j->ratio));
    double half = log(j->interval.high / j->interval.low) / 2;
    double target = gap > margin ? gap : margin - gap, n, need;

    if (!isfinite(half) || !isfinite(gap) || target <= 0)
        return 0;
    n = (double)(j->nx < j->ny ? j->nx : j->ny);
    need = ceil(n * (half / target) * (half / target)) - n;
    if (need > rules->most)
        return 0;
    return need < 1 ? 1 : (size_t)need;
}

static void doubt(struct judged *j, const struct rules *rules)
{
    double most = fmax(fabs(j->interval.low - 1), fabs(j->interval.high - 1));

    j->more = samples_needed(j, rules);
    if (!isfinite(j->ratio) || !isfinite(most))
        say(j, "no ratio: a median is 0");
    else if (j->by_rounds)
        say(j, "rounds of one side differ as much as the sides");
    else if (above(j->ratio, rules->margin) && j->p <= 1 - j->confidence)
        say(j, "p %.2g, too likely among so many measures", j->p);
    else if (above(j->ratio, rules->margin))
        say(j, "may be chance (p %.2g)", j->p);
    else
        say(j, "within the margin, but may be off by %.0f %%", 100 * most);
}

static void time_decide(struct judged *j, const struct rules *rules)
{
    size_t least = j->nx < j->ny ? j->nx : j->ny;
    double level = 1 - j->confidence;
    bool sure =
        j->q <= level && !(j->interval.low <= 1 && j->interval.high >= 1);

    if (least < rules->least) {
        say(j, "%zu of %u samples", least, rules->least);
        j->more = rules->least - least;
    } else if (within(&j->interval, rules->margin)) {
        j->verdict = VERDICT_SAME;
    } else if (sure && above(j->ratio, rules->margin)) {
        j->verdict = direction(j);
    } else {
        doubt(j, rules);
    }
}

/* Times with enough samples share one false discovery rate. */
static bool in_matrix(const struct judged *j, const struct rules *rules)
{
    return !j->count && j->nx >= rules->least && j->ny >= rules->least;
}

static int rates_set(struct judged *const *j, size_t n,
                     const struct rules *rules)
{
    double *p = calloc(n + 1, sizeof(*p));
    size_t at = 0;

    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (in_matrix(j[i], rules))
            p[at++] = j[i]->p;
    if (series_discovery(p, at)) {
        free(p);
        return -ENOMEM;
    }
    at = 0;
    for (size_t i = 0; i < n; i++)
        j[i]->q = in_matrix(j[i], rules) ? p[at++] : 1;
    free(p);
    return 0;
}

int judged_decide(struct judged *const *j, size_t n, const struct rules *rules)
{
    int rc = rates_set(j, n, rules);

    for (size_t i = 0; !rc && i < n; i++)
        if (j[i]->count)
            count_decide(j[i], rules->count_tolerance);
        else
            time_decide(j[i], rules);
    return rc;
}

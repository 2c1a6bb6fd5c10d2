/* Bootstrap of a ratio of medians (Efron's percentile interval). */
#include "resample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t dice_next(struct dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double dice_unit(struct dice *d)
{
    return (double)(dice_next(d) >> 11) * 0x1p-53;
}

double ratio_of(double x, double y)
{
    if (y != 0)
        return x / y;
    return x == 0 ? 1 : INFINITY;
}

/* One side: its values in order, and how often each was drawn. */
struct side {
    struct item {
        double value;
        size_t from; /* place before sorting */
    } * item;
    unsigned int *drawn; /* by place before sorting */
    size_t n;
};

static int item_compare(const void *a, const void *b)
{
    double x = ((const struct item *)a)->value;
    double y = ((const struct item *)b)->value;

    return (x > y) - (x < y);
}

static void side_fini(struct side *s)
{
    free(s->item);
    free(s->drawn);
}

static int side_init(struct side *s, struct values v)
{
    *s = (struct side){.item = calloc(v.n, sizeof(*s->item)),
                       .drawn = calloc(v.n, sizeof(*s->drawn)),
                       .n = v.n};
    if (!s->item || !s->drawn)
        return -ENOMEM;
    for (size_t i = 0; i < v.n; i++)
        s->item[i] = (struct item){v.value[i], i};
    qsort(s->item, s->n, sizeof(*s->item), item_compare);
    return 0;
}

static void side_draw(struct side *s, struct dice *dice)
{
    memset(s->drawn, 0, s->n * sizeof(*s->drawn));
    for (size_t i = 0; i < s->n; i++)
        s->drawn[(size_t)(dice_unit(dice) * (double)s->n)]++;
}

/* The median of what was drawn: the value, or the two, in the middle. */
static double side_median(const struct side *s, const unsigned int *drawn)
{
    size_t lower = (s->n - 1) / 2, upper = s->n / 2, seen = 0, i = 0;
    double low;

    for (; seen + drawn[s->item[i].from] <= lower; i++)
        seen += drawn[s->item[i].from];
    low = s->item[i].value;
    for (; seen + drawn[s->item[i].from] <= upper; i++)
        seen += drawn[s->item[i].from];
    return (low + s->item[i].value) / 2;
}

int resample_ratio(struct values x, struct values y, bool paired,
                   double confidence, uint64_t seed, struct interval *out)
{
    struct dice dice = {.state = seed};
    struct side sx = {0}, sy = {0};
    double ratio[RESAMPLES];
    int rc = -EINVAL;

    *out = (struct interval){NAN, NAN};
    if (!x.n || !y.n || (paired && x.n != y.n))
        return rc;
    rc = side_init(&sx, x);
    if (!rc)
        rc = side_init(&sy, y);
    for (size_t i = 0; !rc && i < RESAMPLES; i++) {
        side_draw(&sx, &dice);
        if (!paired)
            side_draw(&sy, &dice);
        ratio[i] = ratio_of(side_median(&sx, sx.drawn),
                            side_median(&sy, paired ? sx.drawn : sy.drawn));
    }
    if (!rc) {
        size_t cut = (size_t)((1 - confidence) / 2 * RESAMPLES);

        order_sort(ratio, RESAMPLES);
        *out = (struct interval){ratio[cut], ratio[RESAMPLES - 1 - cut]};
    }
    side_fini(&sx);
    side_fini(&sy);
    return rc;
}

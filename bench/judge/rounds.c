/* Rounds: the unit in which boots are repeated. */
#include "rounds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "student.h"

enum {
    PAIRS_MIN = 4, /* for a correlation */
};

struct sample {
    int round;
    double value;
};

static int compare(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    if (x->round != y->round)
        return (x->round > y->round) - (x->round < y->round);
    return (x->value > y->value) - (x->value < y->value);
}

/* Of samples that are in order. */
static double median_of(const struct sample *s, size_t n)
{
    return (s[(n - 1) / 2].value + s[n / 2].value) / 2;
}

int rounds_init(struct rounds *r, const struct series *s)
{
    size_t n = s->round ? s->n : 0, end;
    struct sample *sample = calloc(n + 1, sizeof(*sample));

    *r = (struct rounds){.round = calloc(n + 1, sizeof(*r->round)),
                         .median = calloc(n + 1, sizeof(*r->median))};
    if (!sample || !r->round || !r->median) {
        free(sample);
        rounds_fini(r);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        sample[i] = (struct sample){s->round[i], s->value[i]};
    qsort(sample, n, sizeof(*sample), compare);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && sample[end].round == sample[i].round;)
            end++;
        r->round[r->n] = sample[i].round;
        r->median[r->n++] = median_of(sample + i, end - i);
    }
    free(sample);
    return 0;
}

void rounds_fini(struct rounds *r)
{
    free(r->round);
    free(r->median);
    *r = (struct rounds){0};
}

static void rounds_keep(struct rounds *r, size_t to, size_t from)
{
    r->round[to] = r->round[from];
    r->median[to] = r->median[from];
}

void rounds_common(struct rounds *x, struct rounds *y)
{
    size_t i = 0, k = 0, n = 0;

    while (i < x->n && k < y->n)
        if (x->round[i] < y->round[k]) {
            i++;
        } else if (x->round[i] > y->round[k]) {
            k++;
        } else {
            rounds_keep(x, n, i++);
            rounds_keep(y, n++, k++);
        }
    x->n = y->n = n;
}

/* Mean and sum of squares of logarithms; false when a value has none. */
static bool logs_of(const struct rounds *r, double *mean, double *squares)
{
    *mean = *squares = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->median[i] <= 0)
            return false;
        *mean += log(r->median[i]) / (double)r->n;
    }
    for (size_t i = 0; i < r->n; i++) {
        double d = log(r->median[i]) - *mean;

        *squares += d * d;
    }
    return r->n > 0;
}

double rounds_correlation(const struct rounds *x, const struct rounds *y)
{
    double mx, my, sx, sy, together = 0;

    if (x->n < PAIRS_MIN || !logs_of(x, &mx, &sx) || !logs_of(y, &my, &sy) ||
        sx <= 0 || sy <= 0)
        return 0;
    for (size_t i = 0; i < x->n; i++)
        together += (log(x->median[i]) - mx) * (log(y->median[i]) - my);
    return together / sqrt(sx * sy);
}

bool rounds_test(const struct rounds *x, const struct rounds *y, double level,
                 double *p, double *half_width)
{
    double mx, my, sx, sy, nx = (double)x->n, ny = (double)y->n;
    double freedom = nx + ny - 2, error;

    if (x->n < 2 || y->n < 2 || !logs_of(x, &mx, &sx) || !logs_of(y, &my, &sy))
        return false;
    error = sqrt((sx + sy) / freedom * (1 / nx + 1 / ny));
    *half_width = student_quantile(level, freedom) * error;
    *p = error > 0 ? student_tails((mx - my) / error, freedom) : mx == my;
    return true;
}

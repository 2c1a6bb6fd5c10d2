/*
 * Simulated measurements, in four layers: a mean that differs from day to day,
 * a curve over the hours of a day, and two saw teeth, over the minutes of an
 * hour and the steps of a minute, which begin elsewhere each time. The last
 * three add up to nothing over their day, hour and minute, so that averages,
 * minima and maxima of whole minutes, hours and days need no loop over steps.
 */
#include "measure.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum {
    LAYERS = 3, /* below the mean of a day */
};

/* Steps in a day, an hour, a minute; and how many of the next in each. */
static const int64_t spans[LAYERS + 1] = {17280, 720, 12, 1};
static const int64_t parts[LAYERS] = {24, 60, 12};
/* How far each layer swings, of one half of the scale. */
static const double swings[LAYERS] = {0.3, 0.1, 0.1};

/* What one means by much, by the end of the source's name. */
static const struct {
    const char *part;
    double scale;
} scales[] = {
    {"latency", 5000}, {"throughput", 40}, {"iops", 400},
    {"iowait", 0.5},   {"inflight", 8},    {"read", 20e6},
    {"write", 10e6},   {"_rx", 4e6},       {"_tx", 2e6},
    {"loadavg", 2},    {"hostload", 1},    {"internal_free", 500e3},
    {"cpu", 1},        {"runstate", 0.3},
};

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t hash(const char *text, uint64_t h)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return mix(h);
}

static double scale_of(const char *name)
{
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
        if (strstr(name, scales[i].part))
            return scales[i].scale;
    return 1;
}

/* Of the unit interval, from a mean for that day on. */
static double mean_of_day(uint64_t key, int64_t day)
{
    double usual = (double)(mix(key) >> 40) / (1 << 24);
    double that = (double)(mix(key ^ mix((uint64_t)day)) >> 40) / (1 << 24);

    return 0.3 + 0.25 * usual + 0.1 * that;
}

/*
 * What a layer adds in its part `nr` of the span `span`: hours follow the sun,
 * the others a tooth that begins somewhere.
 */
static double layer(uint64_t key, int l, int64_t span, int64_t nr)
{
    uint64_t shift = mix(key + (uint64_t)l * 977 + (uint64_t)span * 31);

    if (l == 0)
        return -0.5 * swings[l] * cos(2 * M_PI * (double)nr / 24);
    nr = (nr + (int64_t)(shift % (uint64_t)parts[l])) % parts[l];
    return swings[l] * 0.5 * (2.0 * (double)nr / (double)(parts[l] - 1) - 1);
}

/* One value of a span that begins at `step`: its mean and what it leaves out. */
static double upto(uint64_t key, int64_t step, int layers)
{
    double sum = mean_of_day(key, step / spans[0]);

    for (int l = 0; l < layers; l++) {
        int64_t span = step / spans[l];

        sum += layer(key, l, span, step % spans[l] / spans[l + 1]);
    }
    return sum;
}

/* How far the layers that were left out go up and down, once all were met. */
static double reach(int layers)
{
    double sum = 0;

    for (int l = layers; l < LAYERS; l++)
        sum += 0.5 * swings[l];
    return sum;
}

static double whole(uint64_t key, enum metrics_cf cf, int64_t step, int layers)
{
    static const double directions[] = {[CF_MIN] = -1, [CF_MAX] = 1};

    if (cf == CF_LAST)
        return upto(key, step + spans[layers] - 1, LAYERS);
    return upto(key, step, layers) +
           (cf == CF_AVERAGE ? 0 : directions[cf] * reach(layers));
}

/* Joins two consolidated values; the second stands for `steps` steps. */
static double join(enum metrics_cf cf, double sum, double next, int64_t steps)
{
    switch (cf) {
    case CF_AVERAGE:
        return sum + next * (double)steps;
    case CF_MIN:
        return fmin(sum, next);
    case CF_MAX:
        return fmax(sum, next);
    default:
        return next;
    }
}

/* The largest whole span that begins here and fits: how many layers it is. */
static int span_at(int64_t step, int64_t left)
{
    int layers = 0;

    while (step % spans[layers] || spans[layers] > left)
        layers++;
    return layers;
}

static double value(void *ctx, const struct metrics_query *q)
{
    uint64_t key = hash(q->name, hash(q->uuid, 14695981039346656037u));
    double scale = scale_of(q->name), sum = 0;
    int64_t step = q->step, end = q->step + q->steps;

    (void)ctx;
    if (q->cf != CF_AVERAGE)
        sum = NAN; /* fmin and fmax pass over it */
    while (step < end) {
        int layers = span_at(step, end - step);

        sum = join(q->cf, sum, whole(key, q->cf, step, layers), spans[layers]);
        step += spans[layers];
    }
    return scale * (q->cf == CF_AVERAGE ? sum / (double)q->steps : sum);
}

struct metrics_driver sim_measure_driver(void)
{
    return (struct metrics_driver){.value = value};
}

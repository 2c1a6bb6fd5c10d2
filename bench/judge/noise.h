/* How noisy the machine was: how far one thing is from itself. */
#ifndef JUDGE_NOISE_H
#define JUDGE_NOISE_H

#include "run.h"
#include "verdict.h"

struct noise {
    size_t series;          /* of times with enough samples */
    double spread;          /* standard deviation over median, the middle */
    double spread_high;     /* of nine in ten */
    double autocorrelation; /* of neighbours, the middle */
    size_t drifting;        /* series with a trend */
    size_t two_modes;
    size_t lost; /* samples that are no number, of everything */
    /* A against A: even rounds (or samples) of a series against its odd. */
    double difference, difference_high;
    size_t differ; /* series that the rank test takes for two */
};

/* 0, or -ENOMEM. All figures are 0 without series. */
int noise_measure(const struct run *r, const struct rules *rules,
                  struct noise *out);

/* Whether this series drifts (and not as chance would), or has two modes. */
bool noise_drifts(const struct series *s);
bool noise_two_modes(const struct series *s);

#endif

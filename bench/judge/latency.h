/* Histograms of latency: {NAME: {"unit": "us", PEER: [[upper, n], ...]}}. */
#ifndef JUDGE_LATENCY_H
#define JUDGE_LATENCY_H

#include "run.h"

enum {
    BUCKETS_MAX = 4096,
};

struct latency {
    double *upper, *share; /* rising; shares up to each bucket, the last is 1 */
    size_t n;
    double samples;
};

/* Whether a measure has one that can be read, of any peer. */
bool latency_known(const struct run *r, const char *name);

/* Of one peer; empty when there is none, or when it is broken. 0, -ENOMEM. */
int latency_init(struct latency *l, const struct run *r, const char *name,
                 const char *peer);
void latency_fini(struct latency *l);

/* The upper end of the bucket in which this share of the samples is reached;
   NAN without samples. */
double latency_at(const struct latency *l, double share);

const char *latency_unit(const struct run *r, const char *name);

#endif

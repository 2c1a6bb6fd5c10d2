/*
 * What the load found: for each call and measure one value a round and endpoint,
 * histograms of all rounds; as a table, and in the lab's form.
 */
#ifndef API_SAMPLE_H
#define API_SAMPLE_H

#include <stdbool.h>
#include <stdio.h>

#include "hist.h"

enum {
    SAMPLE_PEERS = 2,
    SAMPLE_ROUNDS_MAX = 64,
};

/* Measures of a call; see the table in sample.c. */
enum measure { CAPACITY, P50, P99, P999, WORST, P99_SENT, MEASURES };

struct call_samples {
    const char *call, *note; /* constants */
    double value[SAMPLE_PEERS][MEASURES][SAMPLE_ROUNDS_MAX];
    unsigned int rounds[SAMPLE_PEERS][MEASURES];
    double rate; /* of the open loop; 0: there is none */
    struct hist hist[SAMPLE_PEERS];
    unsigned long long failed, unanswered;
    const char *unit;
    bool used;
};

struct samples {
    const char *url[SAMPLE_PEERS]; /* the second: NULL when there is none */
    unsigned int rounds, connections, watchers;
    double seconds;
    struct call_samples *call;
    unsigned int calls;
};

void sample_add(struct call_samples *c, int peer, enum measure m, double value);
/* Percentiles of a round. `sent`: times from sending, or NULL; they show what a
   closed loop would have missed. */
void sample_hist(struct call_samples *c, int peer, const struct hist *h,
                 const struct hist *sent);

/* Of its rounds; NAN: there is none. */
double sample_median(const struct call_samples *c, int peer, enum measure m);

void samples_print(const struct samples *s, FILE *out);
/* The lab's file of raw samples. */
void samples_write(const struct samples *s, FILE *out);

#endif

/*
 * Open-loop load: each operation has a time at which it is meant to begin, and its
 * time counts from there, whether or not a connection is free by then. A server
 * that stalls is charged for all that came meanwhile ("coordinated omission").
 * What has not been answered at the end counts with the time it has waited.
 */
#ifndef API_LOAD_H
#define API_LOAD_H

#include "hist.h"
#include "measure.h"

enum {
    LOAD_CONNECTIONS_MAX = 256,
    LOAD_OVERTIME = 3, /* times the length: then it is over */
};

/* One connection, and what it is about. */
struct lane {
    struct client client;
    struct buf request;
    char ref[80]; /* a session or a machine of its own */
    uint64_t meant, sent;
    unsigned int step;
    bool busy;
};

/* A kind of operation: one request or several in a row. */
struct load_kind {
    const char *name;
    unsigned int steps;
    /* Fills lane->request for its step; looks at the answer of the last one. */
    void (*ask)(struct target *t, struct lane *lane);
    bool machines; /* each lane has a halted machine of its own in `ref` */
    unsigned int lanes_max;
};

struct load {
    const struct load_kind *kind;
    struct lane *lane;
    unsigned int lanes;
    double rate; /* operations a second; 0: as many as are answered */
    uint64_t ns;
    struct hist from_meant, from_sent;
    uint64_t done, failed, unanswered;
    uint64_t took_ns;
    char failure[160]; /* the first one's answer */
};

/* Opens its lanes; machines are cloned. */
void load_open(struct load *l, struct target *t, const struct load_kind *kind,
               unsigned int lanes);
void load_close(struct load *l);
/* One run; results in `l`. */
void load_run(struct load *l, struct target *t, double rate, uint64_t ns);

extern const struct load_kind load_kinds[];
extern const unsigned int load_kinds_nr;

#endif

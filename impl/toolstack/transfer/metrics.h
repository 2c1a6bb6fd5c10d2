/*
 * What is measured of hosts, machines and repositories: the seam below RRDs.
 *
 * The driver keeps, or can work out, a value for every step of
 * METRICS_STEP_S seconds; nothing is asked of it until somebody looks.
 */
#ifndef TRANSFER_METRICS_H
#define TRANSFER_METRICS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    METRICS_STEP_S = 5,
};

/* How many steps become one value. */
enum metrics_cf {
    CF_AVERAGE,
    CF_MIN,
    CF_MAX,
    CF_LAST,
    CF_NR,
};

struct metrics_query {
    const char *uuid; /* of what is measured */
    const char *name; /* of the data source: "cpu0", "vif_0_rx" */
    enum metrics_cf cf;
    int64_t step, steps; /* the first one, since 1970; how many */
};

struct metrics_driver {
    /* NaN: not known. NULL: nothing is. */
    double (*value)(void *ctx, const struct metrics_query *q);
    void *ctx;
};

#endif

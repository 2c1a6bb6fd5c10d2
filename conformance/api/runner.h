/* Runs a plan on workers, and keeps what came out. */
#ifndef API_RUNNER_H
#define API_RUNNER_H

#include "options.h"
#include "plan.h"
#include "results.h"

struct timings {
    double wall;   /* seconds of the whole run */
    double waited; /* for endpoints, over all workers */
    double checks; /* in checks, over all workers */
    double idle;   /* workers had nothing to do, or were starting */
    long calls;
    int workers;
};

/*
 * Runs every wanted row; the others' results come from earlier runs. Results
 * are in the order of the plan. 0; -EINTR after a signal, with the results so
 * far and the rest as skipped; or another -errno after a line on stderr.
 */
int runner_run(const struct options *o, struct plan *p, struct results *out,
               struct timings *t);

/* The target's name as workers told it; NULL before that. */
const char *runner_target(void);

#endif

/*
 * A worker: a process that runs the checks it is told to, and tells what came
 * out. It has connections, sessions and, on `sim`, a simulation of its own.
 *
 * Over the socket come row numbers (int); back go reports: this head, then
 * its parts in this order, without anything between them.
 */
#ifndef API_WORKER_H
#define API_WORKER_H

#include "plan.h"
#include "results.h"

enum {
    WORKER_PART_MAX = 1 << 20, /* bytes of a part */
};

enum report_kind {
    REPORT_READY,  /* the target is open; detail: its name */
    REPORT_ABSENT, /* it cannot be opened; stderr says why */
    REPORT_DONE,   /* a row is done */
};

struct report {
    enum report_kind kind;
    int row;
    enum outcome outcome;
    int calls;
    double seconds, waited; /* the check took; of it, for the endpoint */
    int marks_nr, detail_len, log_len;
    /* int marks[marks_nr][2]: message and place; then detail, then log. */
};

/* Runs until the socket ends. Does not return. */
void worker_run(const struct options *o, const struct plan *p, int socket)
    __attribute__((noreturn));

#endif

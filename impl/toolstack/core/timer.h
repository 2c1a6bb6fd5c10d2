/*
 * Work for later, on the environment's clock.
 *
 * The server runs what is due between calls, under its lock; tests and a
 * virtual clock call timers_run themselves. Timers with the same time run in
 * the order in which they were made. Nothing here outlives the process.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "toolstack.h"

enum {
    TIMERS_MAX = 1 << 20,
};

typedef void (*timer_fn)(struct toolstack *ts, void *arg);

/*
 * Calls `fn` once, in `ms` milliseconds. Returns a name for timer_cancel that
 * is never 0. `arg` is borrowed until then.
 */
uint64_t timer_after(struct toolstack *ts, int64_t ms, timer_fn fn, void *arg);

/* Whether it was still to come; 0 and what has run are no timers. */
bool timer_cancel(struct toolstack *ts, uint64_t id);

/* When the next one is due, ms since 1970; INT64_MAX: none. */
int64_t timers_next_ms(const struct toolstack *ts);

/* Runs what is due, but not what that itself starts. Returns how many ran. */
int timers_run(struct toolstack *ts);

void timers_fini(struct toolstack *ts);

#endif

/*
 * One-shot timers on the hypervisor's clock (arch_now_ns()), per-CPU queues.
 *
 * A timer belongs to the CPU it was last set for; its callback runs there, from
 * timer_run() with no lock held, and may set the timer again. The queues are
 * pairing heaps linked through the timers themselves: nothing to allocate, no
 * limit on their number.
 *
 * Locking: one leaf lock per CPU's queue [q].
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include "base/types.h"

struct timer;
typedef void timer_fn(struct timer *t, void *arg);

struct timer {
    uint64_t deadline_ns; /* [q] */
    timer_fn *fn;         /* [I] */
    void *arg;            /* [I] */
    struct timer *child;  /* [q] earliest of those below, or NULL */
    struct timer *next;   /* [q] next sibling, or NULL */
    struct timer *prev;   /* [q] previous sibling; first one: parent */
    unsigned int cpu;     /* [q] whose queue */
    bool queued;          /* [q] */
};

#define TIMER_NEVER (~0ULL)

void timer_init(struct timer *t, timer_fn *fn, void *arg);
/* Queue (or move) on 'cpu'; a deadline in the past fires at once. */
void timer_set(struct timer *t, unsigned int cpu, uint64_t deadline_ns);
/* Not queued on return; a callback running now on its CPU may still finish. */
void timer_stop(struct timer *t);
/* As timer_stop(), and waits for the callback. Not from the callback, and not
   with a lock held that the callback takes. */
void timer_kill(struct timer *t);
/* Is it queued? A hint unless the caller excludes its callback. */
bool timer_pending(const struct timer *t);

/* Interrupt this CPU at 'deadline_ns' or before, though no timer is due. */
void timer_wake_by(unsigned int cpu, uint64_t deadline_ns);
/* Run what is due on this CPU and program the next event. */
void timer_run(unsigned int cpu);

#endif

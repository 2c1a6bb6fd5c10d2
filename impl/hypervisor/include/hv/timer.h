/*
 * One-shot timers on the hypervisor's clock (arch_now_ns()), per-CPU queues.
 *
 * A timer belongs to the CPU it was last set for; its callback runs there, from
 * cpu_run_pending() with no lock held, and may set the timer again.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include "base/types.h"

struct timer;
typedef void timer_fn(struct timer *t, void *arg);

struct timer {
    uint64_t deadline_ns; /* [q] queue lock of 'cpu' */
    timer_fn *fn;         /* [I] */
    void *arg;            /* [I] */
    unsigned int cpu;     /* [q] */
    unsigned int slot;    /* [q] heap index + 1; 0: not queued */
};

void timer_init(struct timer *t, timer_fn *fn, void *arg);
/* Queue (or move) on 'cpu'; a deadline in the past fires at once. */
void timer_set(struct timer *t, unsigned int cpu, uint64_t deadline_ns);
/* Not queued on return; a callback running now on its CPU may still finish. */
void timer_stop(struct timer *t);
/* As timer_stop(), and waits for the callback. Not from the callback. */
void timer_kill(struct timer *t);

/* Run what is due on this CPU and program the next event. */
void timer_run(unsigned int cpu);

#endif

/*
 * Inside of the scheduler; only sched*.c and cpu.c.
 */
#ifndef CORE_SCHED_QUEUE_H
#define CORE_SCHED_QUEUE_H

#include "hv/sched.h"

#define SCHED_PERIOD_NS 10000000ULL  /* of cap budgets */
#define SLICE_ALONE_NS  100000000ULL /* nobody waits: who comes, shortens it */
#define SLICE_SHARED_NS 5000000ULL
#define SLICE_MIN_NS    100000ULL
#define VTIME_SHIFT     24
#define WEIGHT_DEFAULT  256

/*
 * OFF -> QUEUED (wake), QUEUED -> RUNNING (picked), QUEUED -> PARKED (its domain
 * used up its cap), PARKED -> QUEUED (refill), RUNNING -> QUEUED, PARKED, OFF
 * (descheduled), QUEUED, PARKED -> OFF (paused).
 */
enum sched_state { SV_OFF, SV_QUEUED, SV_PARKED, SV_RUNNING };

struct sched_vcpu {
    struct vcpu *vcpu;      /* [I] */
    struct list link;       /* [s] run queue, or its domain's parked list */
    uint64_t vtime;         /* [s] virtual time used: the lowest runs next */
    uint64_t charged_ns;    /* [s] RUNNING: its time is charged up to here */
    enum sched_state state; /* [s] */
    unsigned int cpu;       /* [s] last or present one */
    bool yield;             /* [s] let another go first, once */
    struct cpumask hard;    /* [s] */
    struct cpumask soft;    /* [s] */
};

/* Interrupts are slow, so what a section of code decides is done after it. */
struct sched_after {
    bool any;
    struct cpumask kick;  /* CPUs that have to look */
    struct cpumask slice; /* CPUs whose slice timer has to be set */
};

struct sched_cpu {
    struct sched_vcpu *running; /* [s] NULL: idle */
    uint64_t started_ns;        /* [s] 'running' came on */
    uint64_t slice_end_ns;      /* [s] */
    struct timer slice;
    struct sched_after after; /* [own CPU] while it holds the lock */
    uint64_t picks;           /* [own CPU] times it took the lock to choose */
    uint64_t switches;        /* [own CPU] of them: another vCPU, or none */
    uint64_t kicks;           /* [own CPU] it sent */
};

struct sched {
    struct spinlock lock;  /* [s] */
    struct list queue;     /* [s] QUEUED, lowest virtual time first */
    struct cpumask idle;   /* [s] idle, and nobody has been sent there */
    uint64_t ratelimit_ns; /* [s] no preemption before this time */
    struct sched_cpu cpu[CPU_MAX];
};

extern struct sched sched;

/* What 'ns' cost a vCPU of this domain. */
static inline uint64_t sched_cost(const struct sched_domain *d, uint64_t ns)
{
    return (MIN(ns, (uint64_t)UINT32_MAX) * d->vtime_rate) >> VTIME_SHIFT;
}

/* sched.c: unlocking does what was put off. The others with the lock held. */
void sched_lock(void);
void sched_unlock(void);
void sched_requeue_locked(struct sched_vcpu *sv, uint64_t now);
void sched_preempt_locked(unsigned int cpu);
void sched_set_weight_locked(struct sched_domain *d, uint32_t weight);

/* cpu.c: what runs on the CPU next; NULL: nothing. Leaves what ran before. */
struct vcpu *sched_pick(struct cpu *c);

/* cpu.c: spin until 'done' says so; the CPU counts as out of its vCPU. */
void cpu_wait(bool (*done)(void *), void *arg);
/* Is the CPU in cpu_wait() for a pause? */
bool cpu_is_waiting(unsigned int cpu);

#endif

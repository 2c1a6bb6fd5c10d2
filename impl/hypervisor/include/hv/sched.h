/*
 * Scheduler: which vCPU runs on which CPU, and the pause/block/wake machinery.
 *
 * Weighted fair by virtual time with per-domain caps and hard affinity, work
 * conserving; it reports itself as credit2 (XEN_SCHEDULER_CREDIT2).
 *
 * There are no per-vCPU host stacks: each CPU loops in cpu_loop(), calls
 * arch_vcpu_run() for the vCPU picked, and gets back when the guest exited for
 * good (resched wanted, blocked, paused, killed). A hypercall that blocks only
 * changes state and returns.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "hv/domain.h"

#define CPU_MAX 256 /* physical CPUs */

struct cpumask {
    unsigned long bits[CPU_MAX / 64];
};

struct cpu {
    unsigned int id;        /* [I] index, 0 is the boot CPU */
    struct vcpu *current;   /* [own CPU] in arch_vcpu_run(), or NULL: idle */
    bool online;            /* [a] */
    bool resched;           /* [a] leave the guest and pick again */
    bool idle;              /* [a] waiting in arch_cpu_idle() */
    bool work;              /* [a] a timer or a message waits;
                               the timer interrupt sets it too */
    bool timer_fired;       /* [own CPU] set by the timer interrupt */
    uint64_t timer_ns;      /* [a] when that is to come; written by timer.c */
    uint64_t idle_ns;       /* [own CPU] */
    uint64_t idle_since_ns; /* [own CPU] */
};

extern struct cpu cpus[CPU_MAX]; /* [I] filled by arch at boot */
extern unsigned int cpu_count;   /* [I] online CPUs are 0..cpu_count-1 */

void sched_init(void);
/* Never returns: timers, pick, run, idle. */
void cpu_loop(struct cpu *c) NORETURN;
/* One round of it. */
void cpu_step(struct cpu *c);
/* True: arch_vcpu_run() must return to the loop (resched, due work or timers). */
bool cpu_must_leave(const struct cpu *c);
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_fini(struct vcpu *v);
void sched_domain_init(struct domain *d); /* default weight 256, no cap */

/* State changed so that 'v' may be runnable: queue it and preempt if it wins. */
void vcpu_wake(struct vcpu *v);
/* Own vCPU: sleep until vcpu_unblock(), unless an event is pending already. */
void vcpu_block(struct vcpu *v);
/* An event or interrupt for 'v' (made visible before): end a block or poll, or
   kick it out of the guest so that it looks. Cheap when nothing is to do. */
void vcpu_unblock(struct vcpu *v);
/* Counted. The plain form returns when 'v' has left arch_vcpu_run() and was
   switched out, or at once when 'v' itself executes it. No lock may be held that
   'v' could wait for in a hypercall. A CPU that waits here counts
   as out of its own vCPU: two CPUs that pause each other's vCPUs both
   proceed. Only control domains can get there, and their guests do not run. */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);
bool vcpu_is_running(const struct vcpu *v);  /* on some CPU now */
unsigned int vcpu_cpu(const struct vcpu *v); /* last or present CPU */

/* 0, or -XEN_EINVAL when the mask holds no online CPU. */
int sched_set_affinity(struct vcpu *v, const struct cpumask *m, bool hard);
void sched_get_affinity(struct vcpu *v, struct cpumask *hard,
                        struct cpumask *soft);
void vcpu_yield(struct vcpu *v);
/* XEN_DOMCTL_scheduler_op / XEN_SYSCTL_scheduler_op for credit2. */
int sched_adjust(struct domain *d, struct xen_domctl_scheduler_op *op);
int sched_adjust_global(struct xen_sysctl_scheduler_op *op);
/* Runstate as of now (VCPUOP_get_runstate_info, getvcpuinfo, xl top). */
void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
uint64_t cpu_idle_ns(unsigned int cpu);

static inline bool cpumask_test(const struct cpumask *m, unsigned int cpu)
{
    return m->bits[cpu / 64] >> (cpu % 64) & 1;
}

static inline void cpumask_set(struct cpumask *m, unsigned int cpu)
{
    m->bits[cpu / 64] |= 1UL << (cpu % 64);
}

static inline void cpumask_clear(struct cpumask *m, unsigned int cpu)
{
    m->bits[cpu / 64] &= ~(1UL << (cpu % 64));
}

#endif

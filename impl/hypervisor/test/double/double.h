/*
 * Hosted stand-ins for the architecture: fake machine memory, a clock that only
 * tests move, CPUs and vCPUs that record what was asked of them.
 *
 * panic() ends in abort(): expect it with tcase_add_test_raise_signal(SIGABRT).
 * The machine is per process; Check forks each test, so state starts fresh.
 */
#ifndef DOUBLE_DOUBLE_H
#define DOUBLE_DOUBLE_H

#include "hv/arch.h"

/* --- Machine --- */

/* 'mib' MiB of RAM from 1 MiB up, one CPU, page_init() done. */
void double_init(unsigned int mib);
/* The same with RAM where 'r' says; 'bytes' of machine addresses exist. */
void double_init_regions(uint64_t bytes, const struct page_region *r,
                         unsigned int nr);
/* Bring CPUs 0..nr-1 online. */
void double_cpus(unsigned int nr);
/* Take all free memory but 'keep' frames; the calls after it fail in turn. */
void double_exhaust(uint64_t keep);

extern uint64_t double_now_ns;                 /* what arch_now_ns() says */
extern _Thread_local unsigned int double_self; /* what arch_cpu_self() says */

struct double_cpu {
    unsigned int kicks;    /* arch_cpu_kick() calls */
    unsigned int idles;    /* arch_cpu_idle() calls */
    unsigned int programs; /* arch_timer_program() calls */
    uint64_t timer_ns;     /* deadline programmed last */
    struct vcpu *ran;      /* last one in arch_vcpu_run() */
    unsigned int runs;     /* arch_vcpu_run() calls */
    unsigned int switchouts;
};
extern struct double_cpu double_cpu[CPU_MAX];

/* Called on arch_vcpu_run(); NULL: returns at once. */
extern void (*double_run_fn)(struct vcpu *v);
/* Called on arch_cpu_kick(), beside the count. */
extern void (*double_kick_fn)(unsigned int cpu);
/* Called on arch_cpu_idle(), beside the count. */
extern void (*double_idle_fn)(struct cpu *c);

/* --- Serial port --- */

/* All that was written, terminated; the oldest part goes when it is full. */
const char *double_serial(void);
void double_serial_clear(void);

/* --- vCPUs --- */

struct arch_vcpu {
    unsigned int events;       /* arch_vcpu_event() calls */
    unsigned int nmis;         /* arch_vcpu_nmi() calls */
    unsigned int time_updates; /* arch_vcpu_time_update() calls */
    bool pending;              /* arch_vcpu_interruptible_pending() */
    bool down;                 /* arch_vcpu_down() was called */
    uint8_t upcall_vector;
};

struct arch_domain {
    unsigned int hvm_params_set; /* arch_hvm_param_set() calls */
    unsigned int relinquishes;   /* arch_domain_relinquish() calls */
};

/* A domain made by the core: 'vcpus' of them up, unpaused, no memory yet. */
struct domain *double_domain(domid_t id, unsigned int vcpus);
/* Give it RAM: 'pages' frames at gfn 0.. in its p2m. */
void double_domain_ram(struct domain *d, unsigned int pages);

/* --- Guest memory --- */

/* arch_guest_walk() is the identity below this address and fails above. */
#define DOUBLE_VA_END (1ULL << 40)
/* Fails for the page of this address too; ~0: for none. */
extern uint64_t double_walk_fails_at;

/* p2m calls that may still succeed before one fails with -XEN_ENOMEM; -1: all. */
extern int double_p2m_countdown;

#endif

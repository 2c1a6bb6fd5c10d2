/*
 * The scheduler in virtual time: the real CPU loop on test clocks, with guests
 * that compute, or compute and sleep in turn.
 */
#ifndef TEST_SIM_H
#define TEST_SIM_H

#include "double/double.h"

#define SIM_VCPUS_MAX  16
#define SIM_QUANTUM_NS 50000ULL
#define SIM_MS         1000000ULL
#define SIM_S          1000000000ULL
#define SIM_CPUS_ALL   (~0UL)

/* What one vCPU does; each row of a scenario is a domain with one vCPU. */
struct sim_row {
    uint32_t weight;    /* 0: default */
    uint32_t cap;       /* percent, 0: none */
    unsigned long cpus; /* hard affinity, bits; 0: all */
    uint64_t run_ns;    /* computes this long, 0: for ever */
    uint64_t sleep_ns;  /* then sleeps this long */
    double share;       /* expected: part of one CPU */
};

struct sim_vcpu {
    const struct sim_row *row;
    struct vcpu *v;
    uint64_t used_ns;
    uint64_t left_ns;  /* until it sleeps */
    uint64_t wake_ns;  /* 0: awake */
    uint64_t woken_ns; /* woken and not run since; 0: it ran */
    uint64_t latency_max_ns;
    unsigned int moves; /* changes of CPU */
    unsigned int last_cpu;
};

extern struct sim_vcpu sim_vcpu[SIM_VCPUS_MAX];

/* Fresh machine with 'cpus' CPUs and one domain per row. */
void sim_init(unsigned int cpus, const struct sim_row *rows, unsigned int nr);
/* Let time pass. */
void sim_run(uint64_t ns);
/* Let a vCPU do something else from now on. */
void sim_set_row(unsigned int i, const struct sim_row *row);
double sim_share(unsigned int i, uint64_t ns);

#endif

/*
 * Virtual time for scheduler tests: every CPU takes one step per quantum.
 */
#include "sim.h"

#include "hv/log.h"

#include <stdlib.h>

struct sim_vcpu sim_vcpu[SIM_VCPUS_MAX];
static unsigned int sim_nr;

static struct sim_vcpu *sim_find(const struct vcpu *v)
{
    for (unsigned int i = 0; i < sim_nr; i++)
        if (sim_vcpu[i].v == v)
            return &sim_vcpu[i];
    abort();
}

/* Stands for the guest: one quantum of it. */
static void sim_guest(struct vcpu *v)
{
    struct sim_vcpu *s = sim_find(v);

    if (s->woken_ns) {
        uint64_t late = double_now_ns - s->woken_ns;

        s->latency_max_ns = MAX(s->latency_max_ns, late);
        s->woken_ns = 0;
    }
    if (s->last_cpu != double_self)
        s->moves++;
    s->last_cpu = double_self;
    s->used_ns += SIM_QUANTUM_NS;
    if (!s->row->run_ns)
        return;
    s->left_ns -= MIN(s->left_ns, SIM_QUANTUM_NS);
    if (s->left_ns)
        return;
    s->left_ns = s->row->run_ns;
    s->wake_ns = double_now_ns + SIM_QUANTUM_NS + s->row->sleep_ns;
    vcpu_block(v);
}

static void sim_wake_due(void)
{
    for (unsigned int i = 0; i < sim_nr; i++) {
        struct sim_vcpu *s = &sim_vcpu[i];

        if (!s->wake_ns || s->wake_ns > double_now_ns)
            continue;
        s->wake_ns = 0;
        s->woken_ns = double_now_ns;
        vcpu_unblock(s->v);
    }
}

void sim_set_row(unsigned int i, const struct sim_row *row)
{
    struct domain *d = sim_vcpu[i].v->domain;
    struct xen_domctl_scheduler_op op = {
        .sched_id = XEN_SCHEDULER_CREDIT2,
        .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
        .u.credit2 = {.weight = (uint16_t)row->weight,
                      .cap = (uint16_t)row->cap},
    };
    struct cpumask hard = {{row->cpus ? row->cpus : SIM_CPUS_ALL}};

    sim_vcpu[i].row = row;
    sim_vcpu[i].left_ns = row->run_ns;
    if (sched_adjust(d, &op) || sched_set_affinity(sim_vcpu[i].v, &hard, true))
        abort();
}

void sim_init(unsigned int nr_cpus, const struct sim_row *rows, unsigned int nr)
{
    double_init(64);
    double_cpus(nr_cpus);
    double_run_fn = sim_guest;
    for (unsigned int i = 0; i < nr; i++) {
        struct domain *d = double_domain((domid_t)(i + 1), 1);

        sim_vcpu[i] = (struct sim_vcpu){.v = d->vcpu[0]};
        sim_nr = i + 1;
        sim_set_row(i, &rows[i]);
    }
}

void sim_run(uint64_t ns)
{
    uint64_t end = double_now_ns + ns;

    for (unsigned int i = 0; i < sim_nr; i++)
        sim_vcpu[i].used_ns = 0;
    while (double_now_ns < end) {
        double_self = 0;
        sim_wake_due();
        for (double_self = 0; double_self < cpu_count; double_self++)
            cpu_step(&cpus[double_self]);
        double_now_ns += SIM_QUANTUM_NS;
    }
    double_self = 0;
}

double sim_share(unsigned int i, uint64_t ns)
{
    return (double)sim_vcpu[i].used_ns / (double)ns;
}

/*
 * Hypercall border: the table (hypercall.def), dispatch, counts, preemption.
 */
#include "hv/hypercall.h"

#include "hv/arch.h"
#include "hv/sched.h"

/* How long one call may keep a CPU before it is asked to restart. Interrupts
   are off meanwhile, so this bounds everybody's latency. */
#define HYPERCALL_SLICE_NS 500000

const struct hypercall hypercall_table[HYPERCALL_LIMIT] = {
#define HYPERCALL(nr, name, caller) [nr] = {#name, do_##name, caller},
#include "hv/hypercall.def"
#undef HYPERCALL
};

static_assert(DOMAIN_HYPERCALLS == HYPERCALL_LIMIT, "one count per number");

long hypercall_run(struct vcpu *v, unsigned long nr, unsigned long arg[5])
{
    const struct hypercall *h;

    if (nr >= HYPERCALL_LIMIT || !hypercall_table[nr].fn)
        return -XEN_ENOSYS;
    h = &hypercall_table[nr];
    __atomic_fetch_add(&v->domain->hypercalls[nr], 1, __ATOMIC_RELAXED);
    if (unlikely(h->caller == HC_CONTROL && !v->domain->privileged))
        return -XEN_EPERM;
    if (!v->in_multicall)
        v->hypercall_deadline_ns = 0;
    return h->fn(v, arg);
}

/* The first question starts the clock, so every call gets something done. */
bool hypercall_preempt(struct vcpu *v)
{
    if (!v->hypercall_deadline_ns) {
        v->hypercall_deadline_ns = arch_now_ns() + HYPERCALL_SLICE_NS;
        return false;
    }
    return cpu_must_leave(&cpus[arch_cpu_self()]) ||
           arch_now_ns() >= v->hypercall_deadline_ns ||
           arch_vcpu_interruptible_pending(v);
}

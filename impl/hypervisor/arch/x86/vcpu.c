/*
 * vCPUs on a CPU: creation, the run loop, and what is switched only when
 * another vCPU takes over.
 */
#include "x86/vcpu.h"

#include "x86/cpuid.h"
#include "x86/percpu.h"
#include "x86/pvclock.h"
#include "x86/vt.h"

#include "hv/heap.h"
#include "hv/log.h"
#include "hv/sched.h"

int arch_vcpu_create(struct vcpu *v)
{
    int rc;

    v->arch = heap_alloc(sizeof(*v->arch));
    if (!v->arch)
        return -XEN_ENOMEM;
    v->arch->walk_va = 1;
    v->arch->time_stale = true;
    vlapic_init(v);
    rc = vt_vcpu_create(v);
    if (!rc)
        rc = xstate_create(v);
    if (rc) {
        arch_vcpu_destroy(v);
        return rc;
    }
    v->arch->tsc_offset = v->domain->arch->tsc_offset;
    vcpu_reset(v);
    return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    if (!v->arch)
        return;
    ASSERT(!v->arch->loaded);
    vlapic_fini(v);
    xstate_destroy(v);
    vt_vcpu_destroy(v);
    heap_free(v->arch);
    v->arch = NULL;
}

static void load(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    vt_load(v);
    xstate_load(v);
    if (cpu_has_tsc_aux())
        wrmsr(MSR_TSC_AUX, a->tsc_aux);
    a->last_cpu = arch_cpu_self();
    a->loaded = true;
}

void arch_vcpu_switch_out(struct vcpu *v)
{
    if (!v->arch->loaded)
        return;
    xstate_save(v);
    vt_save(v);
    v->arch->loaded = false;
}

void arch_vcpu_run(struct vcpu *v)
{
    const struct cpu *c = &cpus[arch_cpu_self()];

    if (!v->arch->loaded)
        load(v);
    ASSERT(v->arch->last_cpu == c->id);
    do {
        cpu_kick_accept();
        if (unlikely(READ_ONCE(v->arch->init_pending) ||
                     READ_ONCE(v->arch->sipi_vector)) &&
            !vcpu_serve_init(v))
            return;
        if (unlikely(READ_ONCE(v->runstate_dirty)))
            vcpu_runstate_to_guest(v);
        pvclock_refresh(v);
        vcpu_prepare_events(v);
        vt_run(v);
    } while (!cpu_must_leave(c) && vcpu_runnable(v));
}

void vcpu_skip(struct vcpu *v, unsigned int bytes)
{
    uint64_t rip = v->arch->regs.rip + bytes;
    bool carry = (uint32_t)rip < bytes;

    v->arch->regs.rip = !carry || arch_vcpu_is_64bit(v) ? rip : (uint32_t)rip;
    vt_clear_shadow(v);
}

uint64_t arch_exit_count(const struct domain *d, unsigned int reason)
{
    uint64_t n = 0;

    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        const struct vcpu *v = READ_ONCE(d->vcpu[i]);

        if (v)
            n += v->arch->exits[reason];
    }
    return n;
}

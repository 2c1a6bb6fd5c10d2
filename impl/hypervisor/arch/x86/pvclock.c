/*
 * Time for guests: vcpu_info.time and the guest's TSC.
 *
 * Scale and TSC never change after boot and agree on all CPUs, so the page is
 * written once for each place it lives in, and again when the offset changes.
 */
#include "x86/pvclock.h"

#include "x86/percpu.h"
#include "x86/quirks.h"
#include "x86/time.h"
#include "x86/vt.h"

uint64_t vcpu_guest_tsc(const struct vcpu *v)
{
    return tsc_now() + v->arch->tsc_offset;
}

void vcpu_set_guest_tsc(struct vcpu *v, uint64_t tsc)
{
    vt_set_tsc_offset(v, tsc - tsc_now());
    v->arch->time_stale = true;
}

static void write_time(struct vcpu *v)
{
    struct vcpu_time_info *t = &READ_ONCE(v->info)->time;
    uint64_t tsc = tsc_now();
    uint32_t version = t->version | 1; /* odd: being written */

    WRITE_ONCE(t->version, version);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    t->tsc_timestamp = tsc + v->arch->tsc_offset;
    t->system_time = tsc_to_ns(tsc) + v->domain->time_offset_ns;
    tsc_pvclock_scale(&t->tsc_to_system_mul, &t->tsc_shift);
    t->flags =
        quirk_acts(QUIRK_KIND_tsc_nodes) ? 0 : XEN_PVCLOCK_TSC_STABLE_BIT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    WRITE_ONCE(t->version, version + 1);
}

void pvclock_refresh(struct vcpu *v)
{
    if (likely(!v->arch->time_stale))
        return;
    v->arch->time_stale = false;
    write_time(v);
}

/* vcpu_info moved; it may be another vCPU's, which runs. */
void arch_vcpu_time_update(struct vcpu *v)
{
    write_time(v);
}

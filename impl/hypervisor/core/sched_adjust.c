/*
 * Scheduler parameters: weights, caps, rate limit, affinity; and its reports.
 * It presents itself as credit2 (public/domctl.h, public/sysctl.h).
 */
#include "debug_key.h"
#include "hv/arch.h"
#include "hv/log.h"
#include "sched_queue.h"

#include "base/string.h"

#define NS_PER_US 1000ULL

/* --- Affinity --- */

static bool mask_has_cpu(const struct cpumask *m)
{
    for (unsigned int i = 0; i < cpu_count; i++)
        if (cpumask_test(m, i))
            return true;
    return false;
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *m, bool hard)
{
    if (!mask_has_cpu(m))
        return -XEN_EINVAL;
    sched_lock();
    *(hard ? &v->sched->hard : &v->sched->soft) = *m;
    sched_requeue_locked(v->sched, arch_now_ns());
    sched_unlock();
    return 0;
}

void sched_get_affinity(struct vcpu *v, struct cpumask *hard,
                        struct cpumask *soft)
{
    sched_lock();
    if (hard)
        *hard = v->sched->hard;
    if (soft)
        *soft = v->sched->soft;
    sched_unlock();
}

/* --- Weights and caps --- */

static unsigned int vcpus_of(const struct domain *d)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < d->max_vcpus; i++)
        nr += d->vcpu[i] != NULL;
    return nr;
}

static void cap_set_locked(struct sched_domain *sd, uint32_t cap)
{
    sd->cap = cap;
    sd->budget_ns = (int64_t)(cap * SCHED_PERIOD_NS / 100);
    sd->period_end_ns = arch_now_ns() + SCHED_PERIOD_NS;
}

/* A weight of 0 leaves the weight as it is; a cap of 0 takes the cap away. */
static int info_put(struct domain *d, uint32_t weight, uint32_t cap)
{
    if (cap > 100 * vcpus_of(d))
        return -XEN_EINVAL;
    sched_lock();
    if (weight)
        sched_set_weight_locked(&d->sched, weight);
    cap_set_locked(&d->sched, cap);
    /* Those that wait for budget are let go by the timer at its next round. */
    if (!list_empty(&d->sched.parked))
        timer_set(&d->sched.refill, arch_cpu_self(), arch_now_ns());
    sched_unlock();
    return 0;
}

int sched_adjust(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -XEN_EINVAL;
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        return info_put(d, op->u.credit2.weight, op->u.credit2.cap);
    case XEN_DOMCTL_SCHEDOP_getinfo:
        op->u.credit2.weight = (uint16_t)d->sched.weight;
        op->u.credit2.cap = (uint16_t)d->sched.cap;
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

int sched_adjust_global(struct xen_sysctl_scheduler_op *op)
{
    uint32_t us = op->u.sched_credit2.ratelimit_us;

    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -XEN_EINVAL;
    switch (op->cmd) {
    case XEN_SYSCTL_SCHEDOP_putinfo:
        if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
                   us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
            return -XEN_EINVAL;
        WRITE_ONCE(sched.ratelimit_ns, us * NS_PER_US);
        return 0;
    case XEN_SYSCTL_SCHEDOP_getinfo:
        op->u.sched_credit2.ratelimit_us =
            (unsigned int)(sched.ratelimit_ns / NS_PER_US);
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

/* --- Reports --- */

void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
    uint64_t now = arch_now_ns();

    sched_lock();
    *out = v->runstate;
    sched_unlock();
    if (now > out->state_entry_time)
        out->time[out->state] += now - out->state_entry_time;
}

static void queue_dump_locked(void)
{
    list_for_each (l, &sched.queue) {
        const struct sched_vcpu *sv = list_entry(l, struct sched_vcpu, link);

        log_info("  waits d%uv%u vtime=%llu weight=%u cpu=%u",
                 sv->vcpu->domain->id, sv->vcpu->id,
                 (unsigned long long)sv->vtime, sv->vcpu->domain->sched.weight,
                 sv->cpu);
    }
}

void debug_key_sched(char key)
{
    sched_lock();
    log_info("run queue, rate limit %llu us",
             (unsigned long long)(sched.ratelimit_ns / NS_PER_US));
    for (unsigned int i = 0; i < cpu_count; i++) {
        const struct sched_cpu *sc = &sched.cpu[i];
        const struct sched_vcpu *sv = sc->running;

        log_info("  cpu%u picks=%llu switches=%llu kicks=%llu", i,
                 (unsigned long long)sc->picks,
                 (unsigned long long)sc->switches,
                 (unsigned long long)sc->kicks);
        if (sv)
            log_info("  cpu%u runs d%uv%u vtime=%llu", i, sv->vcpu->domain->id,
                     sv->vcpu->id, (unsigned long long)sv->vtime);
    }
    queue_dump_locked();
    sched_unlock();
}

/*
 * vCPU hypercall: what a guest does with its own vCPUs (public/vcpu.h).
 */
#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/sched.h"

#define PERIOD_MIN_NS 1000000ULL
#define PERIOD_MAX_NS (1ULL << 62) /* Far from where additions wrap. */

/* 'self' calls, 'v' of the same domain is meant. */
typedef long vcpu_op_fn(struct vcpu *self, struct vcpu *v, uint64_t u);

static long vcpu_op_initialise(struct vcpu *self, struct vcpu *v, uint64_t u)
{
    struct vcpu_hvm_context c;
    int rc;

    if (guest_copy_from(self, &c, u, sizeof(c)))
        return -XEN_EFAULT;
    spin_lock(&v->domain->lock);
    if (v->initialised)
        rc = -XEN_EEXIST;
    else
        rc = arch_vcpu_set_hvm_context(v, &c);
    if (!rc)
        v->initialised = true;
    spin_unlock(&v->domain->lock);
    return rc;
}

static long vcpu_op_up(struct vcpu *self, struct vcpu *v, uint64_t u)
{
    bool initialised, was_down;

    (void)self;
    (void)u;
    spin_lock(&v->domain->lock);
    initialised = v->initialised;
    was_down = initialised && bit_test_and_clear(&v->pause_flags, VPF_DOWN);
    spin_unlock(&v->domain->lock);
    if (was_down)
        vcpu_wake(v);
    return initialised ? 0 : -XEN_EINVAL;
}

static bool any_vcpu_up(const struct domain *d)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        if (d->vcpu[i] && !bit_test(&d->vcpu[i]->pause_flags, VPF_DOWN))
            return true;
    return false;
}

/* The domain is off when its last vCPU goes. */
static long vcpu_op_down(struct vcpu *self, struct vcpu *v, uint64_t u)
{
    bool last;

    (void)u;
    spin_lock(&v->domain->lock);
    bit_test_and_set(&v->pause_flags, VPF_DOWN);
    last = !any_vcpu_up(v->domain);
    spin_unlock(&v->domain->lock);
    if (last) {
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
        return 0;
    }
    arch_vcpu_down(v);
    if (v != self) {
        /* A moment's pause gets it off its CPU; the flag keeps it off. */
        vcpu_pause_nosync(v);
        vcpu_unpause(v);
    }
    return 0;
}

static long vcpu_op_is_up(struct vcpu *self, struct vcpu *v, uint64_t u)
{
    (void)self;
    (void)u;
    return !bit_test(&v->pause_flags, VPF_DOWN);
}

static long vcpu_op_get_runstate_info(struct vcpu *self, struct vcpu *v,
                                      uint64_t u)
{
    struct vcpu_runstate_info r;

    vcpu_runstate_get(v, &r);
    return guest_copy_to(self, u, &r, sizeof(r));
}

static long vcpu_op_register_runstate(struct vcpu *self, struct vcpu *v,
                                      uint64_t u)
{
    struct vcpu_register_runstate_memory_area a;

    if (guest_copy_from(self, &a, u, sizeof(a)))
        return -XEN_EFAULT;
    return vcpu_runstate_register(self, v, a.addr.p);
}

static long vcpu_op_set_periodic_timer(struct vcpu *self, struct vcpu *v,
                                       uint64_t u)
{
    struct vcpu_set_periodic_timer t;

    if (guest_copy_from(self, &t, u, sizeof(t)))
        return -XEN_EFAULT;
    if (t.period_ns < PERIOD_MIN_NS || t.period_ns > PERIOD_MAX_NS)
        return -XEN_EINVAL;
    __atomic_store_n(&v->periodic_ns, t.period_ns, __ATOMIC_RELAXED);
    timer_set(&v->periodic, vcpu_cpu(v), arch_now_ns() + t.period_ns);
    return 0;
}

static long vcpu_op_stop_periodic_timer(struct vcpu *self, struct vcpu *v,
                                        uint64_t u)
{
    (void)self;
    (void)u;
    __atomic_store_n(&v->periodic_ns, 0, __ATOMIC_RELAXED);
    timer_stop(&v->periodic);
    return 0;
}

/* The commonest hypercall of all: a guest sets it before most of its waits. */
static long vcpu_op_set_singleshot_timer(struct vcpu *self, struct vcpu *v,
                                         uint64_t u)
{
    struct vcpu_set_singleshot_timer t;
    uint64_t at;

    if (v != self)
        return -XEN_EINVAL;
    if (guest_copy_from(self, &t, u, sizeof(t)))
        return -XEN_EFAULT;
    at = t.timeout_abs_ns - (uint64_t)v->domain->time_offset_ns;
    if ((t.flags & VCPU_SSHOTTMR_future) && at < arch_now_ns())
        return -XEN_ETIME;
    timer_set(&v->singleshot, arch_cpu_self(), at);
    return 0;
}

static long vcpu_op_stop_singleshot_timer(struct vcpu *self, struct vcpu *v,
                                          uint64_t u)
{
    (void)u;
    if (v != self)
        return -XEN_EINVAL;
    timer_stop(&v->singleshot);
    return 0;
}

static long vcpu_op_register_vcpu_info(struct vcpu *self, struct vcpu *v,
                                       uint64_t u)
{
    struct vcpu_register_vcpu_info i;

    if (guest_copy_from(self, &i, u, sizeof(i)))
        return -XEN_EFAULT;
    if (v != self && !bit_test(&v->pause_flags, VPF_DOWN))
        return -XEN_EINVAL;
    return vcpu_info_map(v, _gfn(i.mfn), i.offset);
}

static long vcpu_op_send_nmi(struct vcpu *self, struct vcpu *v, uint64_t u)
{
    (void)self;
    if (u)
        return -XEN_EINVAL;
    arch_vcpu_nmi(v);
    return 0;
}

static vcpu_op_fn *const vcpu_ops[] = {
#define VCPUOP(nr, name) [nr] = vcpu_op_##name,
#include "vcpu_op.def"
#undef VCPUOP
};

long do_vcpu_op(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0], id = (unsigned int)arg[1];
    struct vcpu *target;

    if (id >= v->domain->max_vcpus)
        return -XEN_ENOENT;
    target = __atomic_load_n(&v->domain->vcpu[id], __ATOMIC_ACQUIRE);
    if (!target)
        return -XEN_ENOENT;
    if (cmd >= ARRAY_SIZE(vcpu_ops) || !vcpu_ops[cmd])
        return -XEN_ENOSYS;
    return vcpu_ops[cmd](v, target, arg[2]);
}

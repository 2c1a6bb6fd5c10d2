/*
 * vCPU hypercall: what a guest does with its own vCPUs (public/vcpu.h).
 */
#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/sched.h"

struct vcpu_call {
    struct vcpu *self; /* who calls */
    struct vcpu *v;    /* who is meant, of the same domain */
    uint64_t u;        /* guest address of the request */
};

typedef long vcpu_op_fn(const struct vcpu_call *c);

static long vcpu_op_up(const struct vcpu_call *c)
{
    bool initialised, was_down;

    spin_lock(&c->v->domain->lock);
    initialised = c->v->initialised;
    was_down = initialised && bit_test_and_clear(&c->v->pause_flags, VPF_DOWN);
    spin_unlock(&c->v->domain->lock);
    if (was_down)
        vcpu_wake(c->v);
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
static long vcpu_op_down(const struct vcpu_call *c)
{
    bool last;

    spin_lock(&c->v->domain->lock);
    bit_test_and_set(&c->v->pause_flags, VPF_DOWN);
    last = !any_vcpu_up(c->v->domain);
    spin_unlock(&c->v->domain->lock);
    if (last) {
        domain_shutdown(c->v->domain, SHUTDOWN_poweroff);
        return 0;
    }
    arch_vcpu_down(c->v);
    if (c->v != c->self) {
        /* A moment's pause gets it off its CPU; the flag keeps it off. */
        vcpu_pause_nosync(c->v);
        vcpu_unpause(c->v);
    }
    return 0;
}

static long vcpu_op_is_up(const struct vcpu_call *c)
{
    return !bit_test(&c->v->pause_flags, VPF_DOWN);
}

static long vcpu_op_register_runstate(const struct vcpu_call *c)
{
    struct vcpu_register_runstate_memory_area a;

    if (guest_copy_from(c->self, &a, c->u, sizeof(a)))
        return -XEN_EFAULT;
    return vcpu_runstate_register(c->self, c->v, a.addr.p);
}

/* There is none: kernels stop it in case a loader had started one. */
static long vcpu_op_stop_periodic_timer(const struct vcpu_call *c)
{
    return 0;
}

/* The commonest hypercall of all: a guest sets it before most of its waits. */
static long vcpu_op_set_singleshot_timer(const struct vcpu_call *c)
{
    struct vcpu_set_singleshot_timer t;
    uint64_t at;

    if (c->v != c->self)
        return -XEN_EINVAL;
    if (guest_copy_from(c->self, &t, c->u, sizeof(t)))
        return -XEN_EFAULT;
    at = t.timeout_abs_ns - (uint64_t)c->v->domain->time_offset_ns;
    if ((t.flags & VCPU_SSHOTTMR_future) && at < arch_now_ns())
        return -XEN_ETIME;
    timer_set(&c->v->singleshot, arch_cpu_self(), at);
    return 0;
}

static long vcpu_op_stop_singleshot_timer(const struct vcpu_call *c)
{
    if (c->v != c->self)
        return -XEN_EINVAL;
    timer_stop(&c->v->singleshot);
    return 0;
}

static long vcpu_op_register_vcpu_info(const struct vcpu_call *c)
{
    struct vcpu_register_vcpu_info i;

    if (guest_copy_from(c->self, &i, c->u, sizeof(i)))
        return -XEN_EFAULT;
    if (c->v != c->self && !bit_test(&c->v->pause_flags, VPF_DOWN))
        return -XEN_EINVAL;
    return vcpu_info_map(c->v, _gfn(i.mfn), i.offset);
}

static vcpu_op_fn *const vcpu_ops[] = {
#define VCPUOP(nr, name) [nr] = vcpu_op_##name,
#include "vcpu_op.def"
#undef VCPUOP
};

long do_vcpu_op(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0], id = (unsigned int)arg[1];
    struct vcpu_call c = {.self = v, .u = arg[2]};

    if (id >= v->domain->max_vcpus)
        return -XEN_ENOENT;
    c.v = __atomic_load_n(&v->domain->vcpu[id], __ATOMIC_ACQUIRE);
    if (!c.v)
        return -XEN_ENOENT;
    if (cmd >= ARRAY_SIZE(vcpu_ops) || !vcpu_ops[cmd])
        return -XEN_ENOSYS;
    return vcpu_ops[cmd](&c);
}

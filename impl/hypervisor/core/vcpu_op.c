/*
 * vCPU hypercall: what a guest does with its own vCPUs (public/vcpu.h).
 */
#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/sched.h"

/* As upstream's limits. */
#define PERIOD_MIN_NS 1000000ULL
#define PERIOD_MAX_NS (~0ULL >> 2)

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

/* The domain is off when its last vCPU goes. */
static long vcpu_op_down(const struct vcpu_call *c)
{
    if (vcpu_set_down(c->v))
        return 0;
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

static long vcpu_op_get_runstate_info(const struct vcpu_call *c)
{
    struct vcpu_runstate_info r;

    vcpu_runstate_get(c->v, &r);
    return guest_copy_to(c->self, c->u, &r, sizeof(r));
}

static long vcpu_op_register_runstate(const struct vcpu_call *c)
{
    struct vcpu_register_runstate_memory_area a;

    if (guest_copy_from(c->self, &a, c->u, sizeof(a)))
        return -XEN_EFAULT;
    vcpu_runstate_register(c->self, c->v, a.addr.p);
    return 0;
}

static long vcpu_op_set_periodic_timer(const struct vcpu_call *c)
{
    struct vcpu_set_periodic_timer t;

    if (guest_copy_from(c->self, &t, c->u, sizeof(t)))
        return -XEN_EFAULT;
    if (t.period_ns < PERIOD_MIN_NS || t.period_ns > PERIOD_MAX_NS)
        return -XEN_EINVAL;
    WRITE_ONCE(c->v->period_ns, t.period_ns);
    timer_set(&c->v->periodic, arch_cpu_self(), arch_now_ns() + t.period_ns);
    return 0;
}

static long vcpu_op_stop_periodic_timer(const struct vcpu_call *c)
{
    WRITE_ONCE(c->v->period_ns, 0);
    timer_stop(&c->v->periodic);
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

static long vcpu_op_send_nmi(const struct vcpu_call *c)
{
    if (c->u)
        return -XEN_EINVAL;
    arch_vcpu_nmi(c->v);
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
    unsigned int cmd = (unsigned int)arg[0];
    const struct vcpu_call c = {
        .self = v,
        .v = domain_vcpu(v->domain, (uint32_t)arg[1]),
        .u = arg[2],
    };

    if (!c.v)
        return -XEN_ENOENT;
    if (cmd >= ARRAY_SIZE(vcpu_ops) || !vcpu_ops[cmd])
        return -XEN_ENOSYS;
    return vcpu_ops[cmd](&c);
}

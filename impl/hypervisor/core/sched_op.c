/*
 * Scheduling hypercall: giving up the CPU, waiting, ending (public/sched.h).
 */
#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/log.h"
#include "hv/sched.h"

#define POLL_PORTS_MAX 128 /* as upstream */
#define NS_PER_S       1000000000ULL

typedef long sched_op_fn(struct vcpu *v, uint64_t u);

static long sched_op_yield(struct vcpu *v, uint64_t u)
{
    vcpu_yield(v);
    return 0;
}

/* Blocking means waiting with event delivery on. */
static long sched_op_block(struct vcpu *v, uint64_t u)
{
    __atomic_store_n(&v->info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    vcpu_block(v);
    return 0;
}

static long sched_op_shutdown(struct vcpu *v, uint64_t u)
{
    struct sched_shutdown s;

    if (guest_copy_from(v, &s, u, sizeof(s)))
        return -XEN_EFAULT;
    domain_shutdown(v->domain, (uint8_t)s.reason);
    return 0;
}

/* Sets the reason alone; the shutdown itself comes later. */
static long sched_op_shutdown_code(struct vcpu *v, uint64_t u)
{
    struct sched_shutdown s;
    struct domain *d = v->domain;
    long rc = 0;

    if (guest_copy_from(v, &s, u, sizeof(s)))
        return -XEN_EFAULT;
    spin_lock(&d->lock);
    if (d->shutdown_code == 0xff)
        d->shutdown_code = (uint8_t)s.reason;
    else
        rc = -XEN_EBUSY;
    spin_unlock(&d->lock);
    return rc;
}

static long sched_op_remote_shutdown(struct vcpu *v, uint64_t u)
{
    struct sched_remote_shutdown s;
    struct domain *d;

    if (guest_copy_from(v, &s, u, sizeof(s)))
        return -XEN_EFAULT;
    d = domain_find_get(s.domain_id);
    if (!d)
        return -XEN_ESRCH;
    if (!v->domain->privileged && v->domain->target != d) {
        domain_put(d);
        return -XEN_EPERM;
    }
    domain_shutdown(d, (uint8_t)s.reason);
    domain_put(d);
    return 0;
}

/*
 * Poll: the flag goes up first, then the ports are looked at, so that a send
 * between the two is seen by one side or the other.
 */
static int poll_ports(struct vcpu *v, const evtchn_port_t *ports,
                      unsigned int nr, uint64_t timeout)
{
    bool pending = false;
    int rc;

    evtchn_poll_begin(v, ports, nr);
    bit_test_and_set(&v->pause_flags, VPF_POLL);
    rc = evtchn_poll_any_pending(v->domain, ports, nr, &pending);
    if (rc || pending || arch_vcpu_interruptible_pending(v) ||
        (timeout && timeout <= arch_now_ns())) {
        bit_test_and_clear(&v->pause_flags, VPF_POLL);
        evtchn_poll_end(v);
        return rc;
    }
    if (timeout)
        timer_set(&v->poll_timer, arch_cpu_self(), timeout);
    return 0;
}

static long sched_op_poll(struct vcpu *v, uint64_t u)
{
    evtchn_port_t ports[POLL_PORTS_MAX];
    struct sched_poll p;
    uint64_t timeout;

    if (guest_copy_from(v, &p, u, sizeof(p)))
        return -XEN_EFAULT;
    if (p.nr_ports > POLL_PORTS_MAX)
        return -XEN_EINVAL;
    if (guest_copy_from(v, ports, guest_ptr(p.ports),
                        p.nr_ports * sizeof(ports[0])))
        return -XEN_EFAULT;
    timeout = p.timeout ? p.timeout - (uint64_t)v->domain->time_offset_ns : 0;
    timer_stop(&v->poll_timer);
    return poll_ports(v, ports, p.nr_ports, timeout);
}

/* --- Watchdogs: id 0 takes a free one, else re-arms or (timeout 0) stops --- */

static void watchdog_arm(struct domain *d, unsigned int i, uint32_t timeout_s)
{
    timer_set(&d->watchdog[i], arch_cpu_self(),
              arch_now_ns() + timeout_s * NS_PER_S);
}

static long watchdog_take_locked(struct domain *d, uint32_t timeout_s)
{
    if (!timeout_s)
        return -XEN_EINVAL;
    for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
        if (!(d->watchdogs_used & BIT(i))) {
            d->watchdogs_used |= BIT(i);
            watchdog_arm(d, i, timeout_s);
            return i + 1;
        }
    return -XEN_ENOSPC;
}

static long watchdog_set_locked(struct domain *d, uint32_t id,
                                uint32_t timeout_s)
{
    unsigned int i = id - 1;

    if (!id)
        return watchdog_take_locked(d, timeout_s);
    if (i >= DOMAIN_WATCHDOGS)
        return -XEN_EINVAL;
    if (!(d->watchdogs_used & BIT(i)))
        return -XEN_EINVAL;
    if (timeout_s) {
        watchdog_arm(d, i, timeout_s);
    } else {
        d->watchdogs_used &= (uint8_t)~BIT(i);
        timer_stop(&d->watchdog[i]);
    }
    return 0;
}

static long sched_op_watchdog(struct vcpu *v, uint64_t u)
{
    struct sched_watchdog w;
    long rc;

    if (guest_copy_from(v, &w, u, sizeof(w)))
        return -XEN_EFAULT;
    spin_lock(&v->domain->lock);
    rc = watchdog_set_locked(v->domain, w.id, w.timeout);
    spin_unlock(&v->domain->lock);
    return rc;
}

static sched_op_fn *const sched_ops[] = {
#define SCHEDOP(nr, name) [nr] = sched_op_##name,
#include "sched_op.def"
#undef SCHEDOP
};

long do_sched_op(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0];

    if (cmd >= ARRAY_SIZE(sched_ops) || !sched_ops[cmd])
        return -XEN_ENOSYS;
    return sched_ops[cmd](v, arg[1]);
}

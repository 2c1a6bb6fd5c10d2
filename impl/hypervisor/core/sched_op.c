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

static long sched_op_remote_shutdown(struct vcpu *v, uint64_t u)
{
    struct sched_remote_shutdown s;
    struct domain *d;
    int rc;

    if (guest_copy_from(v, &s, u, sizeof(s)))
        return -XEN_EFAULT;
    rc = domain_target_get(v, s.domain_id, &d);
    if (rc)
        return rc;
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

/* Which of the domain's is meant: a free one for id 0; negative: none. */
static int watchdog_choose(const struct domain *d, uint32_t id)
{
    if (id)
        return id <= DOMAIN_WATCHDOGS && d->watchdogs >> (id - 1) & 1
                   ? (int)id - 1
                   : -XEN_EINVAL;
    while (id < DOMAIN_WATCHDOGS && d->watchdogs >> id & 1)
        id++;
    return id < DOMAIN_WATCHDOGS ? (int)id : -XEN_ENOSPC;
}

/* The id of a new one, else 0. A timeout of 0 ends one that is there. */
static long sched_op_watchdog(struct vcpu *v, uint64_t u)
{
    struct domain *d = v->domain;
    struct sched_watchdog w;
    int n;

    if (guest_copy_from(v, &w, u, sizeof(w)))
        return -XEN_EFAULT;
    spin_lock(&d->lock);
    n = watchdog_choose(d, w.id);
    if (n >= 0 && w.id && !w.timeout) {
        d->watchdogs &= ~BIT(n);
        timer_stop(&d->watchdog[n]);
    } else if (n >= 0) {
        d->watchdogs |= BIT(n);
        timer_set(&d->watchdog[n], arch_cpu_self(),
                  arch_now_ns() + w.timeout * NS_PER_S);
    }
    spin_unlock(&d->lock);
    return n < 0 || w.id ? MIN(n, 0) : n + 1;
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

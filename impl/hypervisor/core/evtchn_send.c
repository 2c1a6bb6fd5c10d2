/*
 * Event channels: sending, VIRQs, polling, the way to an upcall.
 */
#include "evtchn_priv.h"

#include "hv/arch.h"
#include "hv/log.h"
#include "hv/sched.h"

void evtchn_upcall(struct vcpu *v)
{
    struct vcpu_info *info = READ_ONCE(v->info);

    if (__atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return;
    arch_vcpu_event(v); /* and that wakes or kicks it */
}

bool evtchn_upcall_wanted(const struct vcpu *v)
{
    return READ_ONCE(READ_ONCE(v->info)->evtchn_upcall_pending);
}

void evtchn_vcpu_info_moved(struct vcpu *v, struct vcpu_info *old_info)
{
    struct vcpu_info *info = READ_ONCE(v->info);

    ASSERT(info != old_info);
    __atomic_store_n(&info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
    __atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    arch_vcpu_event(v);
}

void evtchn_raise(struct domain *d, evtchn_port_t port, struct evtchn *chn)
{
    struct vcpu *v = d->vcpu[READ_ONCE(chn->vcpu)];

    /* The toolstack may bind ports before it has made the vCPUs. */
    if (v)
        READ_ONCE(d->evtchn->abi)->set_pending(v, port, chn);
}

int evtchn_op_send(struct vcpu *v, void *arg)
{
    struct domain *d = v->domain;
    evtchn_port_t port = ((struct evtchn_send *)arg)->port;
    struct evtchn *chn = evtchn_find(d->evtchn, port);
    int rc = 0;

    if (unlikely(!chn))
        return -XEN_EINVAL;
    spin_lock(&chn->lock);
    if (likely(chn->state == EVTCHN_INTERDOMAIN))
        evtchn_raise(chn->peer, chn->peer_port,
                     evtchn_find(chn->peer->evtchn, chn->peer_port));
    else if (chn->state == EVTCHN_IPI)
        evtchn_raise(d, port, chn);
    else if (chn->state != EVTCHN_UNBOUND) /* that one drops it silently */
        rc = -XEN_EINVAL;
    spin_unlock(&chn->lock);
    return rc;
}

/* Raise the port that 'v' bound to 'virq', unless it is being closed. */
void evtchn_send_vcpu_virq(struct vcpu *v, unsigned int virq)
{
    evtchn_port_t port = READ_ONCE(v->evtchn->virq_port[virq]);
    struct evtchn *chn;

    ASSERT(virq < NR_VIRQS);
    if (!port)
        return;
    chn = evtchn_find(v->domain->evtchn, port);
    spin_lock(&chn->lock);
    if (chn->state == EVTCHN_VIRQ && chn->virq == virq)
        evtchn_raise(v->domain, port, chn);
    spin_unlock(&chn->lock);
}

void evtchn_send_global_virq(struct domain *d, unsigned int virq)
{
    if (d->vcpu && d->vcpu[0] && d->vcpu[0]->evtchn)
        evtchn_send_vcpu_virq(d->vcpu[0], virq);
}

int evtchn_op_unmask(struct vcpu *v, void *arg)
{
    struct domain *d = v->domain;
    evtchn_port_t port = ((struct evtchn_unmask *)arg)->port;
    struct evtchn *chn = evtchn_find(d->evtchn, port);
    struct vcpu *target;

    if (!chn)
        return -XEN_EINVAL;
    spin_lock(&chn->lock);
    target = d->vcpu[READ_ONCE(chn->vcpu)];
    if (evtchn_usable(chn) && target)
        READ_ONCE(d->evtchn->abi)->unmask(target, port, chn);
    spin_unlock(&chn->lock);
    return 0;
}

int evtchn_op_set_priority(struct vcpu *v, void *arg)
{
    const struct evtchn_set_priority *op = arg;
    struct domain *d = v->domain;
    struct evtchn *chn = evtchn_find(d->evtchn, op->port);
    int rc = 0;

    if (!chn)
        return -XEN_EINVAL;
    spin_lock(&chn->lock);
    if (!READ_ONCE(d->evtchn->abi)->has_priority)
        rc = -XEN_ENOSYS;
    else if (!evtchn_usable(chn))
        rc = -XEN_EACCES;
    else if (op->priority > EVTCHN_FIFO_PRIORITY_MIN)
        rc = -XEN_EINVAL;
    else
        chn->priority = op->priority; /* of the next event; see last_priority */
    spin_unlock(&chn->lock);
    return rc;
}

/* --- SCHEDOP_poll --- */

void evtchn_wake_pollers(struct domain *d, evtchn_port_t port)
{
    unsigned long *mask = d->evtchn->poll_mask;

    for (unsigned int w = 0; w < DOMAIN_MAX_VCPUS / 64; w++) {
        unsigned long todo = READ_ONCE(mask[w]);

        for (; unlikely(todo); todo &= todo - 1) {
            unsigned int id = w * 64 + (unsigned int)__builtin_ctzl(todo);
            struct vcpu *v = d->vcpu[id];
            uint32_t wanted = READ_ONCE(v->evtchn->poll_port);

            if ((!wanted || wanted == port) && bit_test_and_clear(mask, id))
                vcpu_unblock(v);
        }
    }
}

void evtchn_poll_begin(struct vcpu *v, const evtchn_port_t *ports,
                       unsigned int nr)
{
    WRITE_ONCE(v->evtchn->poll_port, nr == 1 ? ports[0] : 0);
    (void)bit_test_and_set(v->domain->evtchn->poll_mask, v->id);
}

void evtchn_poll_end(struct vcpu *v)
{
    (void)bit_test_and_clear(v->domain->evtchn->poll_mask, v->id);
}

/* 0 / 1: pending; -XEN_EINVAL: no port that can be. */
static int evtchn_poll_one(struct domain *d, evtchn_port_t port)
{
    struct evtchn *chn = evtchn_find(d->evtchn, port);
    int rc = -XEN_EINVAL;

    if (!chn)
        return rc;
    spin_lock(&chn->lock);
    if (evtchn_usable(chn))
        rc = READ_ONCE(d->evtchn->abi)->is_pending(d, port);
    spin_unlock(&chn->lock);
    return rc;
}

int evtchn_poll_any_pending(struct domain *d, const evtchn_port_t *ports,
                            unsigned int nr, bool *pending)
{
    *pending = false;
    for (unsigned int i = 0; i < nr && !*pending; i++) {
        int rc = evtchn_poll_one(d, ports[i]);

        if (rc < 0)
            return rc;
        *pending = rc;
    }
    return 0;
}

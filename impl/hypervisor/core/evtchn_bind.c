/*
 * Event channels: binding, closing, asking (public/event_channel.h).
 */
#include "evtchn_priv.h"

#include "hv/log.h"

/* VIRQs of which each vCPU has its own; all others exist once per domain. */
#define VCPU_VIRQS \
    (BIT(VIRQ_TIMER) | BIT(VIRQ_DEBUG) | BIT(VIRQ_XENOPROF) | BIT(VIRQ_XENPMU))

static_assert(NR_VIRQS <= 64, "VCPU_VIRQS is one word");

static bool virq_is_global(unsigned int virq)
{
    return !(VCPU_VIRQS >> virq & 1);
}

int evtchn_op_alloc_unbound(struct vcpu *v, void *arg)
{
    struct evtchn_alloc_unbound *op = arg;
    domid_t remote =
        op->remote_dom == DOMID_SELF ? v->domain->id : op->remote_dom;
    struct domain *d;
    int rc = domain_target_get(v, op->dom, &d);

    if (rc)
        return rc;
    spin_lock(&d->evtchn->lock);
    rc = evtchn_bind_free_locked(d, EVTCHN_UNBOUND, 0, remote, &op->port);
    spin_unlock(&d->evtchn->lock);
    domain_put(d);
    return rc;
}

/* Make 'rchn', if it waits for 'ld', and a free port of 'ld' a pair. */
static int evtchn_join_locked(struct domain *ld, struct domain *rd,
                              struct evtchn_bind_interdomain *op)
{
    struct evtchn *rchn = evtchn_find(rd->evtchn, op->remote_port);
    struct evtchn *lchn;
    int rc = evtchn_find_free_locked(ld, &op->local_port);

    if (rc)
        return rc;
    if (!rchn || rchn->state != EVTCHN_UNBOUND || rchn->unbound_dom != ld->id)
        return -XEN_EINVAL;

    lchn = evtchn_find(ld->evtchn, op->local_port);
    spin_lock_two(&lchn->lock, &rchn->lock);
    evtchn_claim_locked(ld, lchn, EVTCHN_INTERDOMAIN, 0, op->remote_port);
    lchn->peer = rd;
    rchn->state = EVTCHN_INTERDOMAIN;
    rchn->peer = ld;
    rchn->peer_port = op->local_port;
    /* What was sent to the unbound port was dropped: make the guest look. */
    evtchn_raise(ld, op->local_port, lchn);
    spin_unlock_two(&lchn->lock, &rchn->lock);
    return 0;
}

int evtchn_op_bind_interdomain(struct vcpu *v, void *arg)
{
    struct evtchn_bind_interdomain *op = arg;
    struct domain *ld = v->domain;
    struct domain *rd =
        domain_find_get(op->remote_dom == DOMID_SELF ? ld->id : op->remote_dom);
    int rc;

    if (!rd)
        return -XEN_ESRCH;
    spin_lock_two(&ld->evtchn->lock, &rd->evtchn->lock);
    rc = evtchn_join_locked(ld, rd, op);
    spin_unlock_two(&ld->evtchn->lock, &rd->evtchn->lock);
    domain_put(rd);
    return rc;
}

int evtchn_op_bind_virq(struct vcpu *v, void *arg)
{
    struct evtchn_bind_virq *op = arg;
    struct domain *d = v->domain;
    struct vcpu *target = domain_vcpu(d, op->vcpu);
    int rc;

    if (op->virq >= NR_VIRQS || (virq_is_global(op->virq) && op->vcpu))
        return -XEN_EINVAL;
    if (!target)
        return -XEN_ENOENT;
    spin_lock(&d->evtchn->lock);
    rc = target->evtchn->virq_port[op->virq]
             ? -XEN_EEXIST
             : evtchn_bind_free_locked(d, EVTCHN_VIRQ, op->vcpu, op->virq,
                                       &op->port);
    if (!rc)
        WRITE_ONCE(target->evtchn->virq_port[op->virq], op->port);
    spin_unlock(&d->evtchn->lock);
    return rc;
}

int evtchn_op_bind_ipi(struct vcpu *v, void *arg)
{
    struct evtchn_bind_ipi *op = arg;
    struct domain *d = v->domain;
    int rc;

    if (!domain_vcpu(d, op->vcpu))
        return -XEN_ENOENT;
    spin_lock(&d->evtchn->lock);
    rc = evtchn_bind_free_locked(d, EVTCHN_IPI, op->vcpu, 0, &op->port);
    spin_unlock(&d->evtchn->lock);
    return rc;
}

/* A PVH domain has no physical interrupts: each number is out of range. */
int evtchn_op_bind_pirq(struct vcpu *v, void *arg)
{
    return -XEN_EINVAL;
}

/* May the port be moved to another vCPU? */
static bool evtchn_movable(const struct evtchn *chn)
{
    return chn->state == EVTCHN_UNBOUND || chn->state == EVTCHN_INTERDOMAIN ||
           (chn->state == EVTCHN_VIRQ && virq_is_global(chn->virq));
}

int evtchn_op_bind_vcpu(struct vcpu *v, void *arg)
{
    const struct evtchn_bind_vcpu *op = arg;
    struct evtchn_domain *e = v->domain->evtchn;
    struct evtchn *chn = evtchn_find(e, op->port);
    int rc = 0;

    if (!domain_vcpu(v->domain, op->vcpu))
        return -XEN_ENOENT;
    if (!chn)
        return -XEN_EINVAL;
    spin_lock(&e->lock);
    if (evtchn_movable(chn))
        WRITE_ONCE(chn->vcpu, op->vcpu);
    else
        rc = -XEN_EINVAL;
    spin_unlock(&e->lock);
    return rc;
}

static void evtchn_status_fill(const struct evtchn *chn,
                               struct evtchn_status *op)
{
    static const uint8_t answer[] = {
        [EVTCHN_FREE] = EVTCHNSTAT_closed,
        [EVTCHN_RESERVED] = EVTCHNSTAT_closed,
        [EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,
        [EVTCHN_INTERDOMAIN] = EVTCHNSTAT_interdomain,
        [EVTCHN_VIRQ] = EVTCHNSTAT_virq,
        [EVTCHN_IPI] = EVTCHNSTAT_ipi,
    };

    op->status = answer[chn->state];
    op->vcpu = chn->vcpu;
    if (chn->state == EVTCHN_UNBOUND) {
        op->u.unbound.dom = chn->unbound_dom;
    } else if (chn->state == EVTCHN_INTERDOMAIN) {
        op->u.interdomain.dom = chn->peer->id;
        op->u.interdomain.port = chn->peer_port;
    } else if (chn->state == EVTCHN_VIRQ) {
        op->u.virq = chn->virq;
    }
}

int evtchn_op_status(struct vcpu *v, void *arg)
{
    struct evtchn_status *op = arg;
    struct evtchn *chn;
    struct domain *d;
    int rc = domain_target_get(v, op->dom, &d);

    if (rc)
        return rc;
    chn = evtchn_find(d->evtchn, op->port);
    if (chn) {
        spin_lock(&d->evtchn->lock);
        evtchn_status_fill(chn, op);
        spin_unlock(&d->evtchn->lock);
    } else {
        rc = -XEN_EINVAL;
    }
    domain_put(d);
    return rc;
}

static void evtchn_free_locked(struct domain *d, evtchn_port_t port,
                               struct evtchn *chn)
{
    if (chn->state == EVTCHN_VIRQ)
        WRITE_ONCE(d->vcpu[virq_is_global(chn->virq) ? 0 : chn->vcpu]
                       ->evtchn->virq_port[chn->virq],
                   0);
    /* A later binding of the port must not see this one's events. */
    d->evtchn->abi->clear_pending(d, port);
    chn->saved_pending = false;
    chn->state = EVTCHN_FREE;
    chn->vcpu = 0;
    d->evtchn->active--;
}

static void evtchn_part_locked(struct domain *d, evtchn_port_t port,
                               struct evtchn *chn)
{
    struct evtchn *far = evtchn_find(chn->peer->evtchn, chn->peer_port);

    ASSERT(far->state == EVTCHN_INTERDOMAIN);
    ASSERT(far->peer == d);
    spin_lock_two(&chn->lock, &far->lock);
    evtchn_free_locked(d, port, chn);
    far->state = EVTCHN_UNBOUND;
    far->unbound_dom = d->id;
    spin_unlock_two(&chn->lock, &far->lock);
}

/* With d's lock held: take that of the far end, too. The port is closed for the
   caller (-XEN_EINVAL) if it was led elsewhere while no lock was held. */
static int evtchn_lock_peer(struct domain *d, const struct evtchn *chn,
                            struct domain **peer)
{
    *peer = domain_find_get(chn->peer->id);
    ASSERT(*peer == chn->peer);
    spin_unlock(&d->evtchn->lock);
    spin_lock_two(&d->evtchn->lock, &(*peer)->evtchn->lock);
    if (chn->state != EVTCHN_INTERDOMAIN || chn->peer != *peer)
        return -XEN_EINVAL;
    return 0;
}

int evtchn_close(struct domain *d, evtchn_port_t port)
{
    struct evtchn *chn = evtchn_find(d->evtchn, port);
    struct domain *peer = NULL;
    int rc = 0;

    if (!chn)
        return -XEN_EINVAL;
    spin_lock(&d->evtchn->lock);
    if (chn->state == EVTCHN_INTERDOMAIN) {
        rc = evtchn_lock_peer(d, chn, &peer);
        if (!rc)
            evtchn_part_locked(d, port, chn);
    } else if (evtchn_usable(chn)) {
        spin_lock(&chn->lock);
        evtchn_free_locked(d, port, chn);
        spin_unlock(&chn->lock);
    } else {
        rc = -XEN_EINVAL;
    }
    if (peer && peer != d)
        spin_unlock(&peer->evtchn->lock);
    spin_unlock(&d->evtchn->lock);
    if (peer)
        domain_put(peer);
    return rc;
}

int evtchn_op_close(struct vcpu *v, void *arg)
{
    return evtchn_close(v->domain, ((struct evtchn_close *)arg)->port);
}

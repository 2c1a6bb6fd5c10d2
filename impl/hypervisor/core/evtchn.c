/*
 * Event channels: ports and their buckets, life with the domain, debug dump.
 */
#include "evtchn_priv.h"

#include "hv/heap.h"
#include "hv/log.h"

/* Ports looked at in one step of a relinquish. */
#define RELINQUISH_STEP 512

static_assert(EVTCHN_2L_NR_CHANNELS <= EVTCHN_FIFO_NR_CHANNELS,
              "the groups hold every port of either ABI");
static_assert(sizeof(struct evtchn_domain) <= PAGE_SIZE, "it is one page");
static_assert(DOMAIN_MAX_VCPUS <= 256, "evtchn.vcpu is 8 bits wide");

/* Where the pointer to the bucket of 'port' belongs; NULL without memory. */
static struct evtchn **evtchn_bucket_slot(struct evtchn_domain *e,
                                          evtchn_port_t port)
{
    struct evtchn ***group = &e->group[port / EVTCHN_GROUP_PORTS];

    if (port < EVTCHN_NEAR_PORTS)
        return &e->near[port / EVTCHN_BUCKET_PORTS];
    if (!*group)
        *group = heap_alloc(EVTCHN_GROUP_BUCKETS * sizeof(**group));
    if (!*group)
        return NULL;
    return &(*group)[port / EVTCHN_BUCKET_PORTS % EVTCHN_GROUP_BUCKETS];
}

/* Back the next EVTCHN_BUCKET_PORTS ports. */
static int evtchn_bucket_add_locked(struct evtchn_domain *e)
{
    struct evtchn **slot = evtchn_bucket_slot(e, e->ports);

    if (!slot)
        return -XEN_ENOMEM;
    *slot = heap_alloc(EVTCHN_BUCKET_PORTS * sizeof(**slot));
    if (!*slot)
        return -XEN_ENOMEM;
    /* Pairs with evtchn_find(), which takes no lock. */
    __atomic_store_n(&e->ports, e->ports + EVTCHN_BUCKET_PORTS,
                     __ATOMIC_RELEASE);
    return 0;
}

int evtchn_find_free_locked(struct domain *d, evtchn_port_t *out)
{
    struct evtchn_domain *e = d->evtchn;

    if (d->dying)
        return -XEN_EINVAL;
    for (evtchn_port_t port = 1; port <= e->max_port; port++) {
        if (port >= e->abi->max_ports)
            return -XEN_ENOSPC;
        if (port >= e->ports) {
            *out = port;
            return evtchn_bucket_add_locked(e);
        }
        if (evtchn_find(e, port)->state == EVTCHN_FREE &&
            !(e->abi->is_busy && e->abi->is_busy(d, port))) {
            *out = port;
            return 0;
        }
    }
    return -XEN_ENOSPC;
}

void evtchn_claim_locked(struct domain *d, struct evtchn *chn,
                         enum evtchn_state state, unsigned int vcpu,
                         uint32_t detail)
{
    struct evtchn_domain *e = d->evtchn;

    ASSERT(chn->state == EVTCHN_FREE);
    chn->state = state;
    chn->vcpu = vcpu;
    chn->detail = detail;
    e->active++;
    if (e->abi->bind)
        e->abi->bind(chn);
}

int evtchn_bind_free_locked(struct domain *d, enum evtchn_state state,
                            unsigned int vcpu, uint32_t detail,
                            evtchn_port_t *out)
{
    int rc = evtchn_find_free_locked(d, out);
    struct evtchn *chn;

    if (rc)
        return rc;
    chn = evtchn_find(d->evtchn, *out);
    spin_lock(&chn->lock);
    evtchn_claim_locked(d, chn, state, vcpu, detail);
    spin_unlock(&chn->lock);
    return 0;
}

int evtchn_domain_init(struct domain *d, unsigned int max_port)
{
    struct evtchn_domain *e = page_alloc_virt();

    if (!e)
        return -XEN_ENOMEM;
    e->abi = &evtchn_2l_abi;
    e->max_port = MIN(max_port, EVTCHN_FIFO_NR_CHANNELS - 1U);
    e->near[0] = e->first;
    e->ports = EVTCHN_BUCKET_PORTS;
    e->first[0].state = EVTCHN_RESERVED;
    d->evtchn = e;
    return 0;
}

int evtchn_vcpu_init(struct vcpu *v)
{
    if (v->id < EVTCHN_NEAR_VCPUS)
        v->evtchn = &v->domain->evtchn->vcpu[v->id];
    else
        v->evtchn = heap_alloc(sizeof(*v->evtchn));
    return v->evtchn ? 0 : -XEN_ENOMEM;
}

/* One step: close some ports, from where the last step ended; with none bound,
   back to 2-level. A guest that goes on binding ports goes on with this, too. */
int evtchn_domain_relinquish(struct domain *d)
{
    struct evtchn_domain *e = d->evtchn;
    evtchn_port_t port, end;
    int rc = 0;

    if (!e)
        return 0;
    /* Who saw the domain alive has bound his port after this; none follows. */
    spin_lock(&e->lock);
    port = e->close_next;
    end = MIN(port + RELINQUISH_STEP, e->ports);
    e->close_next = end < e->ports ? end : 0;
    spin_unlock(&e->lock);

    for (; port < end; port++)
        if (evtchn_usable(evtchn_find(e, port)))
            (void)evtchn_close(d, port); /* the peer was faster */

    spin_lock(&e->lock);
    if (e->active)
        rc = -XEN_ERESTART;
    else
        evtchn_fifo_leave_locked(d);
    spin_unlock(&e->lock);
    return rc;
}

int evtchn_op_reset(struct vcpu *v, void *arg)
{
    struct domain *d;
    int rc = domain_target_get(v, ((struct evtchn_reset *)arg)->dom, &d);

    if (rc)
        return rc;
    rc = d != v->domain && !d->ctl_pause_count ? -XEN_EINVAL
                                               : evtchn_domain_relinquish(d);
    domain_put(d);
    return rc;
}

void evtchn_domain_fini(struct domain *d)
{
    struct evtchn_domain *e = d->evtchn;

    if (!e)
        return;
    for (unsigned int b = 1; b < EVTCHN_NEAR_BUCKETS; b++)
        heap_free(e->near[b]);
    for (unsigned int g = 0; g < EVTCHN_GROUPS && e->group[g]; g++) {
        for (unsigned int b = 0; b < EVTCHN_GROUP_BUCKETS; b++)
            heap_free(e->group[g][b]);
        heap_free(e->group[g]);
    }
    d->evtchn = NULL;
    page_free_virt(e);
}

void evtchn_vcpu_fini(struct vcpu *v)
{
    struct evtchn_vcpu *ev = v->evtchn;

    if (v->id >= EVTCHN_NEAR_VCPUS)
        heap_free(ev);
    else if (ev)
        *ev = (struct evtchn_vcpu){.control = NULL};
    v->evtchn = NULL;
}

static const char *const state_name[] = {
    [EVTCHN_FREE] = "free",       [EVTCHN_RESERVED] = "reserved",
    [EVTCHN_UNBOUND] = "unbound", [EVTCHN_INTERDOMAIN] = "interdomain",
    [EVTCHN_VIRQ] = "virq",       [EVTCHN_IPI] = "ipi",
};

static void evtchn_dump_port(struct domain *d, evtchn_port_t port,
                             const struct evtchn *chn)
{
    const struct evtchn_abi *abi = d->evtchn->abi;
    bool linked = chn->state == EVTCHN_INTERDOMAIN;

    log_info("port %u: %s vcpu=%u pending=%d masked=%d detail=%u peer=d%d",
             port, state_name[chn->state], chn->vcpu, abi->is_pending(d, port),
             abi->is_masked(d, port), chn->detail, linked ? chn->peer->id : -1);
}

void evtchn_dump(struct domain *d)
{
    struct evtchn_domain *e = d->evtchn;

    spin_lock(&e->lock);
    log_info("domain %u: %u event channels, %s, polling vcpus 0x%lx", d->id,
             e->active, e->abi == &evtchn_fifo_abi ? "fifo" : "2-level",
             e->poll_mask[0]);
    for (evtchn_port_t port = 1; port < e->ports; port++) {
        const struct evtchn *chn = evtchn_find(e, port);

        if (evtchn_usable(chn))
            evtchn_dump_port(d, port, chn);
    }
    spin_unlock(&e->lock);
}

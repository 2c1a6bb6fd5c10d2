/*
 * Memory hypercall: dispatch, and the sub-operations that only ask.
 */
#include "memory.h"

#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/p2m.h"

#include "base/string.h"

static const struct {
    memop_fn *fn;
    uint8_t bytes; /* of the request; 0: the operation copies it itself */
    uint8_t domid_at;
} memops[MEMOP_CMD_MASK + 1] = {
#define MEMOP(nr, name) [nr] = {memop_##name, 0, 0},
#define MEMOP_ON(nr, name, request)               \
    [nr] = {memop_##name, sizeof(struct request), \
            offsetof(struct request, domid)},
#include "memory.def"
#undef MEMOP
#undef MEMOP_ON
};

union memop_request {
#define MEMOP(nr, name)
#define MEMOP_ON(nr, name, request) struct request request_##nr;
#include "memory.def"
#undef MEMOP
#undef MEMOP_ON
};

long memop_restart(struct memop *m, unsigned long done)
{
    m->arg[0] = m->cmd | done << MEMOP_EXTENT_SHIFT;
    return -XEN_ERESTART;
}

long do_memory_op(struct vcpu *v, unsigned long arg[5])
{
    struct memop m = {
        .v = v,
        .cmd = arg[0] & MEMOP_CMD_MASK,
        .u = arg[1],
        .start = arg[0] >> MEMOP_EXTENT_SHIFT,
        .arg = arg,
    };
    union memop_request r;
    domid_t id;
    long rc;

    if (!memops[m.cmd].fn)
        return -XEN_ENOSYS;
    if (!memops[m.cmd].bytes)
        return memops[m.cmd].fn(&m, NULL);
    if (guest_copy_from(v, &r, m.u, memops[m.cmd].bytes))
        return -XEN_EFAULT;
    memcpy(&id, (char *)&r + memops[m.cmd].domid_at, sizeof(id));
    rc = domain_target_get(v, id, &m.d);
    if (rc)
        return rc;
    rc = memops[m.cmd].fn(&m, &r);
    domain_put(m.d);
    return rc;
}

/* XENMEM_current_reservation, _maximum_reservation, _maximum_gpfn. */
long memop_domain_figure(struct memop *m, void *request)
{
    switch (m->cmd) {
    case XENMEM_current_reservation:
        return (long)m->d->tot_pages;
    case XENMEM_maximum_reservation:
        return (long)m->d->max_pages;
    default:
        return (long)gfn_x(p2m_max_gfn(m->d));
    }
}

/* Of the machine: one beyond the last. */
long memop_maximum_ram_page(struct memop *m, void *request)
{
    struct xen_sysctl_physinfo pi = {0};

    arch_physinfo(&pi);
    return (long)pi.max_mfn + 1;
}

/* Nothing is ever shared. */
long memop_get_sharing_pages(struct memop *m, void *request)
{
    return 0;
}

long memop_claim_pages(struct memop *m, void *request)
{
    struct xen_memory_reservation r;
    struct domain *d;
    long rc;

    if (!m->v->domain->privileged)
        return -XEN_EPERM;
    if (guest_copy_from(m->v, &r, m->u, sizeof(r)))
        return -XEN_EFAULT;
    if (guest_ptr(r.extent_start) || r.extent_order || r.mem_flags)
        return -XEN_EINVAL;
    d = domain_find_get(r.domid);
    if (!d)
        return -XEN_EINVAL;
    rc = d->dying ? -XEN_EINVAL : page_claim(d, r.nr_extents);
    domain_put(d);
    return rc;
}

/* No domain is populated on demand: nothing to move, the counters are true. */
long memop_pod_target(struct memop *m, void *request)
{
    struct xen_pod_target *t = request;

    if (m->cmd == XENMEM_set_pod_target && !m->v->domain->privileged)
        return -XEN_EPERM;
    if (m->cmd == XENMEM_set_pod_target && t->target_pages > m->d->max_pages)
        return -XEN_EINVAL;
    t->tot_pages = m->d->tot_pages;
    t->pod_cache_pages = 0;
    t->pod_entries = 0;
    return guest_copy_to(m->v, m->u, t, sizeof(*t));
}

/* No domain sees nodes. */
long memop_get_vnumainfo(struct memop *m, void *request)
{
    const struct xen_vnuma_topology_info *i = request;

    return i->pad ? -XEN_EINVAL : -XEN_EOPNOTSUPP;
}

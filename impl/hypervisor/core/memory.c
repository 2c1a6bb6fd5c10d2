/*
 * Memory hypercall: dispatch, and the sub-operations that only ask.
 */
#include "memory.h"

#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/p2m.h"

static memop_fn *const memops[MEMOP_CMD_MASK + 1] = {
#define MEMOP(nr, name) [nr] = memop_##name,
#include "memory.def"
#undef MEMOP
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

    return memops[m.cmd] ? memops[m.cmd](&m) : -XEN_ENOSYS;
}

static long domain_figure(const struct memop *m, struct domain *d)
{
    switch (m->cmd) {
    case XENMEM_current_reservation:
        return (long)d->tot_pages;
    case XENMEM_maximum_reservation:
        return (long)d->max_pages;
    default:
        return (long)gfn_x(p2m_max_gfn(d));
    }
}

/* XENMEM_current_reservation, _maximum_reservation, _maximum_gpfn. */
long memop_domain_figure(struct memop *m)
{
    struct domain *d;
    domid_t id;
    long rc;

    if (guest_copy_from(m->v, &id, m->u, sizeof(id)))
        return -XEN_EFAULT;
    rc = domain_target_get(m->v, id, &d);
    if (rc)
        return rc;
    rc = domain_figure(m, d);
    domain_put(d);
    return rc;
}

/* Of the machine: one beyond the last. */
long memop_maximum_ram_page(struct memop *m)
{
    struct xen_sysctl_physinfo pi = {0};

    arch_physinfo(&pi);
    return (long)pi.max_mfn + 1;
}

/* Nothing is ever shared. */
long memop_get_sharing_pages(struct memop *m)
{
    return 0;
}

long memop_claim_pages(struct memop *m)
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
long memop_set_pod_target(struct memop *m)
{
    struct xen_pod_target t;
    struct domain *d;
    long rc;

    if (guest_copy_from(m->v, &t, m->u, sizeof(t)))
        return -XEN_EFAULT;
    rc = domain_target_get(m->v, t.domid, &d);
    if (rc)
        return rc;
    if (!m->v->domain->privileged)
        rc = -XEN_EPERM;
    else if (t.target_pages > d->max_pages)
        rc = -XEN_EINVAL;
    t.tot_pages = d->tot_pages;
    t.pod_cache_pages = 0;
    t.pod_entries = 0;
    domain_put(d);
    return rc ? rc : guest_copy_to(m->v, m->u, &t, sizeof(t));
}

/* No domain sees nodes. */
long memop_get_vnumainfo(struct memop *m)
{
    return -XEN_EOPNOTSUPP;
}

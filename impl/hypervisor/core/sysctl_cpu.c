/*
 * System control hypercall: CPUs, their topology, pool and scheduler.
 *
 * All CPUs are in pool 0 and stay there.
 */
#include "guest_bitmap.h"
#include "sysctl.h"

#include "hv/arch.h"
#include "hv/guest.h"

#include "base/string.h"

#define POOL_ID        0
#define PCI_DEVS_BATCH 64

long sysctl_sched_id(struct vcpu *v, struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

long sysctl_scheduler_op(struct vcpu *v, struct xen_sysctl *op)
{
    if (op->u.scheduler_op.cpupool_id != POOL_ID)
        return -XEN_ESRCH;
    return sched_adjust_global(&op->u.scheduler_op);
}

long sysctl_getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
    unsigned int nr = MIN(g->max_cpus, cpu_count);

    for (unsigned int i = 0; i < nr; i++) {
        struct xen_sysctl_cpuinfo info = {.idletime = cpu_idle_ns(i)};

        if (guest_write(v, g->info, i, &info))
            return -XEN_EFAULT;
    }
    g->nr_cpus = nr;
    return 0;
}

long sysctl_cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
    unsigned int nr = MIN(t->num_cpus, cpu_count);

    for (unsigned int i = 0; guest_ptr(t->cputopo) && i < nr; i++) {
        struct xen_sysctl_cputopo c = {0};

        arch_cputopo(i, &c);
        if (guest_write(v, t->cputopo, i, &c))
            return -XEN_EFAULT;
    }
    t->num_cpus = guest_ptr(t->cputopo) ? nr : cpu_count;
    return 0;
}

/* Which node a device is at is not known; tools ask again for the rest. */
long sysctl_pcitopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
    const uint32_t node = XEN_INVALID_NODE_ID;

    if (!guest_ptr(t->devs) || !guest_ptr(t->nodes))
        return -XEN_EINVAL;
    t->num_devs = MIN(t->num_devs, PCI_DEVS_BATCH);
    for (uint32_t i = 0; i < t->num_devs; i++)
        if (guest_write(v, t->nodes, i, &node))
            return -XEN_EFAULT;
    return 0;
}

/* --- The pool --- */

static uint32_t domains_count(void)
{
    uint32_t nr = 0, from = 0;
    struct domain *d;

    while ((d = domain_next_get((domid_t)from))) {
        from = d->id + 1U;
        nr++;
        domain_put(d);
    }
    return nr;
}

static long pool_info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
    struct cpumask m;

    if (p->cpupool_id != POOL_ID)
        return -XEN_ENOENT;
    p->sched_id = XEN_SCHEDULER_CREDIT2;
    p->n_dom = domains_count();
    cpumask_online(&m);
    return guest_bitmap_write(v, &p->cpumap, &m);
}

static long pool_free_cpus(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
    struct cpumask none = {{0}};

    return guest_bitmap_write(v, &p->cpumap, &none);
}

/* What changes pools meets the errors of a host whose pool cannot change. */
long sysctl_cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(v, p);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return pool_free_cpus(v, p);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return p->cpupool_id == POOL_ID ? -XEN_EBUSY : -XEN_ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return p->cpupool_id == POOL_ID ? 0 : -XEN_ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}

/*
 * Domain control hypercall: vCPUs, where they run and how much.
 */
#include "domctl.h"
#include "guest_bitmap.h"

#include "hv/guest.h"
#include "hv/sched.h"

long domctl_getvcpuinfo(struct domctl *c)
{
    struct xen_domctl_getvcpuinfo *i = &c->op->u.getvcpuinfo;
    struct vcpu_runstate_info r;
    struct vcpu *v;
    int rc = domctl_vcpu(c->d, i->vcpu, &v);

    if (rc)
        return rc;
    vcpu_runstate_get(v, &r);
    i->online = !bit_test(&v->pause_flags, VPF_DOWN);
    i->blocked = bit_test(&v->pause_flags, VPF_BLOCKED);
    i->running = !i->blocked && vcpu_is_running(v);
    i->cpu_time = r.time[RUNSTATE_running];
    i->cpu = vcpu_cpu(v);
    return 0;
}

/* Tools get back what it comes to: cut to hard affinity, if soft, and to the
   CPUs that there are. */
static int affinity_set(struct domctl *c, struct vcpu *v,
                        const struct xenctl_bitmap *map, bool is_hard)
{
    struct cpumask m, hard, soft, online;
    int rc = guest_bitmap_read(c->v, &m, map);

    if (!rc)
        rc = sched_set_affinity(v, &m, is_hard);
    if (rc)
        return rc;
    sched_get_affinity(v, &hard, &soft);
    cpumask_and(&m, &hard);
    cpumask_online(&online);
    cpumask_and(&m, &online);
    return guest_bitmap_write(c->v, map, &m);
}

long domctl_setvcpuaffinity(struct domctl *c)
{
    const struct xen_domctl_vcpuaffinity *a = &c->op->u.vcpuaffinity;
    struct vcpu *v;
    int rc = domctl_vcpu(c->d, a->vcpu, &v);

    if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD))
        rc = affinity_set(c, v, &a->cpumap_hard, true);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = affinity_set(c, v, &a->cpumap_soft, false);
    return rc;
}

long domctl_getvcpuaffinity(struct domctl *c)
{
    const struct xen_domctl_vcpuaffinity *a = &c->op->u.vcpuaffinity;
    struct cpumask hard, soft;
    struct vcpu *v;
    int rc = domctl_vcpu(c->d, a->vcpu, &v);

    if (rc)
        return rc;
    sched_get_affinity(v, &hard, &soft);
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = guest_bitmap_write(c->v, &a->cpumap_hard, &hard);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = guest_bitmap_write(c->v, &a->cpumap_soft, &soft);
    return rc;
}

/* One node: affinity with it is all there is, but it must be asked for. */
long domctl_setnodeaffinity(struct domctl *c)
{
    struct cpumask m;
    int rc = guest_bitmap_read(c->v, &m, &c->op->u.nodeaffinity.nodemap);

    if (rc)
        return rc;
    return m.bits[0] & 1 ? 0 : -XEN_EINVAL;
}

long domctl_getnodeaffinity(struct domctl *c)
{
    struct cpumask m = {{1}};

    return guest_bitmap_write(c->v, &c->op->u.nodeaffinity.nodemap, &m);
}

long domctl_scheduler_op(struct domctl *c)
{
    return sched_adjust(c->d, &c->op->u.scheduler_op);
}

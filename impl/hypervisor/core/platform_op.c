/*
 * Platform hypercall: dom0's view of the machine (public/platform.h).
 */
#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"

#define NS_PER_S      1000000000ULL
#define RESOURCES_MAX 3 /* as upstream */

/* The time of day at 'system_time' was 'secs' and 'nsecs'; all guests see it. */
static long platform_settime64(const struct xenpf_settime64 *t)
{
    if (t->mbz || t->nsecs >= NS_PER_S)
        return -XEN_EINVAL;
    arch_wallclock_set(t->secs * NS_PER_S + t->nsecs - t->system_time);
    domain_each(domain_wallclock_update);
    return 0;
}

static long platform_get_cpuinfo(struct vcpu *v, struct xen_platform_op *op,
                                 uint64_t u)
{
    struct xenpf_pcpuinfo *i = &op->u.pcpu_info;

    i->max_present = cpu_count - 1;
    if (i->xen_cpuid >= cpu_count) {
        i->flags = XEN_PCPU_FLAGS_INVALID;
    } else {
        i->flags = XEN_PCPU_FLAGS_ONLINE;
        arch_cpu_ids(i);
    }
    return guest_copy_to(v, u, op, sizeof(*op));
}

/* Tools ask so for MSRs of Intel's CPUs: each is refused, as upstream refuses
   them on other CPUs, and none is done. */
static long platform_resource_op(struct vcpu *v, struct xenpf_resource_op *r)
{
    struct xenpf_resource_entry e;

    if (r->cpu >= cpu_count)
        return -XEN_ENODEV;
    if (!r->nr_entries || r->nr_entries > RESOURCES_MAX)
        return -XEN_EINVAL;
    if (guest_read(v, &e, r->entries, 0))
        return -XEN_EFAULT;
    e.u.ret = e.rsvd                                ? -XEN_EINVAL
              : e.u.cmd > XEN_RESOURCE_OP_MSR_WRITE ? -XEN_EOPNOTSUPP
                                                    : -XEN_EPERM;
    return guest_write(v, r->entries, 0, &e);
}

long do_platform_op(struct vcpu *v, unsigned long arg[5])
{
    struct xen_platform_op op;

    if (guest_copy_from(v, &op, arg[0], sizeof(op)))
        return -XEN_EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -XEN_EACCES;
    switch (op.cmd) {
    case XENPF_settime64:
        return platform_settime64(&op.u.settime64);
    case XENPF_get_cpuinfo:
        return platform_get_cpuinfo(v, &op, arg[0]);
    case XENPF_resource_op:
        return platform_resource_op(v, &op.u.resource_op);
    default:
        return -XEN_ENOSYS;
    }
}

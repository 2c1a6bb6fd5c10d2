/*
 * System control and platform operations with x86 content (public/sysctl.h,
 * public/platform.h).
 */
#include "x86/percpu.h"
#include "x86/policy_op.h"
#include "x86/vcpu.h"

#include "hv/guest.h"
#include "hv/heap.h"

/* --- Policies --- */

/* Which of ours answers an index of the interface; false: PV, not there. */
static bool kind_of(uint32_t index, enum policy_kind *kind)
{
    *kind = index <= XEN_SYSCTL_cpu_policy_host ? POLICY_RAW : POLICY_HVM;
    return index <= XEN_SYSCTL_cpu_policy_host ||
           index == XEN_SYSCTL_cpu_policy_hvm_max ||
           index == XEN_SYSCTL_cpu_policy_hvm_default;
}

static long get_policy(struct vcpu *v, struct xen_sysctl *op, uint64_t u)
{
    struct xen_sysctl_cpu_policy *q = &op->u.cpu_policy;
    struct policy_buffers b = {guest_ptr(q->leaves), guest_ptr(q->msrs),
                               q->nr_leaves, q->nr_msrs};
    enum policy_kind kind;
    struct cpu_policy *p;
    int rc;

    if (q->_rsvd || q->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return -XEN_EINVAL;
    if (!kind_of(q->index, &kind))
        return -XEN_EOPNOTSUPP;
    p = heap_alloc(sizeof(*p));
    if (!p)
        return -XEN_ENOMEM;
    cpu_policy_fill(p, kind);
    rc = policy_out(v, p, &b);
    heap_free(p);
    if (rc)
        return rc;
    q->nr_leaves = b.nr_leaves;
    q->nr_msrs = b.nr_msrs;
    return guest_copy_to(v, u, op, sizeof(*op));
}

static long get_featureset(struct vcpu *v, struct xen_sysctl *op, uint64_t u)
{
    struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
    uint32_t nr = MIN(f->nr_features, (uint32_t)FEATURE_WORDS);
    uint32_t word[FEATURE_WORDS];
    struct cpu_policy *p;

    if (f->index > XEN_SYSCTL_cpu_featureset_hvm_max)
        return -XEN_EINVAL;
    if (f->index == XEN_SYSCTL_cpu_featureset_pv ||
        f->index == XEN_SYSCTL_cpu_featureset_pv_max)
        return -XEN_EOPNOTSUPP;
    if (!guest_ptr(f->features)) {
        f->nr_features = FEATURE_WORDS;
        return guest_copy_to(v, u, op, sizeof(*op));
    }
    p = heap_alloc(sizeof(*p));
    if (!p)
        return -XEN_ENOMEM;
    cpu_policy_fill(p, f->index <= XEN_SYSCTL_cpu_featureset_host ? POLICY_RAW
                                                                  : POLICY_HVM);
    cpu_policy_features(p, word);
    heap_free(p);
    if (guest_copy_to(v, guest_ptr(f->features), word, nr * sizeof(word[0])))
        return -XEN_EFAULT;
    f->nr_features = nr;
    if (guest_copy_to(v, u, op, sizeof(*op)))
        return -XEN_EFAULT;
    return nr < FEATURE_WORDS ? -XEN_ENOBUFS : 0;
}

long arch_sysctl(struct vcpu *v, struct xen_sysctl *op, uint64_t u_sysctl)
{
    switch (op->cmd) {
    case XEN_SYSCTL_get_cpu_policy:
        return get_policy(v, op, u_sysctl);
    case XEN_SYSCTL_get_cpu_featureset:
        return get_featureset(v, op, u_sysctl);
    default:
        return -XEN_ENOSYS;
    }
}

void arch_cpu_ids(struct xenpf_pcpuinfo *i)
{
    i->apic_id = percpu_of(i->xen_cpuid)->apic_id;
    i->acpi_id = i->xen_cpuid;
}

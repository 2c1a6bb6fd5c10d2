/*
 * Domain control operations with x86 content (public/domctl.h); one function
 * each, found by table.
 */
#include "x86/hvm_context.h"
#include "x86/policy_op.h"
#include "x86/time.h"
#include "x86/vcpu.h"

#include "hv/guest.h"
#include "hv/log.h"

/* XEN_DOMCTL_settscinfo: default (0), always, never. */
#define TSC_MODE_ALWAYS_EMULATE 1
#define TSC_MODE_NEVER_EMULATE  2

typedef long arch_domctl_fn(struct vcpu *v, struct domain *d,
                            struct xen_domctl *op, uint64_t u);

static int copy_back(struct vcpu *v, const struct xen_domctl *op, uint64_t u)
{
    return guest_copy_to(v, u, op, sizeof(*op));
}

/* --- vCPU state --- */

static long get_context(struct vcpu *v, struct domain *d, struct xen_domctl *op,
                        uint64_t u)
{
    struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
    long rc;

    domain_pause(d);
    rc = guest_ptr(c->buffer)
             ? hvm_context_save(v, d, guest_ptr(c->buffer), c->size)
             : (long)hvm_context_bytes(d);
    domain_unpause(d);
    if (rc < 0)
        return rc;
    c->size = rc;
    return copy_back(v, op, u);
}

static long set_context(struct vcpu *v, struct domain *d, struct xen_domctl *op,
                        uint64_t u)
{
    const struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
    long rc;

    domain_pause(d);
    rc = hvm_context_load(v, d, guest_ptr(c->buffer), c->size);
    domain_unpause(d);
    return rc;
}

/* --- CPU policy --- */

static struct policy_buffers buffers_of(const struct xen_domctl_cpu_policy *p)
{
    return (struct policy_buffers){
        .u_leaves = guest_ptr(p->leaves),
        .u_msrs = guest_ptr(p->msrs),
        .nr_leaves = p->nr_leaves,
        .nr_msrs = p->nr_msrs,
    };
}

static long get_cpu_policy(struct vcpu *v, struct domain *d,
                           struct xen_domctl *op, uint64_t u)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    struct policy_buffers b = buffers_of(p);
    int rc = policy_out(v, d->arch->policy, &b);

    if (rc)
        return rc;
    p->nr_leaves = b.nr_leaves;
    p->nr_msrs = b.nr_msrs;
    return copy_back(v, op, u);
}

static long set_cpu_policy(struct vcpu *v, struct domain *d,
                           struct xen_domctl *op, uint64_t u)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    struct policy_buffers b = buffers_of(p);
    struct policy_error e;
    int rc;

    if (d->creation_finished)
        return -XEN_EEXIST;
    rc = policy_in(v, d->arch->policy, &b, &e);
    if (!rc)
        return 0;
    p->err_leaf = e.leaf;
    p->err_subleaf = e.subleaf;
    p->err_msr = e.msr;
    return copy_back(v, op, u) ? -XEN_EFAULT : rc;
}

/* --- TSC --- */

/* The TSC is constant and never intercepted: what "emulate" demands is not
   there. */
static long set_tsc_info(struct vcpu *v, struct domain *d,
                         struct xen_domctl *op, uint64_t u)
{
    const struct xen_domctl_tsc_info *t = &op->u.tsc_info;

    if (t->tsc_mode == TSC_MODE_ALWAYS_EMULATE)
        return -XEN_EOPNOTSUPP;
    if (t->tsc_mode > TSC_MODE_NEVER_EMULATE)
        return -XEN_EINVAL;
    d->arch->tsc_mode = t->tsc_mode;
    d->arch->tsc_incarnation = t->incarnation;
    return 0;
}

static long get_tsc_info(struct vcpu *v, struct domain *d,
                         struct xen_domctl *op, uint64_t u)
{
    op->u.tsc_info = (struct xen_domctl_tsc_info){
        .tsc_mode = d->arch->tsc_mode,
        .gtsc_khz = tsc_khz(),
        .incarnation = d->arch->tsc_incarnation,
        .elapsed_nsec = arch_now_ns() + d->time_offset_ns,
    };
    return copy_back(v, op, u);
}

static const struct {
    uint32_t cmd;
    arch_domctl_fn *fn;
    bool other; /* not on the caller itself */
} rows[] = {
    {XEN_DOMCTL_gethvmcontext, get_context, true},
    {XEN_DOMCTL_sethvmcontext, set_context, true},
    {XEN_DOMCTL_get_cpu_policy, get_cpu_policy, false},
    {XEN_DOMCTL_set_cpu_policy, set_cpu_policy, true},
    {XEN_DOMCTL_settscinfo, set_tsc_info, true},
    {XEN_DOMCTL_gettscinfo, get_tsc_info, true},
};

long arch_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op,
                 uint64_t u_domctl)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].cmd == op->cmd)
            return rows[i].other && d == v->domain
                       ? -XEN_EINVAL
                       : rows[i].fn(v, d, op, u_domctl);
    return -XEN_ENOSYS;
}

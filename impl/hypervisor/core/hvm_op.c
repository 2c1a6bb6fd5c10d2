/*
 * HVM hypercall: parameters of a domain and a few odd services.
 */
#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"

#define UPCALL_VECTOR_MIN 0x10

typedef long hvm_op_fn(struct vcpu *v, uint64_t u);

enum param_who { PARAM_CONTROL, PARAM_GUEST, PARAM_NONE };
enum param_change { PARAM_FREE, PARAM_ONCE };

struct param {
    uint8_t set; /* enum param_who */
    uint8_t get;
    uint8_t change;    /* enum param_change */
    uint32_t step;     /* values are multiples of it; 0: any value */
    uint32_t min, max; /* none there: no such device */
};

static const struct param params[HVM_NR_PARAMS] = {
#define HVMPARAM(n, s, g, c, ...) \
    [HVM_PARAM_##n] = {PARAM_##s, PARAM_##g, PARAM_##c, __VA_ARGS__},
#include "hvm_param.def"
#undef HVMPARAM
};

static int param_permit(const struct vcpu *v, const struct domain *d,
                        uint8_t who)
{
    if (who == PARAM_NONE)
        return -XEN_EINVAL;
    return who == PARAM_CONTROL && d == v->domain ? -XEN_EPERM : 0;
}

static int param_check(const struct param *p, uint64_t value)
{
    if (!p->step || (value >= p->min && value <= p->max && !(value % p->step)))
        return 0;
    return p->min > p->max ? -XEN_ENODEV : -XEN_EINVAL;
}

static int param_store(struct domain *d, uint32_t index, uint64_t value)
{
    int rc = 0;

    spin_lock(&d->lock);
    if (params[index].change == PARAM_ONCE && d->hvm_params[index] &&
        d->hvm_params[index] != value)
        rc = -XEN_EEXIST;
    else
        d->hvm_params[index] = value;
    spin_unlock(&d->lock);
    return rc;
}

static int param_set(struct vcpu *v, struct domain *d, uint32_t index,
                     uint64_t value)
{
    const struct param *p = &params[index];
    int rc = param_permit(v, d, p->set);

    if (!rc)
        rc = param_check(p, value);
    if (!rc)
        rc = param_store(d, index, value);
    return rc ? rc : arch_hvm_param_set(d, index, value);
}

/* Both calls: the request, and the domain that it may be about. */
static long param_request(struct vcpu *v, uint64_t u, struct xen_hvm_param *p,
                          struct domain **d)
{
    if (guest_copy_from(v, p, u, sizeof(*p)))
        return -XEN_EFAULT;
    if (p->index >= HVM_NR_PARAMS)
        return -XEN_EINVAL;
    return domain_target_get(v, p->domid, d);
}

static long hvm_op_set_param(struct vcpu *v, uint64_t u)
{
    struct xen_hvm_param p;
    struct domain *d;
    long rc = param_request(v, u, &p, &d);

    if (rc)
        return rc;
    rc = param_set(v, d, p.index, p.value);
    domain_put(d);
    return rc;
}

static long hvm_op_get_param(struct vcpu *v, uint64_t u)
{
    struct xen_hvm_param p;
    struct domain *d;
    long rc = param_request(v, u, &p, &d);

    if (rc)
        return rc;
    rc = param_permit(v, d, params[p.index].get);
    p.value = d->hvm_params[p.index];
    domain_put(d);
    return rc ? rc : guest_copy_to(v, u, &p, sizeof(p));
}

/* A hint for shadow page tables, which do not exist; upstream's answer. */
static long hvm_op_pagetable_dying(struct vcpu *v, uint64_t u)
{
    return -XEN_EINVAL;
}

static long hvm_op_set_upcall_vector(struct vcpu *v, uint64_t u)
{
    struct xen_hvm_evtchn_upcall_vector c;
    struct vcpu *target;

    if (guest_copy_from(v, &c, u, sizeof(c)))
        return -XEN_EFAULT;
    if (c.vector < UPCALL_VECTOR_MIN)
        return -XEN_EINVAL;
    target = domain_vcpu(v->domain, c.vcpu);
    return target ? arch_set_upcall_vector(target, c.vector) : -XEN_ENOENT;
}

static hvm_op_fn *const hvm_ops[] = {
#define HVMOP(nr, name) [nr] = hvm_op_##name,
#include "hvm_op.def"
#undef HVMOP
};

long do_hvm_op(struct vcpu *v, unsigned long arg[5])
{
    if (arg[0] >= ARRAY_SIZE(hvm_ops) || !hvm_ops[arg[0]])
        return -XEN_ENOSYS;
    return hvm_ops[arg[0]](v, arg[1]);
}

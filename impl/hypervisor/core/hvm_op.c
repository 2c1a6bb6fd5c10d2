/*
 * HVM hypercall: parameters of a domain and a few odd services.
 */
#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"

#define UPCALL_VECTOR_MIN 0x10
#define IOREQ_PAGES_MAX   64

typedef long hvm_op_fn(struct vcpu *v, uint64_t u);

enum param_who { PARAM_CONTROL, PARAM_GUEST, PARAM_NONE };
enum param_change { PARAM_FREE, PARAM_ONCE };

struct param {
    int (*check)(uint64_t value); /* NULL: any value */
    uint8_t set;                  /* enum param_who */
    uint8_t get;
    uint8_t change; /* enum param_change */
};

static int check_zero(uint64_t value)
{
    return value ? -XEN_EINVAL : 0;
}

static int check_u32(uint64_t value)
{
    return value > UINT32_MAX ? -XEN_EINVAL : 0;
}

static int check_timer_mode(uint64_t value)
{
    return value > HVMPTM_one_missed_tick_pending ? -XEN_EINVAL : 0;
}

static int check_shutdown_code(uint64_t value)
{
    return value > SHUTDOWN_MAX ? -XEN_EINVAL : 0;
}

static int check_ioreq_pages(uint64_t value)
{
    return value < 1 || value > IOREQ_PAGES_MAX ? -XEN_EINVAL : 0;
}

static int check_fip_width(uint64_t value)
{
    return value == 0 || value == 4 || value == 8 ? 0 : -XEN_EINVAL;
}

static int check_no_pm_timer(uint64_t value)
{
    return -XEN_ENODEV;
}

static const struct param params[HVM_NR_PARAMS] = {
#define HVMPARAM(n, s, g, c, f) \
    [HVM_PARAM_##n] = {f, PARAM_##s, PARAM_##g, PARAM_##c},
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

    if (!rc && p->check)
        rc = p->check(value);
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
    if (c.vcpu >= v->domain->max_vcpus)
        return -XEN_ENOENT;
    target = __atomic_load_n(&v->domain->vcpu[c.vcpu], __ATOMIC_ACQUIRE);
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

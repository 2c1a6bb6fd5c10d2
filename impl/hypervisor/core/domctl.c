/*
 * Domain control hypercall: dispatch and the domain's life.
 *
 * One lock for all of them. It is only tried: a holder may wait for other CPUs
 * to leave their guests, so a contender asks its guest to come again instead.
 */
#include "domctl.h"

#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/log.h"

#include "base/string.h"

#define CDF_KNOWN                                                       \
    (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_oos_off | \
     XEN_DOMCTL_CDF_xs_domain)
#define CDF_NEEDED (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)

struct domctl_row {
    domctl_fn *fn;
    uint8_t needs;
};

static struct spinlock domctl_lock;

enum { OTHER = DOMCTL_OTHER, NONE = DOMCTL_NONE, OUT = DOMCTL_OUT };

static const struct domctl_row rows[] = {
#define DOMCTL(nr, name, needs) [nr] = {domctl_##name, needs},
#include "domctl.def"
#undef DOMCTL
};

static const struct domctl_row *row_find(uint32_t cmd)
{
    return cmd < ARRAY_SIZE(rows) && rows[cmd].fn ? &rows[cmd] : NULL;
}

static long row_run(const struct domctl_row *r, struct domctl *c, uint64_t u)
{
    long rc;

    if ((r->needs & DOMCTL_OTHER) && c->d == c->v->domain)
        return -XEN_EINVAL;
    rc = r->fn(c);
    if (rc >= 0 && (r->needs & DOMCTL_OUT) &&
        guest_copy_to(c->v, u, c->op, sizeof(*c->op)))
        return -XEN_EFAULT;
    return rc;
}

static long domctl_run(struct vcpu *v, struct xen_domctl *op, uint64_t u)
{
    const struct domctl_row *r = row_find(op->cmd);
    struct domctl c = {.v = v, .op = op};
    long rc;

    if (!r || !(r->needs & DOMCTL_NONE)) {
        c.d = domain_find_get(op->domain);
        if (!c.d)
            return -XEN_ESRCH;
    }
    if (!spin_trylock(&domctl_lock)) {
        rc = -XEN_ERESTART;
    } else {
        rc = r ? row_run(r, &c, u) : arch_domctl(v, c.d, op, u);
        spin_unlock(&domctl_lock);
    }
    if (c.d)
        domain_put(c.d);
    return rc;
}

long do_domctl(struct vcpu *v, unsigned long arg[5])
{
    struct xen_domctl op;

    if (guest_copy_from(v, &op, arg[0], sizeof(op)))
        return -XEN_EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -XEN_EACCES;
    return domctl_run(v, &op, arg[0]);
}

int domctl_vcpu(struct domain *d, uint32_t id, struct vcpu **out)
{
    if (id >= d->max_vcpus)
        return -XEN_EINVAL;
    *out = domain_vcpu(d, id);
    return *out ? 0 : -XEN_ESRCH;
}

/* --- Creation --- */

static int config_check(const struct xen_domctl_createdomain *c)
{
    if ((c->flags & ~CDF_KNOWN) || (c->flags & CDF_NEEDED) != CDF_NEEDED)
        return -XEN_EINVAL;
    if (c->iommu_opts || c->vmtrace_size)
        return -XEN_EINVAL;
    if (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask)
        return -XEN_EINVAL;
    if (c->max_vcpus < 1 || c->max_vcpus > DOMAIN_MAX_VCPUS)
        return -XEN_EINVAL;
    if (c->arch.misc_flags & ~XEN_X86_MSR_RELAXED)
        return -XEN_EINVAL;
    return c->cpupool_id ? -XEN_ENODEV : 0;
}

/* The id asked for, or any. */
static int id_choose(domid_t want, domid_t *id)
{
    if (want >= DOMID_FIRST_USER && want < DOMID_LIMIT) {
        *id = want;
        return domain_id_is_free(want) ? 0 : -XEN_EEXIST;
    }
    *id = domain_id_alloc();
    return *id == DOMID_INVALID ? -XEN_ENOMEM : 0;
}

long domctl_createdomain(struct domctl *c)
{
    struct domain_config config = {.abi = c->op->u.createdomain};
    struct domain *d;
    domid_t id;
    int rc = config_check(&config.abi);

    if (!rc)
        rc = arch_domain_check(&config);
    if (!rc)
        rc = id_choose(c->op->domain, &id);
    if (!rc)
        rc = domain_create(id, &config, &d);
    if (!rc)
        c->op->domain = id;
    return rc;
}

long domctl_max_vcpus(struct domctl *c)
{
    if (c->op->u.max_vcpus.max != c->d->max_vcpus || c->d->dying)
        return -XEN_EINVAL;
    for (unsigned int i = 0; i < c->d->max_vcpus; i++) {
        int rc = c->d->vcpu[i] ? 0 : vcpu_create(c->d, i, NULL);

        if (rc)
            return rc;
    }
    return 0;
}

/* --- Running and ending --- */

long domctl_destroydomain(struct domctl *c)
{
    int rc;

    do
        rc = domain_kill(c->d);
    while (rc == -XEN_ERESTART && !hypercall_preempt(c->v));
    return rc;
}

long domctl_pausedomain(struct domctl *c)
{
    return domain_ctl_pause(c->d);
}

long domctl_unpausedomain(struct domctl *c)
{
    return domain_ctl_unpause(c->d);
}

long domctl_resumedomain(struct domctl *c)
{
    domain_resume(c->d);
    return 0;
}

/* --- What a domain is like --- */

static uint32_t info_flags(const struct domain *d, uint32_t vcpu_flags)
{
    uint32_t f = vcpu_flags | XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;

    f |= d->dying == DOMDYING_DEAD ? XEN_DOMINF_dying : 0;
    f |= d->shut_down ? XEN_DOMINF_shutdown : 0;
    f |= d->ctl_pause_count ? XEN_DOMINF_paused : 0;
    f |= d->createflags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0;
    return f | (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
}

/* Blocked when all its vCPUs are, running when one of them is. */
static uint32_t info_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *i)
{
    uint32_t f = XEN_DOMINF_blocked;

    for (unsigned int n = 0; n < d->max_vcpus; n++) {
        struct vcpu *v = domain_vcpu(d, n);
        struct vcpu_runstate_info r;

        if (!v)
            continue;
        vcpu_runstate_get(v, &r);
        i->cpu_time += r.time[RUNSTATE_running];
        i->max_vcpu_id = n;
        if (bit_test(&v->pause_flags, VPF_DOWN))
            continue;
        i->nr_online_vcpus++;
        if (!bit_test(&v->pause_flags, VPF_BLOCKED))
            f &= ~XEN_DOMINF_blocked;
        if (vcpu_is_running(v))
            f |= XEN_DOMINF_running;
    }
    return i->nr_online_vcpus ? f : 0;
}

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *i)
{
    memset(i, 0, sizeof(*i));
    i->domain = d->id;
    i->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    i->flags = info_flags(d, info_vcpus(d, i));
    i->tot_pages = d->tot_pages;
    i->max_pages = d->max_pages;
    i->outstanding_pages = d->claim_pages;
    i->shared_info_frame = INVALID_FRAME;
    memcpy(i->handle, d->handle, sizeof(i->handle));
    i->gpaddr_bits = (uint8_t)(arch_max_gfn_bits() + PAGE_SHIFT);
    i->arch_config = d->arch_config;
}

/* The domain asked for, or the next one (tools walk the list this way). */
long domctl_getdomaininfo(struct domctl *c)
{
    struct domain *d;

    if (c->op->domain >= DOMID_FIRST_RESERVED)
        return -XEN_EINVAL;
    d = domain_next_get(c->op->domain);
    if (!d)
        return -XEN_ESRCH;
    domain_info(d, &c->op->u.getdomaininfo);
    c->op->domain = d->id;
    domain_put(d);
    return 0;
}

long domctl_setdomainhandle(struct domctl *c)
{
    spin_lock(&c->d->lock);
    memcpy(c->d->handle, c->op->u.setdomainhandle.handle, sizeof(c->d->handle));
    spin_unlock(&c->d->lock);
    return 0;
}

long domctl_settimeoffset(struct domctl *c)
{
    c->d->wallclock_offset_s = c->op->u.settimeoffset.time_offset_seconds;
    domain_wallclock_update(c->d);
    return 0;
}

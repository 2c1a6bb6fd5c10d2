/*
 * Creation and teardown of a domain's subsystems, driven by unit.def.
 */
#include "unit.h"

#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/gnttab.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "hv/p2m.h"

#include "base/string.h"

struct unit {
    const char *name;
    int (*init)(struct domain *d, const struct domain_config *c);
    int (*relinquish)(struct domain *d);
    void (*fini)(struct domain *d);
};

/* What dead domains have for a shared_info page; its contents mean nothing. */
static struct shared_info dead_shared_info;

static int unit_p2m_init(struct domain *d, const struct domain_config *c)
{
    return p2m_init(d);
}

static int unit_evtchn_init(struct domain *d, const struct domain_config *c)
{
    return evtchn_domain_init(d, c->abi.max_evtchn_port);
}

/* A negative limit asks for ours (public/domctl.h, createdomain). */
static unsigned int limit_or(int32_t asked, unsigned int ours)
{
    return asked < 0 ? ours : (unsigned int)asked;
}

static int unit_gnttab_init(struct domain *d, const struct domain_config *c)
{
    return gnttab_domain_init(
        d, limit_or(c->abi.max_grant_frames, GNTTAB_FRAMES_DEFAULT),
        limit_or(c->abi.max_maptrack_frames, GNTTAB_MAPTRACK_FRAMES_DEFAULT),
        XEN_DOMCTL_GRANT_version(c->abi.grant_opts));
}

static int shared_info_init(struct domain *d, const struct domain_config *c)
{
    mfn_t m;
    int rc;

    rc = page_alloc(d, 0, PAGE_ALLOC_SHARED | PAGE_ALLOC_ZERO, &m);
    if (rc)
        return rc;
    d->shared_info = mfn_to_virt(m);
    domain_wallclock_update(d);
    return 0;
}

static void shared_info_fini(struct domain *d)
{
    struct shared_info *old;

    spin_lock(&d->lock);
    old = d->shared_info;
    d->shared_info = &dead_shared_info;
    spin_unlock(&d->lock);
    if (old != &dead_shared_info)
        page_put(virt_to_mfn(old));
}

/*
 * The pages must go now, or the domain would never be without any. Every port is
 * closed by this time: nobody writes to them but a late wall clock update, which
 * takes the lock.
 */
static int shared_info_relinquish(struct domain *d)
{
    domain_each_vcpu(d, vcpu_info_unmap);
    shared_info_fini(d);
    return 0;
}

static int vcpus_init(struct domain *d, const struct domain_config *c)
{
    d->vcpu = heap_alloc(d->max_vcpus * sizeof(*d->vcpu));
    return d->vcpu ? 0 : -XEN_ENOMEM;
}

static int vcpus_relinquish(struct domain *d)
{
    domain_each_vcpu(d, vcpu_relinquish);
    for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_kill(&d->watchdog[i]);
    return 0;
}

static void vcpus_fini(struct domain *d)
{
    domain_each_vcpu(d, vcpu_destroy);
    heap_free(d->vcpu);
    d->vcpu = NULL;
}

static const struct unit units[] = {
#define UNIT(name, init, relinquish, fini) {name, init, relinquish, fini},
#include "unit.def"
#undef UNIT
};

static void units_fini_from(struct domain *d, unsigned int nr)
{
    while (nr--)
        if (units[nr].fini)
            units[nr].fini(d);
}

int units_init(struct domain *d, const struct domain_config *c)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(units); i++) {
        int rc = units[i].init(d, c);

        if (rc) {
            log_warn("cannot create domain %u: part '%s' failed: rc=%d", d->id,
                     units[i].name, rc);
            units_fini_from(d, i);
            return rc;
        }
    }
    return 0;
}

int units_relinquish(struct domain *d)
{
    while (d->kill_unit < ARRAY_SIZE(units)) {
        const struct unit *u = &units[ARRAY_SIZE(units) - 1 - d->kill_unit];
        int rc = u->relinquish ? u->relinquish(d) : 0;

        if (rc)
            return rc;
        d->kill_unit++;
    }
    return 0;
}

void units_fini(struct domain *d)
{
    units_fini_from(d, ARRAY_SIZE(units));
}

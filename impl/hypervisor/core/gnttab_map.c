/*
 * Grant tables, the mapper's side: handles, map and unmap.
 *
 * A mapping is a p2m entry of the mapper of type P2M_GRANT_*, a pin on the
 * granter's entry, and a handle. Unmaps clear p2m entries first; pins go only
 * after the one flush of the batch, when no CPU can reach the frames any more.
 */
#include "gnttab_priv.h"
#include "physmap.h"

#include "hv/heap.h"
#include "hv/p2m.h"

/* Handles looked at in one step of a relinquish. */
#define RELINQUISH_STEP 512

static struct maptrack *maptrack_at(const struct gnttab *t, grant_handle_t h)
{
    return &t->map[h / MAPTRACK_PER_PAGE][h % MAPTRACK_PER_PAGE];
}

static int maptrack_grow_locked(struct gnttab *t)
{
    struct maptrack *page;
    uint32_t first = t->map_pages * MAPTRACK_PER_PAGE;

    if (t->map_pages == t->max_map_pages)
        return -XEN_ENOSPC;
    if (!t->map)
        t->map = heap_alloc(t->max_map_pages * sizeof(*t->map));
    page = t->map ? page_alloc_virt() : NULL;
    if (!page)
        return -XEN_ENOMEM;
    for (uint32_t i = 0; i < MAPTRACK_PER_PAGE; i++)
        page[i].ref = first + i + 1;
    page[MAPTRACK_PER_PAGE - 1].ref = MAPTRACK_NONE;
    t->map[t->map_pages++] = page;
    t->map_free = first;
    return 0;
}

/* A handle for the caller to fill; its flags stay 0 until then. */
static grant_handle_t maptrack_get(struct gnttab *t)
{
    grant_handle_t h = MAPTRACK_NONE;

    spin_lock(&t->map_lock);
    if (t->map_free != MAPTRACK_NONE || !maptrack_grow_locked(t)) {
        h = t->map_free;
        t->map_free = maptrack_at(t, h)->ref;
    }
    spin_unlock(&t->map_lock);
    return h;
}

static void maptrack_put(struct gnttab *t, grant_handle_t h)
{
    spin_lock(&t->map_lock);
    maptrack_at(t, h)->ref = t->map_free;
    t->map_free = h;
    spin_unlock(&t->map_lock);
}

/* --- Map --- */

/* Memory may be replaced (it is released); other things only by their owners. */
static bool may_place(enum p2m_type t)
{
    return t == P2M_NONE || physmap_is_ram(t);
}

static int place(struct domain *d, const struct gnttab_map_grant_ref *op,
                 mfn_t mfn)
{
    gfn_t gfn = _gfn(op->host_addr >> PAGE_SHIFT);
    enum p2m_type type =
        op->flags & GNTMAP_readonly ? P2M_GRANT_RO : P2M_GRANT_RW;
    struct p2m_entry old;

    if ((op->flags & ~GNTMAP_readonly) != GNTMAP_host_map ||
        !may_place(p2m_get(d, gfn).type) || p2m_swap(d, gfn, mfn, type, &old))
        return GNTST_general_error;
    old.order = 0;
    physmap_put_entry(d, &old);
    return GNTST_okay;
}

static int map_granted(struct domain *d, struct domain *granter,
                       struct gnttab_map_grant_ref *op)
{
    struct grant_pin pin = {
        .by = d->id,
        .readonly = op->flags & GNTMAP_readonly,
        .map = true,
    };
    struct grant_target target;
    grant_handle_t h = maptrack_get(d->gnttab);
    int rc;

    if (h == MAPTRACK_NONE)
        return GNTST_no_space;
    rc = gnttab_pin(granter, op->ref, &pin, &target);
    if (rc) {
        maptrack_put(d->gnttab, h);
        return rc;
    }
    rc = place(d, op, target.mfn);
    if (rc) {
        gnttab_unpin(granter, op->ref, pin.readonly);
        maptrack_put(d->gnttab, h);
        return rc;
    }
    maptrack_at(d->gnttab, h)->granter = granter;
    maptrack_at(d->gnttab, h)->ref = op->ref;
    /* From here on a guess of the handle finds it. */
    __atomic_store_n(&maptrack_at(d->gnttab, h)->flags, (uint16_t)op->flags,
                     __ATOMIC_RELEASE);
    op->handle = h;
    op->dev_bus_addr = mfn_x(target.mfn) << PAGE_SHIFT;
    return GNTST_okay;
}

int gnttab_op_map_grant_ref(struct gnttab_call *c, void *arg)
{
    struct gnttab_map_grant_ref *op = arg;
    struct domain *granter = NULL;

    if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map)))
        op->status = GNTST_bad_gntref;
    else if (op->flags &
             (GNTMAP_device_map | GNTMAP_application_map | GNTMAP_contains_pte))
        op->status = GNTST_general_error;
    else if (!(granter = domain_find_get(op->dom)))
        op->status = GNTST_bad_domain;
    else
        op->status = map_granted(c->v->domain, granter, op);
    /* The reference goes into the handle on success. */
    if (granter && op->status)
        domain_put(granter);
    return 0;
}

/* --- Unmap --- */

/* Clear the mapping at 'gfn' if it is the one that handle 'm' stands for. The
   p2m is asked and changed under map_lock, so that two unmaps with each other's
   address cannot both take the same entry. */
static int displace_locked(struct gnttab_call *c, const struct maptrack *m,
                           gfn_t gfn)
{
    struct domain *d = c->v->domain;
    uint64_t mfn = gnttab_active(m->granter->gnttab, m->ref)->mfn;
    enum p2m_type type =
        m->flags & GNTMAP_readonly ? P2M_GRANT_RO : P2M_GRANT_RW;
    struct p2m_entry e = p2m_get(d, gfn);

    if (e.type != type || mfn_x(e.mfn) != mfn)
        return GNTST_general_error;
    if (!c->unmaps)
        p2m_batch_begin(d);
    if (!p2m_clear(d, gfn, 0)) {
        c->unmap[c->unmaps].granter = m->granter;
        c->unmap[c->unmaps].ref = m->ref;
        c->unmap[c->unmaps].readonly = m->flags & GNTMAP_readonly;
        return GNTST_okay;
    }
    if (!c->unmaps)
        p2m_batch_end(d);
    return GNTST_general_error;
}

static int unmap_one(struct gnttab_call *c, grant_handle_t h,
                     uint64_t host_addr)
{
    struct gnttab *t = c->v->domain->gnttab;
    struct maptrack *m;
    int rc = GNTST_okay;

    spin_lock(&t->map_lock);
    m = h < t->map_pages * MAPTRACK_PER_PAGE ? maptrack_at(t, h) : NULL;
    if (!m || !__atomic_load_n(&m->flags, __ATOMIC_ACQUIRE)) {
        rc = GNTST_bad_handle;
    } else if (host_addr) { /* without: nothing to undo */
        rc = displace_locked(c, m, _gfn(host_addr >> PAGE_SHIFT));
        if (!rc) {
            m->flags = 0;
            c->unmap[c->unmaps++].handle = h;
        }
    }
    spin_unlock(&t->map_lock);
    if (c->unmaps == GNTTAB_UNMAP_BATCH)
        gnttab_unmap_finish(c);
    return rc;
}

void gnttab_unmap_finish(struct gnttab_call *c)
{
    if (!c->unmaps)
        return;
    p2m_batch_end(c->v->domain);
    for (unsigned int i = 0; i < c->unmaps; i++) {
        const struct grant_unmap *u = &c->unmap[i];

        gnttab_unpin(u->granter, u->ref, u->readonly);
        maptrack_put(c->v->domain->gnttab, u->handle);
        domain_put(u->granter);
    }
    c->unmaps = 0;
}

int gnttab_op_unmap_grant_ref(struct gnttab_call *c, void *arg)
{
    struct gnttab_unmap_grant_ref *op = arg;

    op->status = unmap_one(c, op->handle, op->host_addr);
    return 0;
}

/* The p2m entries go with the rest of the address space: no vCPU runs. */
int gnttab_map_relinquish(struct domain *d)
{
    struct gnttab *t = d->gnttab;
    uint32_t all = t->map_pages * MAPTRACK_PER_PAGE;
    uint32_t end = MIN(all, t->map_unwind + RELINQUISH_STEP);

    for (; t->map_unwind < end; t->map_unwind++) {
        struct maptrack *m = maptrack_at(t, t->map_unwind);
        bool readonly = m->flags & GNTMAP_readonly;

        if (!m->flags)
            continue;
        m->flags = 0;
        gnttab_unpin(m->granter, m->ref, readonly);
        domain_put(m->granter);
    }
    return end < all ? -XEN_ERESTART : 0;
}

/*
 * Memory hypercall: placing frames in a domain's address space.
 *
 * Mapping one foreign page, and removing it, is what a PVH dom0's tools do most:
 * those two paths copy each word once and change the p2m once.
 */
#include "memory.h"

#include "hv/gnttab.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "physmap.h"

#define RESOURCE_LAST XENMEM_resource_vmtrace_buf

/* A frame of the space asked for, with a reference for the new entry. */
struct placement {
    mfn_t mfn;
    enum p2m_type type;
};

typedef int space_fn(struct domain *d, domid_t foreign, uint64_t idx,
                     struct placement *out);

static int shared_frame_get(struct domain *d, mfn_t m, struct placement *out)
{
    if (!page_get(m, d))
        return -XEN_EINVAL;
    *out = (struct placement){m, P2M_SHARED};
    return 0;
}

static int space_shared_info(struct domain *d, domid_t foreign, uint64_t idx,
                             struct placement *out)
{
    if (idx || d->dying)
        return -XEN_EINVAL;
    return shared_frame_get(d, virt_to_mfn(d->shared_info), out);
}

static int space_grant_table(struct domain *d, domid_t foreign, uint64_t idx,
                             struct placement *out)
{
    bool status = idx & XENMAPIDX_grant_table_status;
    mfn_t m;
    int rc;

    rc = gnttab_frame(d, idx & ~(uint64_t)XENMAPIDX_grant_table_status, status,
                      &m);
    return rc ? rc : shared_frame_get(d, m, out);
}

static int foreign_frame_get(struct domain *f, gfn_t gfn, struct placement *out)
{
    *out = (struct placement){.type = P2M_FOREIGN};
    return physmap_get_page(f, gfn, false, &out->mfn);
}

static int space_gmfn_foreign(struct domain *d, domid_t foreign, uint64_t idx,
                              struct placement *out)
{
    struct domain *f;
    int rc;

    if (foreign == DOMID_SELF || foreign == d->id)
        return -XEN_EINVAL;
    f = domain_find_get(foreign);
    if (!f)
        return -XEN_ESRCH;
    if (!d->privileged)
        rc = -XEN_EPERM;
    else
        rc = foreign_frame_get(f, _gfn(idx), out);
    domain_put(f);
    return rc;
}

static space_fn *const spaces[] = {
    [XENMAPSPACE_shared_info] = space_shared_info,
    [XENMAPSPACE_grant_table] = space_grant_table,
    [XENMAPSPACE_gmfn_foreign] = space_gmfn_foreign,
};

static int place_one(struct domain *d, unsigned int space, domid_t foreign,
                     uint64_t idx, gfn_t gfn)
{
    struct placement p;
    int rc;

    if (space >= ARRAY_SIZE(spaces) || !spaces[space])
        return -XEN_EINVAL;
    rc = spaces[space](d, foreign, idx, &p);
    if (rc)
        return rc;
    return physmap_replace(d, gfn, p.mfn, p.type);
}

/* --- One mapping --- */

long memop_add_to_physmap(struct memop *m, void *request)
{
    const struct xen_add_to_physmap *r = request;

    if (r->space == XENMAPSPACE_gmfn_foreign || m->start)
        return -XEN_ENOSYS;
    return place_one(m->d, r->space, 0, r->idx, _gfn(r->gpfn));
}

/* --- Batches: each page has its own error --- */

static int batch_check(const struct memop *m,
                       const struct xen_add_to_physmap_batch *r)
{
    if (m->start > UINT16_MAX)
        return -XEN_EDOM;
    if (r->space == XENMAPSPACE_gmfn_range)
        return -XEN_EOPNOTSUPP;
    if (r->space != XENMAPSPACE_gmfn_foreign && r->u.res0)
        return -XEN_EINVAL;
    return m->start > r->size ? -XEN_EILSEQ : 0;
}

long memop_add_to_physmap_batch(struct memop *m, void *request)
{
    const struct xen_add_to_physmap_batch *r = request;
    int rc = batch_check(m, r);

    if (rc)
        return rc;
    for (unsigned long i = m->start; i < r->size; i++) {
        xen_ulong_t idx;
        xen_pfn_t gfn;

        if (i > m->start && hypercall_preempt(m->v))
            return memop_restart(m, i);
        if (guest_read(m->v, &idx, r->idxs, i) ||
            guest_read(m->v, &gfn, r->gpfns, i))
            return -XEN_EFAULT;
        rc = place_one(m->d, r->space, r->u.foreign_domid, idx, _gfn(gfn));
        if (guest_write(m->v, r->errs, i, &rc))
            return -XEN_EFAULT;
    }
    return 0;
}

long memop_remove_from_physmap(struct memop *m, void *request)
{
    const struct xen_remove_from_physmap *r = request;

    return physmap_remove(m->d, _gfn(r->gpfn));
}

/* --- Resources: grant table frames of another domain --- */

static int resource_place(struct memop *m,
                          const struct xen_mem_acquire_resource *r,
                          unsigned long i)
{
    xen_pfn_t gfn;
    mfn_t mfn;
    int rc = gnttab_acquire(m->d, r->id, (unsigned int)(r->frame + i), 1, &mfn);

    if (rc)
        return rc;
    if (guest_read(m->v, &gfn, r->frame_list, i))
        return -XEN_EFAULT;
    if (!page_get(mfn, m->d))
        return -XEN_EINVAL;
    return physmap_replace(m->v->domain, _gfn(gfn), mfn, P2M_FOREIGN);
}

static long resource_map(struct memop *m,
                         const struct xen_mem_acquire_resource *r)
{
    if (r->nr_frames > UINT32_MAX >> MEMOP_EXTENT_SHIFT ||
        r->frame > UINT32_MAX - r->nr_frames || m->start > r->nr_frames)
        return -XEN_EINVAL;
    for (unsigned long i = m->start; i < r->nr_frames; i++) {
        int rc;

        if (i > m->start && hypercall_preempt(m->v))
            return memop_restart(m, i);
        rc = resource_place(m, r, i);
        if (rc) /* Past the first one the caller has something to undo. */
            return i ? -XEN_EIO : rc;
    }
    return 0;
}

static long resource_size(struct memop *m, struct xen_mem_acquire_resource *r,
                          unsigned int frames)
{
    if (r->nr_frames || m->start)
        return -XEN_EINVAL;
    r->nr_frames = frames;
    return guest_copy_to(m->v, m->u, r, sizeof(*r));
}

long memop_acquire_resource(struct memop *m, void *request)
{
    struct xen_mem_acquire_resource *r = request;
    unsigned int frames = r->type == XENMEM_resource_grant_table
                              ? gnttab_resource_max(m->d, r->id)
                              : 0;

    if (r->pad)
        return -XEN_EINVAL;
    if (m->d == m->v->domain)
        return -XEN_EPERM;
    if (!frames)
        return r->type > RESOURCE_LAST ? -XEN_EOPNOTSUPP : -XEN_EINVAL;
    if (!guest_ptr(r->frame_list))
        return resource_size(m, r, frames);
    return resource_map(m, r);
}

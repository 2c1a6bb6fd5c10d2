/*
 * Memory hypercall: giving memory to domains and taking it back.
 *
 * These calls answer how many extents were done, errors included: the first one
 * that fails ends the call (public/memory.h).
 */
#include "memory.h"

#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/log.h"
#include "physmap.h"

#include "base/string.h"

/* Largest extents, for control domains that build guests and in general. */
#define ORDER_MAX_BUILD PAGE_ORDER_MAX
#define ORDER_MAX       PAGE_ORDER_2M

/* Pages handled between two looks at the clock. */
#define PAGES_PER_LOOK 16

typedef int extent_fn(struct domain *d, gfn_t gfn,
                      const struct xen_memory_reservation *r);

static unsigned int order_max(const struct memop *m)
{
    return m->v->domain->privileged && m->cmd == XENMEM_populate_physmap
               ? ORDER_MAX_BUILD
               : ORDER_MAX;
}

/* Empty a range that is about to be filled; what was there is released. */
static int range_vacate(struct domain *d, gfn_t gfn, unsigned int order)
{
    uint64_t end = gfn_x(gfn) + (1UL << order);
    struct p2m_entry e;
    gfn_t at;

    while (p2m_next(d, gfn, &at, &e) && gfn_x(at) < end) {
        uint64_t first = MAX(gfn_x(at), gfn_x(gfn));
        int rc = physmap_remove(d, _gfn(first));

        if (rc)
            return rc;
        gfn = _gfn(first + 1);
    }
    return 0;
}

/* dom0 may program devices with guest addresses: its RAM is gfn == mfn. */
static int frames_alloc(struct domain *d, gfn_t gfn,
                        const struct xen_memory_reservation *r, mfn_t *m)
{
    unsigned int bits = XENMEMF_get_address_bits(r->mem_flags);
    unsigned int flags = PAGE_ALLOC_ZERO;

    if (d == dom0) {
        int rc;

        *m = _mfn(gfn_x(gfn));
        rc = page_alloc_range(d, *m, 1UL << r->extent_order);
        if (!rc) /* A guest may have had them. */
            memset(mfn_to_virt(*m), 0, PAGE_SIZE << r->extent_order);
        return rc;
    }
    if (bits && bits <= 32)
        flags |= PAGE_ALLOC_DMA32;
    return page_alloc(d, r->extent_order, flags, m);
}

static int extent_populate(struct domain *d, gfn_t gfn,
                           const struct xen_memory_reservation *r)
{
    uint64_t mask = (1UL << r->extent_order) - 1;
    mfn_t m;
    int rc;

    if (d->dying || (gfn_x(gfn) & mask) || gfn_x(gfn) + mask < gfn_x(gfn))
        return -XEN_EINVAL;
    if (!physmap_may_grow(d))
        return -XEN_ENOMEM;
    rc = frames_alloc(d, gfn, r, &m);
    if (rc)
        return rc;
    if (!r->extent_order)
        return physmap_replace(d, gfn, m, P2M_RAM_RW);
    rc = range_vacate(d, gfn, r->extent_order);
    if (!rc)
        rc = p2m_set(d, gfn, m, r->extent_order, P2M_RAM_RW);
    if (rc) {
        page_put_order(m, r->extent_order);
        return rc;
    }
    return physmap_check_alive(d, gfn, r->extent_order);
}

static int extent_release(struct domain *d, gfn_t gfn,
                          const struct xen_memory_reservation *r)
{
    return physmap_remove_ram(d, gfn, r->extent_order);
}

/* From extent m->start on; how many are done, or a restart. */
static long extents_run(struct memop *m, struct domain *d,
                        const struct xen_memory_reservation *r, extent_fn *fn)
{
    uint64_t pages = 0;
    unsigned long i;

    for (i = m->start; i < r->nr_extents; i++) {
        xen_pfn_t gfn;

        if (pages >= PAGES_PER_LOOK) {
            if (hypercall_preempt(m->v))
                return memop_restart(m, i);
            pages = 0;
        }
        if (guest_read(m->v, &gfn, r->extent_start, i) || fn(d, _gfn(gfn), r))
            return (long)i;
        pages += 1UL << r->extent_order;
    }
    return (long)i;
}

static long reservation(struct memop *m, extent_fn *fn)
{
    struct xen_memory_reservation r;
    struct domain *d;
    long rc;

    if (guest_copy_from(m->v, &r, m->u, sizeof(r)) ||
        r.nr_extents > ~0UL >> MEMOP_EXTENT_SHIFT || m->start >= r.nr_extents ||
        r.extent_order > order_max(m) ||
        (r.mem_flags & XENMEMF_populate_on_demand) ||
        domain_target_get(m->v, r.domid, &d))
        return (long)m->start;
    rc = extents_run(m, d, &r, fn);
    domain_put(d);
    return rc;
}

long memop_decrease_reservation(struct memop *m, void *request)
{
    return reservation(m, extent_release);
}

long memop_populate_physmap(struct memop *m, void *request)
{
    return reservation(m, extent_populate);
}

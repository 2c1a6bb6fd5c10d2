/*
 * A domain's address space together with the page references behind it.
 *
 * RAM, foreign and shared entries hold one reference each; grant entries hold
 * none (the grant table's mapping record does), MMIO has none. Frames are given
 * up only after the p2m has flushed, so no CPU can still reach them.
 */
#include "physmap.h"

/* Entries cleared between two flushes, a power of 2. */
#define BATCH 64
/* Work of one step of the teardown. */
#define RELINQUISH_PAGES 2048

static const bool type_is_ram[P2M_TYPE_NR] = {
    [P2M_RAM_RW] = true,
    [P2M_RAM_RO] = true,
};

static const bool type_holds_reference[P2M_TYPE_NR] = {
    [P2M_RAM_RW] = true,
    [P2M_RAM_RO] = true,
    [P2M_FOREIGN] = true,
    [P2M_SHARED] = true,
};

bool physmap_is_ram(enum p2m_type t)
{
    return type_is_ram[t];
}

void physmap_put_entry(struct domain *d, const struct p2m_entry *e)
{
    if (!type_holds_reference[e->type])
        return;
    page_put_order(e->mfn, e->order);
}

int physmap_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *out)
{
    struct p2m_entry e;

    if (!p2m_get_page(d, gfn, &e))
        return -XEN_EINVAL;
    if (!type_is_ram[e.type] || (write && e.type == P2M_RAM_RO)) {
        page_put(e.mfn);
        return -XEN_EINVAL;
    }
    *out = e.mfn;
    return 0;
}

/*
 * Tables for places all over the address space cost the host memory: a guest has
 * its paging pool for them, as big as the toolstack said.
 */
bool physmap_may_grow(const struct domain *d)
{
    return d->privileged ||
           p2m_table_pages(d) < d->paging_pool_bytes >> PAGE_SHIFT;
}

/* Clear one 4K entry and release what it held; *e says what was there. */
static int clear_one(struct domain *d, gfn_t gfn, struct p2m_entry *e)
{
    int rc = p2m_swap(d, gfn, _mfn(INVALID_FRAME), P2M_NONE, e);

    if (rc)
        return rc;
    e->order = 0;
    physmap_put_entry(d, e);
    return 0;
}

int physmap_replace(struct domain *d, gfn_t gfn, mfn_t take_mfn,
                    enum p2m_type t)
{
    struct p2m_entry old;
    int rc = -XEN_ENOMEM;

    if (physmap_may_grow(d))
        rc = p2m_swap(d, gfn, take_mfn, t, &old);
    if (rc) {
        page_put(take_mfn);
        return rc;
    }
    old.order = 0;
    physmap_put_entry(d, &old);
    return physmap_check_alive(d, gfn, 0);
}

/*
 * Teardown clears the address space once. An entry set after that is set after
 * 'dying' was too, so whoever set it sees that, and takes it back.
 */
int physmap_check_alive(struct domain *d, gfn_t gfn, unsigned int order)
{
    struct p2m_entry e;

    if (likely(!__atomic_load_n(&d->dying, __ATOMIC_SEQ_CST)))
        return 0;
    for (uint64_t i = 0; i < 1UL << order; i++) {
        int rc = clear_one(d, _gfn(gfn_x(gfn) + i), &e);

        if (rc)
            return rc;
    }
    return -XEN_EINVAL;
}

int physmap_remove(struct domain *d, gfn_t gfn)
{
    struct p2m_entry e;
    int rc = clear_one(d, gfn, &e);

    if (rc)
        return rc;
    return e.type == P2M_NONE ? -XEN_ENOENT : 0;
}

/* All of 2^order pages are RAM: an extent goes as a whole or stays. */
static int check_ram(struct domain *d, gfn_t gfn, unsigned int order)
{
    for (uint64_t i = 0; i < 1UL << order; i++) {
        struct p2m_entry e = p2m_get(d, _gfn(gfn_x(gfn) + i));

        if (!type_is_ram[e.type])
            return e.type == P2M_NONE ? -XEN_ENOENT : -XEN_EINVAL;
    }
    return 0;
}

/* Clear up to BATCH pages with one flush, then release them. */
static int clear_batch(struct domain *d, gfn_t gfn, unsigned int nr)
{
    struct p2m_entry gone[BATCH];
    unsigned int done = 0;
    int rc = 0;

    p2m_batch_begin(d);
    while (!rc && done < nr) {
        rc = p2m_swap(d, _gfn(gfn_x(gfn) + done), _mfn(INVALID_FRAME), P2M_NONE,
                      &gone[done]);
        if (!rc)
            gone[done++].order = 0;
    }
    p2m_batch_end(d);
    while (done--)
        physmap_put_entry(d, &gone[done]);
    return rc;
}

int physmap_remove_ram(struct domain *d, gfn_t gfn, unsigned int order)
{
    int rc = check_ram(d, gfn, order);

    for (uint64_t i = 0; !rc && i < 1UL << order; i += BATCH)
        rc = clear_batch(d, _gfn(gfn_x(gfn) + i), MIN(1U << order, BATCH));
    return rc;
}

/*
 * Clear a leaf at teardown. 1G ones go in 2M pieces, so that a step stays short,
 * unless there is no memory for the split.
 */
static int relinquish_leaf(struct domain *d, gfn_t at, struct p2m_entry *e)
{
    unsigned int order = MIN(e->order, PAGE_ORDER_2M);
    int rc = p2m_clear(d, at, order);

    if (!rc)
        e->order = order;
    else if (order != e->order)
        rc = p2m_clear(d, at, e->order);
    return rc;
}

int physmap_relinquish(struct domain *d)
{
    struct p2m_entry gone[BATCH];
    gfn_t from = _gfn(0), at;
    unsigned int nr = 0;
    uint64_t pages = 0;
    int rc = 0;

    p2m_batch_begin(d);
    while (!rc && nr < BATCH && pages < RELINQUISH_PAGES &&
           p2m_next(d, from, &at, &gone[nr])) {
        rc = relinquish_leaf(d, at, &gone[nr]);
        if (rc)
            break;
        pages += 1UL << gone[nr].order;
        from = _gfn(gfn_x(at) + (1UL << gone[nr].order));
        nr++;
    }
    p2m_batch_end(d);
    for (unsigned int i = 0; i < nr; i++)
        physmap_put_entry(d, &gone[i]);
    if (rc)
        return rc;
    return nr ? -XEN_ERESTART : 0;
}

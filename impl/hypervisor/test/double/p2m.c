/*
 * A p2m for tests: one array slot per frame number, superpages as equal slots.
 */
#include "double.h"

#include "hv/log.h"
#include "hv/p2m.h"

#include <sys/mman.h>

#define GFN_LIMIT (1UL << 20) /* 4 GiB of guest memory is enough for a test */

struct p2m {
    struct p2m_entry entry[GFN_LIMIT];
    unsigned int batches;
};

int double_p2m_countdown = -1;

static int p2m_may_fail(void)
{
    if (double_p2m_countdown < 0)
        return 0;
    return double_p2m_countdown-- ? 0 : -XEN_ENOMEM;
}

int p2m_init(struct domain *d)
{
    void *p = mmap(NULL, sizeof(*d->p2m), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return -XEN_ENOMEM;
    d->p2m = p;
    return 0;
}

void p2m_fini(struct domain *d)
{
    if (d->p2m)
        (void)munmap(d->p2m, sizeof(*d->p2m));
    d->p2m = NULL;
}

struct p2m_entry p2m_get(struct domain *d, gfn_t gfn)
{
    struct p2m_entry none = {_mfn(INVALID_FRAME), P2M_NONE, 0};

    if (gfn_x(gfn) >= GFN_LIMIT || d->p2m->entry[gfn_x(gfn)].type == P2M_NONE)
        return none;
    return d->p2m->entry[gfn_x(gfn)];
}

bool p2m_get_page(struct domain *d, gfn_t gfn, struct p2m_entry *out)
{
    *out = p2m_get(d, gfn);
    return out->type != P2M_NONE && page_get_any(out->mfn);
}

static struct domain *window;

void p2m_window_open(struct domain *d)
{
    ASSERT(!window);
    window = d;
}

struct p2m_entry p2m_window_get(gfn_t gfn)
{
    return p2m_get(window, gfn);
}

void p2m_window_close(void)
{
    window = NULL;
}

/* Whoever changes part of a superpage first makes small entries of all of it. */
static void p2m_split(struct domain *d, gfn_t gfn)
{
    unsigned int order = d->p2m->entry[gfn_x(gfn)].order;
    uint64_t first = ALIGN_DOWN(gfn_x(gfn), 1ULL << order);

    for (uint64_t i = 0; order && i < 1ULL << order; i++)
        d->p2m->entry[first + i].order = 0;
}

static int p2m_write(struct domain *d, gfn_t gfn, struct p2m_entry e)
{
    uint64_t nr = 1ULL << e.order;

    if (gfn_x(gfn) >= GFN_LIMIT || nr > GFN_LIMIT - gfn_x(gfn))
        return -XEN_EINVAL;
    ASSERT(gfn_x(gfn) % nr == 0);
    for (uint64_t i = 0; i < nr; i++) {
        struct p2m_entry *to = &d->p2m->entry[gfn_x(gfn) + i];

        if (to->order > e.order)
            p2m_split(d, _gfn(gfn_x(gfn) + i));
        *to = e;
        if (e.type != P2M_NONE)
            to->mfn = _mfn(mfn_x(e.mfn) + i);
    }
    return 0;
}

int p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
            enum p2m_type t)
{
    int rc = p2m_may_fail();

    return rc ? rc : p2m_write(d, gfn, (struct p2m_entry){mfn, t, order});
}

int p2m_swap(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type t,
             struct p2m_entry *old)
{
    int rc = p2m_may_fail();

    if (rc)
        return rc;
    *old = p2m_get(d, gfn);
    return p2m_write(d, gfn, (struct p2m_entry){mfn, t, 0});
}

int p2m_clear(struct domain *d, gfn_t gfn, unsigned int order)
{
    struct p2m_entry none = {_mfn(INVALID_FRAME), P2M_NONE, order};
    int rc = p2m_may_fail();

    if (rc)
        return rc;
    rc = p2m_write(d, gfn, none);
    for (uint64_t i = 0; !rc && i < 1ULL << order; i++)
        d->p2m->entry[gfn_x(gfn) + i].order = 0;
    return rc;
}

bool p2m_next(struct domain *d, gfn_t from, gfn_t *at, struct p2m_entry *out)
{
    for (uint64_t g = gfn_x(from); g < GFN_LIMIT; g++) {
        if (d->p2m->entry[g].type == P2M_NONE)
            continue;
        *out = d->p2m->entry[g];
        *at = _gfn(ALIGN_DOWN(g, 1ULL << out->order));
        out->mfn = d->p2m->entry[gfn_x(*at)].mfn;
        return true;
    }
    return false;
}

gfn_t p2m_max_gfn(struct domain *d)
{
    for (uint64_t g = GFN_LIMIT; g--;)
        if (d->p2m->entry[g].type != P2M_NONE)
            return _gfn(g);
    return _gfn(0);
}

void p2m_batch_begin(struct domain *d)
{
    d->p2m->batches++;
}

void p2m_batch_end(struct domain *d)
{
    ASSERT(d->p2m->batches > 0);
    d->p2m->batches--;
}

uint64_t p2m_table_pages(const struct domain *d)
{
    (void)d;
    return 1;
}

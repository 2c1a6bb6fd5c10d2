/*
 * Grant tables: life with the domain, frames, growth, debug dump.
 */
#include "gnttab_priv.h"

#include "hv/heap.h"
#include "hv/log.h"

#define FRAMES_LIMIT    64   /* as Xen's gnttab_max_frames */
#define MAP_PAGES_LIMIT 1024 /* as Xen's gnttab_max_maptrack_frames */
#define VERSION_LIMIT   2

static_assert(sizeof(grant_entry_v1_t) == 8, "public/grant_table.h");
static_assert(sizeof(grant_entry_v2_t) == 16, "public/grant_table.h");
static_assert(sizeof(struct maptrack) == 16, "power of two");
static_assert(sizeof(struct grant_active) == 16, "power of two");
static_assert(sizeof(union grant_word) == 4, "updated by one cmpxchg");

static unsigned int frames_up(unsigned int entries, size_t per_page)
{
    return (entries + per_page - 1) / per_page;
}

static unsigned int active_pages_for(unsigned int frames)
{
    return frames_up(frames * GNTTAB_V1_PER_PAGE, GNTTAB_ACTIVE_PER_PAGE);
}

static unsigned int status_frames_for(unsigned int frames)
{
    return frames_up(frames * GNTTAB_V2_PER_PAGE, GNTTAB_STATUS_PER_PAGE);
}

grant_ref_t gnttab_entries_locked(const struct gnttab *t)
{
    return t->frames *
           (t->version == 1 ? GNTTAB_V1_PER_PAGE : GNTTAB_V2_PER_PAGE);
}

static int gnttab_page_alloc(struct domain *d, void **out)
{
    mfn_t m;
    int rc = page_alloc(d, 0, PAGE_ALLOC_SHARED | PAGE_ALLOC_ZERO, &m);

    if (!rc)
        *out = mfn_to_virt(m);
    return rc;
}

int gnttab_grow_status_locked(struct domain *d, unsigned int frames)
{
    struct gnttab *t = d->gnttab;

    while (t->status_frames < status_frames_for(frames)) {
        void *page;
        int rc = gnttab_page_alloc(d, &page);

        if (rc)
            return rc;
        t->status[t->status_frames++] = page;
    }
    return 0;
}

/* What was added before a failure stays: the next attempt goes on from there. */
int gnttab_grow_locked(struct domain *d, unsigned int frames)
{
    struct gnttab *t = d->gnttab;
    int rc;

    if (t->dead || frames > t->max_frames)
        return -XEN_EINVAL;
    while (t->active_pages < active_pages_for(frames)) {
        t->active[t->active_pages] = page_alloc_virt();
        if (!t->active[t->active_pages])
            return -XEN_ENOMEM;
        t->active_pages++;
    }
    rc = t->version == 2 ? gnttab_grow_status_locked(d, frames) : 0;
    while (!rc && t->frames < frames) {
        rc = gnttab_page_alloc(d, &t->shared[t->frames]);
        if (!rc)
            t->frames++;
    }
    return rc;
}

int gnttab_domain_init(struct domain *d, unsigned int max_grant_frames,
                       unsigned int max_maptrack_frames, unsigned int version)
{
    struct gnttab *t;
    int rc = -XEN_ENOMEM;

    if (max_grant_frames < 1 || max_grant_frames > FRAMES_LIMIT ||
        max_maptrack_frames > MAP_PAGES_LIMIT || version < 1 ||
        version > VERSION_LIMIT)
        return -XEN_EINVAL;
    t = heap_alloc(sizeof(*t));
    if (!t)
        return -XEN_ENOMEM;
    t->version = 1;
    t->max_version = version;
    t->max_frames = max_grant_frames;
    t->max_map_pages = max_maptrack_frames;
    t->map_free = MAPTRACK_NONE;
    t->shared = heap_alloc(max_grant_frames * sizeof(*t->shared));
    t->status =
        heap_alloc(status_frames_for(max_grant_frames) * sizeof(*t->status));
    t->active =
        heap_alloc(active_pages_for(max_grant_frames) * sizeof(*t->active));
    d->gnttab = t;
    if (t->shared && t->status && t->active)
        rc = gnttab_grow_locked(d, 1);
    if (rc)
        gnttab_domain_fini(d);
    return rc;
}

/* The guest-visible frames go; entries that others have pinned stay until they
   unpin them, which needs t->active only. */
static void gnttab_frames_put(struct gnttab *t)
{
    uint32_t frames = t->frames;
    uint32_t status_frames = t->status_frames;

    spin_lock(&t->lock);
    t->dead = true;
    t->frames = 0;
    t->status_frames = 0;
    spin_unlock(&t->lock);
    for (uint32_t i = 0; i < frames; i++)
        page_put(virt_to_mfn(t->shared[i]));
    for (uint32_t i = 0; i < status_frames; i++)
        page_put(virt_to_mfn(t->status[i]));
}

int gnttab_domain_relinquish(struct domain *d)
{
    int rc;

    if (!d->gnttab)
        return 0;
    rc = gnttab_map_relinquish(d);
    if (!rc && !d->gnttab->dead)
        gnttab_frames_put(d->gnttab);
    return rc;
}

void gnttab_domain_fini(struct domain *d)
{
    struct gnttab *t = d->gnttab;

    if (!t)
        return;
    if (!t->dead)
        gnttab_frames_put(t);
    for (uint32_t i = 0; i < t->active_pages; i++)
        page_free_virt(t->active[i]);
    for (uint32_t i = 0; i < t->map_pages; i++)
        page_free_virt(t->map[i]);
    heap_free(t->map);
    heap_free(t->active);
    heap_free(t->status);
    heap_free(t->shared);
    d->gnttab = NULL;
    heap_free(t);
}

/* --- Frames for the guest's address space --- */

static int gnttab_shared_frame_locked(struct domain *d, unsigned long idx,
                                      void **out)
{
    struct gnttab *t = d->gnttab;

    if (idx >= t->max_frames ||
        (idx >= t->frames && gnttab_grow_locked(d, idx + 1)))
        return -XEN_EINVAL;
    *out = t->shared[idx];
    return 0;
}

static int gnttab_status_frame_locked(struct domain *d, unsigned long idx,
                                      void **out)
{
    struct gnttab *t = d->gnttab;
    unsigned long frames =
        (idx + 1) * GNTTAB_STATUS_PER_PAGE / GNTTAB_V2_PER_PAGE;

    if (t->version != 2 || idx >= status_frames_for(t->max_frames))
        return -XEN_EINVAL;
    if (idx >= t->status_frames &&
        gnttab_grow_locked(d, MIN(frames, t->max_frames)))
        return -XEN_EINVAL;
    *out = t->status[idx];
    return 0;
}

int gnttab_frame(struct domain *d, unsigned long idx, bool status, mfn_t *out)
{
    void *page;
    int rc;

    spin_lock(&d->gnttab->lock);
    rc = d->gnttab->dead ? -XEN_EINVAL
         : status        ? gnttab_status_frame_locked(d, idx, &page)
                         : gnttab_shared_frame_locked(d, idx, &page);
    spin_unlock(&d->gnttab->lock);
    if (!rc)
        *out = virt_to_mfn(page);
    return rc;
}

int gnttab_acquire(struct domain *d, unsigned int id, unsigned int first,
                   unsigned int nr, mfn_t *out)
{
    bool status = id == XENMEM_resource_grant_table_id_status;
    int rc = 0;

    if (id > XENMEM_resource_grant_table_id_status || !nr ||
        nr > gnttab_resource_max(d, id) ||
        first > gnttab_resource_max(d, id) - nr)
        return -XEN_EINVAL;
    /* From the last to the first, so that the table grows once. */
    for (unsigned int i = nr; !rc && i--;)
        rc = gnttab_frame(d, (unsigned long)first + i, status, &out[i]);
    return rc;
}

unsigned int gnttab_resource_max(struct domain *d, unsigned int id)
{
    if (id == XENMEM_resource_grant_table_id_shared)
        return d->gnttab->max_frames;
    if (id == XENMEM_resource_grant_table_id_status)
        return status_frames_for(d->gnttab->max_frames);
    return 0;
}

void gnttab_dump(struct domain *d)
{
    struct gnttab *t = d->gnttab;
    grant_ref_t end;

    spin_lock(&t->lock);
    end = gnttab_entries_locked(t);
    log_info("domain %u: grant table v%u, %u of %u frames, %u maptrack pages",
             d->id, t->version, t->frames, t->max_frames, t->map_pages);
    for (grant_ref_t ref = 0; ref < end; ref++) {
        const struct grant_active *a = gnttab_active(t, ref);

        if (gnttab_pinned(a))
            log_info("grant %u: d%u mfn=0x%lx readers=%u writers=%u", ref,
                     a->domid, (unsigned long)a->mfn, a->readers, a->writers);
    }
    spin_unlock(&t->lock);
}

/*
 * Memory maps: the E820 list that a PVH domain asks for (public/memory.h).
 */
#include "memory.h"

#include "hv/guest.h"
#include "hv/heap.h"
#include "hv/memory.h"

static size_t map_bytes(unsigned int nr)
{
    return sizeof(struct memory_map) + nr * sizeof(struct memory_map_entry);
}

struct memory_map *memory_map_create(unsigned int nr)
{
    struct memory_map *map = heap_alloc(map_bytes(nr));

    if (map)
        map->nr = nr;
    return map;
}

/* As many entries as the buffer of the request holds; their number with it. */
static long map_answer(struct memop *m, const struct memory_map *map)
{
    struct xen_memory_map r;
    unsigned int nr;

    if (guest_copy_from(m->v, &r, m->u, sizeof(r)))
        return -XEN_EFAULT;
    nr = MIN(r.nr_entries, map->nr);
    r.nr_entries = nr;
    if (guest_copy_to(m->v, guest_ptr(r.buffer), map->entry,
                      nr * sizeof(map->entry[0])))
        return -XEN_EFAULT;
    return guest_copy_to(m->v, m->u, &r, sizeof(r));
}

/* The list may be replaced meanwhile: answer from a copy. */
long memop_memory_map(struct memop *m, void *request)
{
    struct domain *d = m->v->domain;
    struct memory_map *copy = memory_map_create(MEMORY_MAP_MAX);
    long rc;

    if (!copy)
        return -XEN_ENOMEM;
    spin_lock(&d->lock);
    copy->nr = d->memory_map ? d->memory_map->nr : 0;
    for (unsigned int i = 0; i < copy->nr; i++)
        copy->entry[i] = d->memory_map->entry[i];
    spin_unlock(&d->lock);
    rc = copy->nr ? map_answer(m, copy) : -XEN_ENOSYS;
    heap_free(copy);
    return rc;
}

long memop_set_memory_map(struct memop *m, void *request)
{
    const struct xen_memory_map *r =
        &((struct xen_foreign_memory_map *)request)->map;
    struct domain *d = m->d;
    struct memory_map *map, *old;

    if (r->nr_entries > MEMORY_MAP_MAX)
        return -XEN_EINVAL;
    map = memory_map_create(r->nr_entries);
    if (!map)
        return -XEN_ENOMEM;
    if (guest_copy_from(m->v, map->entry, guest_ptr(r->buffer),
                        r->nr_entries * sizeof(map->entry[0]))) {
        heap_free(map);
        return -XEN_EFAULT;
    }
    spin_lock(&d->lock);
    old = d->memory_map;
    d->memory_map = map;
    spin_unlock(&d->lock);
    heap_free(old);
    return 0;
}

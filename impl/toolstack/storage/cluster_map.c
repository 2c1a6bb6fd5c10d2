/* A hash table with linear probing that closes the gaps it makes. */
#include "cluster_map.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum {
    FIRST_ROOM = 1024,
};

void cluster_map_fini(struct cluster_map *m)
{
    free(m->slots);
}

static uint32_t home(const struct cluster_map *m, uint64_t key)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (m->room - 1);
}

/* Where the key is, or where it would go. */
static uint32_t slot_of(const struct cluster_map *m, uint64_t key)
{
    uint32_t at = home(m, key);

    while (m->slots[at].number && m->slots[at].number != key)
        at = (at + 1) & (m->room - 1);
    return at;
}

static void grow(struct cluster_map *m)
{
    struct cluster_map old = *m;

    m->room = old.room ? old.room * 2 : FIRST_ROOM;
    m->slots = must_alloc(m->room * sizeof(*m->slots));
    memset(m->slots, 0, m->room * sizeof(*m->slots));
    for (uint32_t i = 0; i < old.room; i++)
        if (old.slots[i].number)
            m->slots[slot_of(m, old.slots[i].number)] = old.slots[i];
    free(old.slots);
}

bool cluster_put(struct cluster_map *m, uint64_t number, uint64_t what)
{
    uint32_t at;

    if (m->nr >= CLUSTERS_MAX)
        return false;
    if ((m->nr + 1) * 2 > m->room)
        grow(m);
    at = slot_of(m, number + 1);
    if (m->slots[at].number)
        return false;
    m->slots[at] = (struct cluster){number + 1, what};
    m->nr++;
    return true;
}

bool cluster_peek(const struct cluster_map *m, uint64_t number, uint64_t *what)
{
    uint32_t at = m->room ? slot_of(m, number + 1) : 0;

    if (!m->room || !m->slots[at].number)
        return false;
    *what = m->slots[at].what;
    return true;
}

bool cluster_take(struct cluster_map *m, uint64_t number, uint64_t *what)
{
    uint32_t gap, at;

    if (!cluster_peek(m, number, what))
        return false;
    gap = at = slot_of(m, number + 1);
    for (;;) {
        uint32_t distance;

        at = (at + 1) & (m->room - 1);
        if (!m->slots[at].number)
            break;
        distance = (at - home(m, m->slots[at].number)) & (m->room - 1);
        if (distance >= ((at - gap) & (m->room - 1))) {
            m->slots[gap] = m->slots[at];
            gap = at;
        }
    }
    m->slots[gap] = (struct cluster){0};
    m->nr--;
    return true;
}

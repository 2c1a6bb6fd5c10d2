/* Leaves: which block of a volume is in which slot. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "volumes_priv.h"

enum {
    FIRST_ROOM = 4,
};

uint32_t map_position(const struct block_map *map, uint32_t index)
{
    uint32_t low = 0, high = map->nr;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (map->items[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct mapped *mapped_find(const struct volume *v, uint32_t index)
{
    uint32_t at = map_position(&v->map, index);

    if (at == v->map.nr || v->map.items[at].index != index)
        return NULL;
    return &v->map.items[at];
}

struct entry map_find(const struct volume *v, int64_t block)
{
    const struct mapped *m = mapped_find(v, (uint32_t)(block / LEAF_BLOCKS));

    return m ? m->leaf->entries[block % LEAF_BLOCKS] : (struct entry){0};
}

void map_insert(struct volume *v, uint32_t index, struct leaf *leaf)
{
    struct block_map *map = &v->map;
    uint32_t at = map_position(map, index);

    if (map->nr == map->room) {
        map->room = map->room ? map->room * 2 : FIRST_ROOM;
        map->items = must_realloc(map->items, map->room * sizeof(*map->items));
    }
    memmove(map->items + at + 1, map->items + at,
            (map->nr - at) * sizeof(*map->items));
    map->items[at] = (struct mapped){index, true, leaf};
    map->nr++;
}

static void leaf_mark(struct sim_volumes *s, struct leaf *leaf)
{
    if (leaf->dirty)
        return;
    leaf->dirty = true;
    leaf->next_dirty = s->dirty_leaves;
    s->dirty_leaves = leaf;
}

static struct leaf *leaf_create(struct sim_volumes *s, const struct leaf *from)
{
    struct leaf *leaf = must_alloc(sizeof(*leaf));

    *leaf = from ? *from : (struct leaf){0};
    leaf->id = s->next_leaf++;
    leaf->refs = 1;
    leaf->dirty = false;
    for (int i = 0; i < LEAF_BLOCKS; i++)
        if (leaf->entries[i].slot)
            blocks_get(&s->blocks, leaf->entries[i].slot);
    return leaf;
}

static void leaf_unmark(struct sim_volumes *s, struct leaf *leaf)
{
    struct leaf **at = &s->dirty_leaves;

    if (!leaf->dirty)
        return;
    while (*at != leaf)
        at = &(*at)->next_dirty;
    *at = leaf->next_dirty;
}

static void leaf_put(struct sim_volumes *s, struct leaf *leaf)
{
    if (--leaf->refs)
        return;
    for (int i = 0; i < LEAF_BLOCKS; i++)
        if (leaf->entries[i].slot &&
            blocks_put(&s->blocks, leaf->entries[i].slot))
            node_account(s, leaf->entries[i].owner, -1);
    volumes_store_drop_leaf(s, leaf->id);
    leaf_unmark(s, leaf);
    free(leaf);
}

struct entry *map_own(struct sim_volumes *s, struct volume *v, int64_t block)
{
    uint32_t index = (uint32_t)(block / LEAF_BLOCKS);
    struct mapped *m = mapped_find(v, index);

    if (!m) {
        map_insert(v, index, leaf_create(s, NULL));
        m = mapped_find(v, index);
    } else if (m->leaf->refs > 1) {
        struct leaf *copy = leaf_create(s, m->leaf);

        m->leaf->refs--;
        m->leaf = copy;
        m->dirty = true;
    }
    leaf_mark(s, m->leaf);
    volume_mark(s, v);
    return &m->leaf->entries[block % LEAF_BLOCKS];
}

bool map_alone(const struct sim_volumes *s, const struct volume *v,
               int64_t block)
{
    const struct mapped *m = mapped_find(v, (uint32_t)(block / LEAF_BLOCKS));
    const struct entry *e = &m->leaf->entries[block % LEAF_BLOCKS];

    return m->leaf->refs == 1 && s->blocks.refs[e->slot] == 1;
}

void map_share(struct volume *from, struct volume *to)
{
    assert(!to->map.nr);
    for (uint32_t i = 0; i < from->map.nr; i++) {
        struct mapped *m = &from->map.items[i];

        m->leaf->refs++;
        map_insert(to, m->index, m->leaf);
    }
}

static void map_truncate(struct sim_volumes *s, struct volume *v, uint32_t nr)
{
    while (v->map.nr > nr) {
        struct mapped *m = &v->map.items[--v->map.nr];

        leaf_put(s, m->leaf);
        volumes_store_drop_row(s, v->id, m->index);
    }
}

void map_clear(struct sim_volumes *s, struct volume *v)
{
    map_truncate(s, v, 0);
    free(v->map.items);
    v->map = (struct block_map){0};
}

void map_cut(struct sim_volumes *s, struct volume *v, int64_t block)
{
    uint32_t index = (uint32_t)(block / LEAF_BLOCKS);
    bool within = block % LEAF_BLOCKS != 0;

    map_truncate(s, v, map_position(&v->map, index + within));
    if (!within || !mapped_find(v, index))
        return;
    for (int64_t i = block; i < (int64_t)(index + 1) * LEAF_BLOCKS; i++) {
        struct entry *e = map_own(s, v, i);

        if (e->slot && blocks_put(&s->blocks, e->slot))
            node_account(s, e->owner, -1);
        *e = (struct entry){0};
    }
}

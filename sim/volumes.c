/* Simulated volumes: making, reading and writing them. */
#include "volumes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "toolstack.h"
#include "volumes_priv.h"

enum {
    /* Slots: 4 GiB of memory, or 1 TiB of a file system. */
    MEMORY_SLOTS = 65536,
    FILE_SLOTS = 16777216,
};

static const char zeros[STORAGE_BLOCK];

/* --- Finding, making and dropping --------------------------------------- */

static uint32_t slot_of(const char *name)
{
    uint32_t h = 2166136261u;

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h % VOLUME_SLOTS;
}

struct volume *volume_find(struct sim_volumes *s, const char *sr,
                           const char *name)
{
    for (struct volume *v = s->slots[slot_of(name)]; v; v = v->next)
        if (strcmp(v->name, name) == 0 && strcmp(v->sr->uuid, sr) == 0)
            return v;
    return NULL;
}

struct volume *volume_lookup(struct sim_volumes *s, const char *sr_uuid,
                             const char *name)
{
    struct volume *v = volume_find(s, sr_uuid, name);
    struct sim_sr *sr = v ? NULL : sim_sr_lookup(s, sr_uuid);

    return sr ? volume_adopt(s, sr, name) : v;
}

void volume_mark(struct sim_volumes *s, struct volume *v)
{
    v->dirty = true;
    s->dirty = true;
}

struct volume *volume_make(struct sim_volumes *s, struct sim_sr *sr,
                           const char *name, int64_t size)
{
    struct volume *v = must_alloc(sizeof(*v)), **slot;

    *v = (struct volume){.sr = sr, .size = size, .id = s->next_id++};
    memcpy(v->name, name, strlen(name) + 1);
    slot = &s->slots[slot_of(name)];
    v->next = *slot;
    *slot = v;
    volume_mark(s, v);
    return v;
}

void volume_drop(struct sim_volumes *s, struct volume *v)
{
    struct volume **slot = &s->slots[slot_of(v->name)];

    map_clear(s, v);
    node_leave(s, v->node);
    volumes_store_drop_volume(s, v->id);
    while (*slot != v)
        slot = &(*slot)->next;
    *slot = v->next;
    free(v->about);
    free(v);
    s->dirty = true;
}

/* A name that is new, and fits. 0 or -Exxx. */
static int check_name(struct sim_volumes *s, const char *sr, const char *name)
{
    if (!*name || strlen(name) >= NAME_BYTES)
        return -EINVAL;
    return volume_find(s, sr, name) ? -EEXIST : 0;
}

static int sim_create(void *ctx, const char *sr_uuid, const char *name,
                      int64_t size)
{
    struct sim_volumes *s = ctx;
    struct sim_sr *sr = sim_sr_lookup(s, sr_uuid);
    int rc = check_name(s, sr_uuid, name);

    if (!sr)
        return -ENOENT;
    if (rc)
        return rc;
    if (size < 0 || size > STORAGE_VOLUME_MAX)
        return -EINVAL;
    volume_make(s, sr, name, size)->node = node_create(s, sr, 0);
    return 0;
}

static int sim_destroy(void *ctx, const char *sr, const char *name)
{
    struct volume *v = volume_lookup(ctx, sr, name);

    if (!v)
        return -ENOENT;
    volume_drop(ctx, v);
    return 0;
}

void volume_stat(const struct sim_volumes *s, const struct volume *v,
                 struct storage_volume_stat *stat)
{
    *stat = (struct storage_volume_stat){
        .name = v->name,
        .parent = "",
        .size = v->size,
        .used = (int64_t)s->nodes[node_find(s, v->node)].own * STORAGE_BLOCK,
        .about = v->about ? v->about : "",
    };
}

static int sim_stat(void *ctx, const char *sr, const char *name,
                    struct storage_volume_stat *stat)
{
    struct sim_volumes *s = ctx;
    const struct volume *v = volume_lookup(s, sr, name);

    if (!v)
        return -ENOENT;
    volume_stat(s, v, stat);
    return 0;
}

/* Only of what is there: that alone makes no volume of a record. */
static int sim_describe(void *ctx, const char *sr, const char *name,
                        const char *about)
{
    struct volume *v = volume_find(ctx, sr, name);
    size_t len = strlen(about) + 1;

    if (!v)
        return -ENOENT;
    if (v->about && strcmp(v->about, about) == 0)
        return 0;
    v->about = must_realloc(v->about, len);
    memcpy(v->about, about, len);
    volume_mark(ctx, v);
    return 0;
}

static int64_t blocks_of(int64_t size)
{
    return (size + STORAGE_BLOCK - 1) / STORAGE_BLOCK;
}

/* --- Reading and writing ------------------------------------------------- */

static bool within(const struct volume *v, int64_t offset, size_t len)
{
    return offset >= 0 && len <= (uint64_t)v->size &&
           offset <= v->size - (int64_t)len;
}

/* The part of a request that lies in one block. */
struct part {
    int64_t block;
    size_t offset, len;
};

static struct part part_at(int64_t offset, size_t left)
{
    struct part p = {.block = offset / STORAGE_BLOCK,
                     .offset = (size_t)(offset % STORAGE_BLOCK)};

    p.len = STORAGE_BLOCK - p.offset;
    if (p.len > left)
        p.len = left;
    return p;
}

static int sim_read(void *ctx, const char *sr, const char *name, int64_t offset,
                    void *data, size_t len)
{
    struct sim_volumes *s = ctx;
    struct volume *v = volume_lookup(s, sr, name);
    size_t done = 0;
    int rc = 0;

    if (!v)
        return -ENOENT;
    if (!within(v, offset, len))
        return -EINVAL;
    while (!rc && done < len) {
        struct part p = part_at(offset + (int64_t)done, len - done);
        struct entry e = map_find(v, p.block);

        if (e.slot)
            rc = blocks_read(&s->blocks, e.slot, p.offset, (char *)data + done,
                             p.len);
        else
            memset((char *)data + done, 0, p.len);
        done += p.len;
    }
    return rc;
}

/* Nothing is in the block any more, but that it was written to. */
static int block_clear(struct sim_volumes *s, struct volume *v,
                       const struct part *p)
{
    struct entry e = map_find(v, p->block), *own;

    if (!e.slot && (!v->epoch || e.version > v->epoch))
        return 0;
    own = map_own(s, v, p->block);
    if (own->slot && blocks_put(&s->blocks, own->slot))
        node_account(s, own->owner, -1);
    *own = (struct entry){.version = ++s->versions};
    return 0;
}

/* The block in a slot of its own, with what it held around the part. */
static int block_replace(struct sim_volumes *s, struct volume *v,
                         const struct part *p, const char *data)
{
    struct entry e = map_find(v, p->block), *own;
    char whole[STORAGE_BLOCK];
    uint32_t slot;
    int rc = 0;

    if ((int64_t)(v->sr->used + 1) * STORAGE_BLOCK > v->sr->size)
        return -ENOSPC;
    slot = blocks_take(&s->blocks);
    if (!slot)
        return -ENOSPC;
    if (e.slot && p->len < STORAGE_BLOCK) {
        rc = blocks_read(&s->blocks, e.slot, 0, whole, sizeof(whole));
        memcpy(whole + p->offset, data, p->len);
        if (!rc)
            rc = blocks_write(&s->blocks, slot, 0, whole, sizeof(whole));
    } else {
        rc = blocks_write(&s->blocks, slot, p->offset, data, p->len);
    }
    if (rc) {
        blocks_put(&s->blocks, slot);
        return rc;
    }
    own = map_own(s, v, p->block);
    if (own->slot && blocks_put(&s->blocks, own->slot))
        node_account(s, own->owner, -1);
    *own = (struct entry){++s->versions, slot, v->node};
    node_account(s, v->node, 1);
    return 0;
}

/* Whether the block holds nothing but zeros outside of the part. */
static bool rest_is_zero(const struct sim_volumes *s, uint32_t slot,
                         const struct part *p)
{
    char whole[STORAGE_BLOCK];

    if (p->len == STORAGE_BLOCK || !slot)
        return true;
    if (blocks_read(&s->blocks, slot, 0, whole, sizeof(whole)))
        return false;
    memset(whole + p->offset, 0, p->len);
    return memcmp(whole, zeros, sizeof(whole)) == 0;
}

static int block_write(struct sim_volumes *s, struct volume *v,
                       const struct part *p, const char *data)
{
    struct entry e = map_find(v, p->block);

    if (memcmp(data, zeros, p->len) == 0 && rest_is_zero(s, e.slot, p))
        return block_clear(s, v, p);
    if (!e.slot || !map_alone(s, v, p->block))
        return block_replace(s, v, p, data);
    if (e.version <= v->epoch)
        map_own(s, v, p->block)->version = ++s->versions;
    s->dirty = true;
    return blocks_write(&s->blocks, e.slot, p->offset, data, p->len);
}

int volume_write(struct sim_volumes *s, struct volume *v, int64_t offset,
                 const void *data, size_t len)
{
    size_t done = 0;
    int rc = 0;

    if (!within(v, offset, len))
        return -EINVAL;
    while (!rc && done < len) {
        struct part p = part_at(offset + (int64_t)done, len - done);

        rc = block_write(s, v, &p, (const char *)data + done);
        done += p.len;
    }
    return rc;
}

static int sim_write(void *ctx, const char *sr, const char *name,
                     int64_t offset, const void *data, size_t len)
{
    struct volume *v = volume_lookup(ctx, sr, name);

    return v ? volume_write(ctx, v, offset, data, len) : -ENOENT;
}

/* --- Sizes and copies ---------------------------------------------------- */

/* What lies behind the new end must read as zeros if it grows again. */
static int cut(struct sim_volumes *s, struct volume *v, int64_t size)
{
    struct part p = part_at(size, STORAGE_BLOCK);
    int rc = 0;

    if (p.offset && map_find(v, p.block).slot)
        rc = block_write(s, v, &p, zeros);
    if (!rc)
        map_cut(s, v, blocks_of(size));
    return rc;
}

static int sim_resize(void *ctx, const char *sr, const char *name, int64_t size)
{
    struct sim_volumes *s = ctx;
    struct volume *v = volume_lookup(s, sr, name);
    int rc;

    if (!v)
        return -ENOENT;
    if (size < 0 || size > STORAGE_VOLUME_MAX)
        return -EINVAL;
    rc = size < v->size ? cut(s, v, size) : 0;
    if (rc)
        return rc;
    v->size = size;
    volume_mark(s, v);
    return 0;
}

static void copy_share(struct sim_volumes *s, struct volume *from,
                       struct volume *to)
{
    map_share(from, to);
    node_split(s, from, to);
    to->size = from->size;
    from->epoch = to->epoch = ++s->versions;
    volume_mark(s, from);
    volume_mark(s, to);
}

static int sim_clone(void *ctx, const char *sr, const char *from,
                     const char *to)
{
    struct sim_volumes *s = ctx;
    struct volume *v = volume_lookup(s, sr, from);
    int rc = check_name(s, sr, to);

    if (!v)
        return -ENOENT;
    if (rc)
        return rc;
    copy_share(s, v, volume_make(s, v->sr, to, v->size));
    return 0;
}

static int sim_revert(void *ctx, const char *sr, const char *name,
                      const char *from)
{
    struct sim_volumes *s = ctx;
    struct volume *v = volume_lookup(s, sr, name);
    struct volume *source = volume_lookup(s, sr, from);

    if (!v || !source)
        return -ENOENT;
    if (v == source)
        return -EINVAL;
    map_clear(s, v);
    node_leave(s, v->node);
    copy_share(s, source, v);
    return 0;
}

static int sim_forget_data(void *ctx, const char *sr, const char *name)
{
    struct sim_volumes *s = ctx;
    struct volume *v = volume_lookup(s, sr, name);

    if (!v)
        return -ENOENT;
    for (uint32_t i = 0; i < v->map.nr; i++)
        for (int k = 0; k < LEAF_BLOCKS; k++) {
            int64_t block = (int64_t)v->map.items[i].index * LEAF_BLOCKS + k;
            struct entry *e = map_own(s, v, block);

            if (e->slot && blocks_put(&s->blocks, e->slot))
                node_account(s, e->owner, -1);
            e->slot = e->owner = 0;
        }
    return 0;
}

/* --- Extents ------------------------------------------------------------- */

/* Two volumes side by side; the second may be missing. */
struct pair {
    const struct volume *a, *b;
};

static bool counts(const struct pair *p, int64_t block)
{
    struct entry e = map_find(p->a, block);

    return p->b ? e.version != map_find(p->b, block).version : e.slot != 0;
}

/* The first block at or after this one that either volume has a leaf for. */
static int64_t skip(const struct pair *p, int64_t block)
{
    const struct volume *both[] = {p->a, p->b};
    int64_t first = INT64_MAX;

    for (int i = 0; i < 2 && both[i]; i++) {
        const struct block_map *map = &both[i]->map;
        uint32_t at = map_position(map, (uint32_t)(block / LEAF_BLOCKS));
        int64_t start;

        if (at == map->nr)
            continue;
        start = (int64_t)map->items[at].index * LEAF_BLOCKS;
        if (start < block)
            start = block;
        if (start < first)
            first = start;
    }
    return first;
}

static int64_t larger(const struct pair *p)
{
    return p->b && p->b->size > p->a->size ? p->b->size : p->a->size;
}

static int run_find(const struct pair *p, int64_t *offset, int64_t *len)
{
    int64_t size = larger(p), end = blocks_of(size), block, last;

    *len = 0;
    if (*offset < 0)
        return -EINVAL;
    block = *offset / STORAGE_BLOCK;
    while ((block = block < end ? skip(p, block) : end) < end &&
           !counts(p, block))
        block++;
    if (block >= end)
        return 0;
    for (last = block; last < end && counts(p, last);)
        last++;
    if (block * STORAGE_BLOCK > *offset)
        *offset = block * STORAGE_BLOCK;
    *len = (last == end ? size : last * STORAGE_BLOCK) - *offset;
    return 0;
}

static int sim_extent(void *ctx, const char *sr, const char *name,
                      int64_t *offset, int64_t *len)
{
    struct pair p = {volume_lookup(ctx, sr, name), NULL};

    return p.a ? run_find(&p, offset, len) : -ENOENT;
}

static int sim_changed(void *ctx, const char *sr, const char *from,
                       const char *to, int64_t *offset, int64_t *len)
{
    struct pair p = {volume_lookup(ctx, sr, to), volume_lookup(ctx, sr, from)};

    return p.a && p.b ? run_find(&p, offset, len) : -ENOENT;
}

/* --- All of it ----------------------------------------------------------- */

static int sim_sync(void *ctx)
{
    struct sim_volumes *s = ctx;

    if (s->rc || !s->dirty)
        return s->rc;
    if (s->store) {
        s->rc = blocks_sync(&s->blocks);
        if (!s->rc)
            s->rc = volumes_store_flush(s);
    }
    if (!s->rc)
        blocks_settle(&s->blocks);
    s->dirty = false;
    return s->rc;
}

struct storage_driver sim_volumes_driver(struct sim_volumes *s)
{
    struct storage_driver driver = {
        .create = sim_create,
        .destroy = sim_destroy,
        .stat = sim_stat,
        .resize = sim_resize,
        .clone = sim_clone,
        .describe = sim_describe,
        .revert = sim_revert,
        .forget_data = sim_forget_data,
        .read = sim_read,
        .write = sim_write,
        .extent = sim_extent,
        .changed = sim_changed,
        .sync = sim_sync,
        .ctx = s,
    };

    srs_driver(&driver);
    return driver;
}

int sim_volumes_create(struct sim *sim, const char *directory,
                       struct sim_volumes **out)
{
    struct sim_volumes *s = must_alloc(sizeof(*s));
    struct arena a;
    int rc;

    *s = (struct sim_volumes){.sim = sim, .next_id = 1, .next_leaf = 1};
    (void)node_create(s, NULL, 0); /* number 0 stands for none */
    arena_init(&a);
    rc = blocks_init(
        &s->blocks, directory ? arena_printf(&a, "%s/blocks", directory) : NULL,
        directory ? FILE_SLOTS : MEMORY_SLOTS);
    if (!rc && directory)
        rc = volumes_store_open(s, arena_printf(&a, "%s/index", directory));
    arena_fini(&a);
    if (rc) {
        sim_volumes_destroy(s);
        return rc;
    }
    *out = s;
    return 0;
}

void sim_volumes_destroy(struct sim_volumes *s)
{
    volumes_store_close(s);
    for (int i = 0; i < VOLUME_SLOTS; i++)
        while (s->slots[i])
            volume_drop(s, s->slots[i]);
    srs_fini(s);
    free(s->nodes);
    blocks_fini(&s->blocks);
    free(s);
}

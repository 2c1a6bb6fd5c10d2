/* Values: making, searching, walking and packing them. */
#include "value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct value value_void(void)
{
    return (struct value){.kind = VALUE_VOID, .s = ""};
}

struct value value_string(const char *s)
{
    return (struct value){
        .kind = VALUE_STRING, .nr = (uint32_t)strlen(s), .s = s};
}

struct value value_date(const char *s)
{
    return (struct value){
        .kind = VALUE_DATE, .nr = (uint32_t)strlen(s), .s = s};
}

struct value value_int(int64_t i)
{
    return (struct value){.kind = VALUE_INT, .i = i};
}

struct value value_bool(bool b)
{
    return (struct value){.kind = VALUE_BOOL, .b = b};
}

struct value value_float(double f)
{
    return (struct value){.kind = VALUE_FLOAT, .f = f};
}

struct value value_set(const struct value *items, size_t nr)
{
    return (struct value){
        .kind = VALUE_SET, .nr = (uint32_t)nr, .items = items};
}

struct value value_map(const struct member *members, size_t nr)
{
    return (struct value){
        .kind = VALUE_MAP, .nr = (uint32_t)nr, .members = members};
}

struct value value_strings(struct arena *a, const char *const *strings,
                           size_t nr)
{
    struct value *items = arena_alloc(a, nr * sizeof(*items));

    for (size_t i = 0; i < nr; i++)
        items[i] = value_string(strings[i]);
    return value_set(items, nr);
}

const struct value *value_find(const struct value *map, const char *key)
{
    if (map->kind != VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->nr; i++)
        if (strcmp(map->members[i].key, key) == 0)
            return &map->members[i].value;
    return NULL;
}

const char *value_text(const struct value *map, const char *key,
                       const char *otherwise)
{
    const struct value *v = value_find(map, key);

    return v && v->kind == VALUE_STRING ? v->s : otherwise;
}

bool value_has(const struct value *set, const char *string)
{
    if (set->kind != VALUE_SET)
        return false;
    for (uint32_t i = 0; i < set->nr; i++)
        if (set->items[i].kind == VALUE_STRING &&
            strcmp(set->items[i].s, string) == 0)
            return true;
    return false;
}

static bool scalar_equal(const struct value *a, const struct value *b)
{
    switch (a->kind) {
    case VALUE_STRING:
    case VALUE_DATE:
        return strcmp(a->s, b->s) == 0;
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_BOOL:
        return a->b == b->b;
    case VALUE_FLOAT:
        return memcmp(&a->f, &b->f, sizeof(a->f)) == 0;
    default:
        return true;
    }
}

/* Sets and maps are equal when packed alike: same items in the same order. */
bool value_equal(const struct value *a, const struct value *b)
{
    const struct value *x[VALUE_DEPTH_MAX] = {a}, *y[VALUE_DEPTH_MAX] = {b};
    uint32_t at[VALUE_DEPTH_MAX] = {0};
    int depth = 0;

    while (depth >= 0) {
        const struct value *p = x[depth], *q = y[depth];
        uint32_t i = at[depth]++;
        bool nested = p->kind == VALUE_SET || p->kind == VALUE_MAP;

        if (i == 0 &&
            (p->kind != q->kind || p->nr != q->nr || !scalar_equal(p, q)))
            return false;
        if (!nested || i == p->nr) {
            depth--;
            continue;
        }
        if (p->kind == VALUE_MAP &&
            strcmp(p->members[i].key, q->members[i].key) != 0)
            return false;
        assert(depth + 1 < VALUE_DEPTH_MAX);
        depth++;
        x[depth] = p->kind == VALUE_MAP ? &p->members[i].value : &p->items[i];
        y[depth] = p->kind == VALUE_MAP ? &q->members[i].value : &q->items[i];
        at[depth] = 0;
    }
    return true;
}

struct value value_set_with(struct arena *a, const struct value *set,
                            const char *string)
{
    struct value *items;

    if (value_has(set, string))
        return *set;
    items = arena_alloc(a, (set->nr + 1) * sizeof(*items));
    if (set->nr)
        memcpy(items, set->items, set->nr * sizeof(*items));
    items[set->nr] = value_string(string);
    return value_set(items, set->nr + 1);
}

struct value value_set_front(struct arena *a, const struct value *set,
                             const char *string)
{
    struct value *items;

    if (value_has(set, string))
        return *set;
    items = arena_alloc(a, (set->nr + 1) * sizeof(*items));
    items[0] = value_string(string);
    if (set->nr)
        memcpy(items + 1, set->items, set->nr * sizeof(*items));
    return value_set(items, set->nr + 1);
}

struct value value_map_front(struct arena *a, const struct value *map,
                             const char *key, struct value v)
{
    struct member *members = arena_alloc(a, (map->nr + 1) * sizeof(*members));

    if (value_find(map, key))
        return value_map_with(a, map, key, v);
    members[0] = (struct member){key, v};
    if (map->nr)
        memcpy(members + 1, map->members, map->nr * sizeof(*members));
    return value_map(members, map->nr + 1);
}

struct value value_set_without(struct arena *a, const struct value *set,
                               const char *string)
{
    struct value *items = arena_alloc(a, set->nr * sizeof(*items));
    uint32_t nr = 0;

    for (uint32_t i = 0; i < set->nr; i++)
        if (strcmp(set->items[i].s, string) != 0)
            items[nr++] = set->items[i];
    return value_set(items, nr);
}

struct value value_map_with(struct arena *a, const struct value *map,
                            const char *key, struct value v)
{
    struct member *members = arena_alloc(a, (map->nr + 1) * sizeof(*members));
    uint32_t nr = map->nr;

    if (nr)
        memcpy(members, map->members, nr * sizeof(*members));
    for (uint32_t i = 0; i < nr; i++)
        if (strcmp(members[i].key, key) == 0) {
            members[i].value = v;
            return value_map(members, nr);
        }
    members[nr] = (struct member){.key = key, .value = v};
    return value_map(members, nr + 1);
}

struct value value_map_without(struct arena *a, const struct value *map,
                               const char *key)
{
    struct member *members = arena_alloc(a, map->nr * sizeof(*members));
    uint32_t nr = 0;

    for (uint32_t i = 0; i < map->nr; i++)
        if (strcmp(map->members[i].key, key) != 0)
            members[nr++] = map->members[i];
    return value_map(members, nr);
}

static void call(void (*f)(void *), void *ctx)
{
    if (f)
        f(ctx);
}

/* Opens the next item of a container; returns its value. */
static const struct value *enter_item(const struct value *v, uint32_t i,
                                      const struct value_visitor *visitor,
                                      void *ctx)
{
    if (i > 0)
        call(visitor->next, ctx);
    if (v->kind == VALUE_SET) {
        call(visitor->item, ctx);
        return &v->items[i];
    }
    if (visitor->key)
        visitor->key(ctx, v->members[i].key);
    return &v->members[i].value;
}

static void leave_item(const struct value *v,
                       const struct value_visitor *visitor, void *ctx)
{
    call(v->kind == VALUE_SET ? visitor->item_end : visitor->key_end, ctx);
}

void value_walk(const struct value *v, const struct value_visitor *visitor,
                void *ctx)
{
    const struct value *at[VALUE_DEPTH_MAX] = {v};
    uint32_t next[VALUE_DEPTH_MAX] = {0};
    int depth = 0;

    while (depth >= 0) {
        const struct value *now = at[depth];

        if (now->kind != VALUE_SET && now->kind != VALUE_MAP) {
            visitor->scalar(ctx, now);
        } else {
            if (next[depth] == 0 && visitor->begin)
                visitor->begin(ctx, now);
            if (next[depth] < now->nr) {
                assert(depth + 1 < VALUE_DEPTH_MAX);
                at[depth + 1] = enter_item(now, next[depth], visitor, ctx);
                next[depth]++;
                next[++depth] = 0;
                continue;
            }
            if (visitor->end)
                visitor->end(ctx, now);
        }
        if (--depth >= 0)
            leave_item(at[depth], visitor, ctx);
    }
}

/* Where a packed copy grows; without memory it only counts. */
struct packer {
    char *at;
    size_t size;
    struct value *slot[VALUE_DEPTH_MAX]; /* where the next item goes */
    struct member *member[VALUE_DEPTH_MAX];
    bool map[VALUE_DEPTH_MAX];
    int depth;
    struct value root;
};

static void *packer_take(struct packer *p, size_t size)
{
    void *at = p->at ? p->at + p->size : NULL;

    p->size += (size + 7) & ~(size_t)7;
    return at;
}

static const char *packer_string(struct packer *p, const char *s, size_t len)
{
    char *copy = packer_take(p, len + 1);

    return copy ? memcpy(copy, s, len + 1) : NULL;
}

static void packer_put(struct packer *p, struct value v)
{
    struct value *to;

    if (!p->at)
        return;
    if (p->depth == 0)
        to = &p->root;
    else if (p->map[p->depth])
        to = &p->member[p->depth]->value;
    else
        to = p->slot[p->depth]++;
    *to = v;
}

static void pack_begin(void *ctx, const struct value *v)
{
    struct packer *p = ctx;
    bool map = v->kind == VALUE_MAP;
    void *items = packer_take(
        p, v->nr * (map ? sizeof(struct member) : sizeof(struct value)));
    struct value copy = *v;

    copy.items = items;
    packer_put(p, copy);
    p->depth++;
    p->map[p->depth] = map;
    p->slot[p->depth] = items;
    p->member[p->depth] = items;
}

static void pack_end(void *ctx, const struct value *v)
{
    struct packer *p = ctx;

    (void)v;
    p->depth--;
}

static void pack_key(void *ctx, const char *key)
{
    struct packer *p = ctx;
    const char *copy = packer_string(p, key, strlen(key));

    if (p->at)
        p->member[p->depth]->key = copy;
}

static void pack_key_end(void *ctx)
{
    struct packer *p = ctx;

    if (p->at)
        p->member[p->depth]++;
}

static void pack_scalar(void *ctx, const struct value *v)
{
    struct packer *p = ctx;
    struct value copy = *v;

    if (v->kind == VALUE_STRING || v->kind == VALUE_DATE)
        copy.s = v->nr ? packer_string(p, v->s, v->nr) : "";
    packer_put(p, copy);
}

static const struct value_visitor packing = {.begin = pack_begin,
                                             .end = pack_end,
                                             .key = pack_key,
                                             .key_end = pack_key_end,
                                             .scalar = pack_scalar};

static size_t packed_size(const struct value *v)
{
    struct packer p = {0};

    value_walk(v, &packing, &p);
    return p.size;
}

/* `at` has packed_size bytes; NULL when that is 0. */
static struct value pack_at(const struct value *v, void *at)
{
    struct packer p = {.at = at};
    struct value empty = *v;

    if (at) {
        value_walk(v, &packing, &p);
        return p.root;
    }
    /* Nothing of the caller's memory may stay. */
    if (v->kind == VALUE_SET || v->kind == VALUE_MAP)
        empty.items = NULL;
    else if (v->kind == VALUE_STRING || v->kind == VALUE_DATE ||
             v->kind == VALUE_VOID)
        empty.s = "";
    return empty;
}

struct value value_pack(const struct value *v, void **block)
{
    size_t size = packed_size(v);

    *block = size ? must_alloc(size) : NULL;
    return pack_at(v, *block);
}

struct value value_copy(struct arena *a, const struct value *v)
{
    size_t size = packed_size(v);

    return pack_at(v, size ? arena_alloc(a, size) : NULL);
}

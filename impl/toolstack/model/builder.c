/* Values from events: a stack of open containers, items in linked lists. */
#include "builder.h"

enum {
    OPEN_MAX = VALUE_DEPTH_MAX - 8, /* leaves room for what wraps the value */
};

struct builder_item {
    struct builder_item *older;
    const char *key;
    struct value value;
};

void builder_init(struct builder *b, struct arena *arena)
{
    b->arena = arena;
    b->done = b->failed = false;
    b->depth = 0;
}

void builder_begin(struct builder *b, bool map)
{
    if (b->failed || b->done || b->depth >= OPEN_MAX) {
        b->failed = true;
        return;
    }
    b->depth++;
    b->open[b->depth].map = map;
    b->open[b->depth].key = NULL;
    b->open[b->depth].newest = NULL;
    b->open[b->depth].nr = 0;
}

static struct value close_map(struct builder *b)
{
    struct builder_item *item = b->open[b->depth].newest;
    uint32_t nr = b->open[b->depth].nr;
    struct member *members = arena_alloc(b->arena, nr * sizeof(*members));

    for (uint32_t i = nr; i-- > 0; item = item->older)
        members[i] = (struct member){.key = item->key, .value = item->value};
    return value_map(members, nr);
}

static struct value close_set(struct builder *b)
{
    struct builder_item *item = b->open[b->depth].newest;
    uint32_t nr = b->open[b->depth].nr;
    struct value *items = arena_alloc(b->arena, nr * sizeof(*items));

    for (uint32_t i = nr; i-- > 0; item = item->older)
        items[i] = item->value;
    return value_set(items, nr);
}

void builder_end(struct builder *b)
{
    struct value v;

    if (b->failed || b->depth == 0) {
        b->failed = true;
        return;
    }
    v = b->open[b->depth].map ? close_map(b) : close_set(b);
    b->depth--;
    builder_put(b, v);
}

void builder_key(struct builder *b, const char *key)
{
    if (!b->failed)
        b->open[b->depth].key = key;
}

void builder_put(struct builder *b, struct value v)
{
    struct builder_item *item;

    if (b->failed || b->done ||
        (b->depth && b->open[b->depth].map && !b->open[b->depth].key)) {
        b->failed = true;
        return;
    }
    if (b->depth == 0) {
        b->root = v;
        b->done = true;
        return;
    }
    item = arena_alloc(b->arena, sizeof(*item));
    item->older = b->open[b->depth].newest;
    item->key = b->open[b->depth].key;
    item->value = v;
    b->open[b->depth].newest = item;
    b->open[b->depth].nr++;
    b->open[b->depth].key = NULL;
}

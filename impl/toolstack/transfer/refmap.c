/* A map from references to something: open addressing, doubled when half full.
 */
#include "refmap.h"

#include <stdint.h>
#include <string.h>

enum {
    FIRST_ROOM = 64,
};

void refmap_init(struct refmap *m, struct arena *a)
{
    *m = (struct refmap){.arena = a, .room = FIRST_ROOM};
    m->slots = arena_alloc(a, sizeof(*m->slots) * m->room);
}

/* Where the key is, or would be. */
static struct refmap_slot *slot_of(const struct refmap *m, const char *key)
{
    uint64_t h = 14695981039346656037u;
    size_t i;

    for (const char *c = key; *c; c++)
        h = (h ^ (unsigned char)*c) * 1099511628211u;
    i = (size_t)(h ^ h >> 32) & (m->room - 1);
    while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
        i = (i + 1) & (m->room - 1);
    return &m->slots[i];
}

const void *refmap_find(const struct refmap *m, const char *key)
{
    return slot_of(m, key)->value;
}

static void grow(struct refmap *m)
{
    struct refmap old = *m;

    m->room *= 2;
    m->slots = arena_alloc(m->arena, sizeof(*m->slots) * m->room);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].key)
            *slot_of(m, old.slots[i].key) = old.slots[i];
}

void refmap_put(struct refmap *m, const char *key, const void *value)
{
    struct refmap_slot *s;

    if (m->nr * 2 >= m->room)
        grow(m);
    s = slot_of(m, key);
    m->nr += !s->key;
    *s = (struct refmap_slot){key, value};
}

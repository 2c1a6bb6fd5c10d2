/* A map from references to something, in an arena: it only grows. */
#ifndef TRANSFER_REFMAP_H
#define TRANSFER_REFMAP_H

#include <stddef.h>

#include "arena.h"

struct refmap {
    struct arena *arena;
    struct refmap_slot {
        const char *key; /* NULL: free */
        const void *value;
    } * slots;
    size_t room, nr;
};

void refmap_init(struct refmap *m, struct arena *a);
/* NULL: not in there. */
const void *refmap_find(const struct refmap *m, const char *key);
/* Adds or replaces. Both are borrowed; `value` is not NULL. */
void refmap_put(struct refmap *m, const char *key, const void *value);

#endif

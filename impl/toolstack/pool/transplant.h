/*
 * Objects move from one pool's database to another, under their references.
 *
 * References to what stays behind are put in place of by what the caller maps
 * them to, or are left out.
 */
#ifndef POOL_TRANSPLANT_H
#define POOL_TRANSPLANT_H

#include "request.h"

struct transplant_pair {
    const char *from, *to; /* references */
};

struct transplant {
    struct db *from, *to;
    struct arena *arena;
    struct object **moving; /* of `from` */
    size_t moving_nr;
    const struct transplant_pair *mapped;
    size_t mapped_nr;
};

/* Copies `moving` to the other database; the originals stay. */
void transplant(const struct transplant *t);

#endif

/*
 * A memory map: ranges of machine addresses with a type, made sorted and
 * disjoint out of whatever the firmware says.
 *
 * Where ranges overlap the more restrictive type wins; empty ranges and ranges
 * that wrap are dropped; neighbours of one type become one. Holes stay holes.
 */
#ifndef BASE_MEMMAP_H
#define BASE_MEMMAP_H

#include "base/types.h"

/* E820 numbers (ACPI 6.4 15.1); anything else counts as reserved. */
enum memmap_type {
    MEMMAP_RAM = 1,
    MEMMAP_RESERVED = 2,
    MEMMAP_ACPI = 3,
    MEMMAP_NVS = 4,
    MEMMAP_UNUSABLE = 5,
};

struct memmap_range {
    paddr_t start;
    paddr_t end; /* exclusive */
    enum memmap_type type;
};

struct memmap {
    struct memmap_range *range; /* [I] caller's array */
    unsigned int max;           /* [I] its length */
    unsigned int nr;
};

/* Add what the firmware says; sorted and disjoint after each call. False: no
   room is left, and the range (or a part of it) is not in the map. */
bool memmap_add(struct memmap *m, paddr_t start, paddr_t end,
                enum memmap_type type);
/* Give [start, end) this type whatever it was before. */
bool memmap_set(struct memmap *m, paddr_t start, paddr_t end,
                enum memmap_type type);
/* RAM in [start, end) becomes reserved, whatever else is there stays; how many
   bytes of RAM there were. What no room is left for is removed instead. */
uint64_t memmap_deny(struct memmap *m, paddr_t start, paddr_t end);
/* Take [start, end), which no range reaches beyond, out of the map. */
void memmap_remove(struct memmap *m, paddr_t start, paddr_t end);
/* Give up the smallest ranges of RAM, which become a part of their neighbours
   or a hole, until there are at most 'most' ranges; the bytes given up. */
uint64_t memmap_coarsen(struct memmap *m, unsigned int most);
/* The range that holds 'a', or NULL: a hole. */
const struct memmap_range *memmap_find(const struct memmap *m, paddr_t a);
/* How many bytes in [start, end) are of 'type'. */
uint64_t memmap_bytes(const struct memmap *m, enum memmap_type type,
                      paddr_t start, paddr_t end);
/* Highest end below or at 'limit' of a range that is not reserved, 0: none. */
paddr_t memmap_top_below(const struct memmap *m, paddr_t limit);
/* Highest end of a range of 'type', 0: none. */
paddr_t memmap_top(const struct memmap *m, enum memmap_type type);

#endif

/*
 * Planning by memory alone: which machines fit where, and how many hosts may
 * fail. Pure: no database, no order but the caller's.
 */
#ifndef POOL_PLANNER_H
#define POOL_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_CASES_MAX = 20000, /* sets of failed hosts that are tried one by one */
};

/* A host: `room` bytes are left. */
struct plan_bin {
    int64_t room;
};

/* A machine. `at`: the bin that it runs in, negative: none. */
struct plan_item {
    int64_t size;
    size_t tag; /* of the caller */
    int at;
    int bin; /* where plan_pack put it; negative: nowhere */
};

/*
 * Puts items into bins, the largest first, each into the fullest bin that has
 * room. Sorts the items; takes the room. Whether all found a place.
 */
bool plan_pack(struct plan_bin *bins, size_t bins_nr, struct plan_item *items,
               size_t items_nr);

/*
 * Whether, whichever `failures` hosts fail, the items that ran there, and those
 * that run nowhere, fit into the others. Every set of hosts is tried when there
 * are few; otherwise the answer may be a wrong no, never a wrong yes.
 */
bool plan_survives(const struct plan_bin *bins, size_t bins_nr,
                   const struct plan_item *items, size_t items_nr,
                   size_t failures);

/* The most failures that plan_survives; less than the number of bins. */
size_t plan_most_failures(const struct plan_bin *bins, size_t bins_nr,
                          const struct plan_item *items, size_t items_nr);

#endif

/* Planning by memory alone: bin packing, and what failures it survives. */
#include "planner.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

static int by_size(const void *a, const void *b)
{
    const struct plan_item *x = a, *y = b;

    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x->tag < y->tag ? -1 : x->tag > y->tag;
}

/* The fullest bin with room; negative: none. */
static int best_bin(const struct plan_bin *bins, size_t nr, int64_t size)
{
    int best = -1;

    for (size_t i = 0; i < nr; i++)
        if (bins[i].room >= size &&
            (best < 0 || bins[i].room < bins[best].room))
            best = (int)i;
    return best;
}

bool plan_pack(struct plan_bin *bins, size_t bins_nr, struct plan_item *items,
               size_t items_nr)
{
    bool all = true;

    if (items_nr)
        qsort(items, items_nr, sizeof(*items), by_size);
    for (size_t i = 0; i < items_nr; i++) {
        items[i].bin = best_bin(bins, bins_nr, items[i].size);
        if (items[i].bin < 0)
            all = false;
        else
            bins[items[i].bin].room -= items[i].size;
    }
    return all;
}

/* One case: the hosts marked in `failed` are gone. */
struct trial {
    const struct plan_bin *bins;
    const struct plan_item *items;
    size_t bins_nr, items_nr;
    bool *failed;
    struct plan_bin *left; /* room for one case */
    struct plan_item *moved;
};

static bool case_fits(const struct trial *t)
{
    size_t nr = 0;

    for (size_t i = 0; i < t->bins_nr; i++)
        t->left[i].room = t->failed[i] ? -1 : t->bins[i].room;
    for (size_t i = 0; i < t->items_nr; i++)
        if (t->items[i].at < 0 || t->failed[t->items[i].at])
            t->moved[nr++] = t->items[i];
    return plan_pack(t->left, t->bins_nr, t->moved, nr);
}

/* How many sets of k out of n there are, or more than the limit. */
static size_t cases(size_t n, size_t k)
{
    size_t nr = 1;

    for (size_t i = 0; i < k && nr <= PLAN_CASES_MAX; i++)
        nr = nr * (n - i) / (i + 1);
    return nr;
}

/* The next set of the same size; false: that was the last one. */
static bool next_case(bool *failed, size_t n)
{
    size_t i = n, ones = 0;

    while (i > 1 && !(failed[i - 2] && !failed[i - 1])) {
        i--;
        ones += failed[i];
    }
    if (i <= 1)
        return false;
    failed[i - 2] = false;
    memset(failed + i - 1, 0, n - i + 1);
    memset(failed + i - 1, 1, ones + 1);
    return true;
}

static bool every_case_fits(const struct trial *t, size_t failures)
{
    memset(t->failed, 0, t->bins_nr);
    memset(t->failed, 1, failures);
    do {
        if (!case_fits(t))
            return false;
    } while (next_case(t->failed, t->bins_nr));
    return true;
}

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? 1 : x > y ? -1 : 0;
}

static int64_t sum_of_largest(int64_t *numbers, size_t nr, size_t count)
{
    int64_t sum = 0;

    qsort(numbers, nr, sizeof(*numbers), descending);
    for (size_t i = 0; i < count && i < nr; i++)
        sum += numbers[i];
    return sum;
}

/*
 * All machines are taken for as large as the largest: then only their number
 * counts, and the worst case is that the hosts with most machines fail, and
 * also those with most room.
 */
static bool bound_fits(const struct trial *t, size_t failures)
{
    int64_t *slots = must_alloc(sizeof(*slots) * t->bins_nr);
    int64_t *loads = must_alloc(sizeof(*loads) * t->bins_nr);
    int64_t largest = 1, free_slots = 0, homeless = 0;
    bool fits;

    for (size_t i = 0; i < t->items_nr; i++)
        if (t->items[i].size > largest)
            largest = t->items[i].size;
    memset(loads, 0, sizeof(*loads) * t->bins_nr);
    for (size_t i = 0; i < t->items_nr; i++)
        if (t->items[i].at < 0)
            homeless++;
        else
            loads[t->items[i].at]++;
    for (size_t i = 0; i < t->bins_nr; i++) {
        slots[i] = t->bins[i].room > 0 ? t->bins[i].room / largest : 0;
        free_slots += slots[i];
    }
    free_slots -= sum_of_largest(slots, t->bins_nr, failures);
    fits = homeless + sum_of_largest(loads, t->bins_nr, failures) <= free_slots;
    free(slots);
    free(loads);
    return fits;
}

bool plan_survives(const struct plan_bin *bins, size_t bins_nr,
                   const struct plan_item *items, size_t items_nr,
                   size_t failures)
{
    struct trial t = {
        .bins = bins, .items = items, .bins_nr = bins_nr, .items_nr = items_nr};
    bool survives;

    if (failures >= bins_nr)
        return false;
    if (cases(bins_nr, failures) > PLAN_CASES_MAX)
        return bound_fits(&t, failures);
    t.failed = must_alloc(bins_nr);
    t.left = must_alloc(sizeof(*t.left) * bins_nr);
    t.moved = must_alloc(sizeof(*t.moved) * (items_nr + 1));
    survives = every_case_fits(&t, failures);
    free(t.failed);
    free(t.left);
    free(t.moved);
    return survives;
}

size_t plan_most_failures(const struct plan_bin *bins, size_t bins_nr,
                          const struct plan_item *items, size_t items_nr)
{
    size_t most = 0;

    while (most + 1 < bins_nr &&
           plan_survives(bins, bins_nr, items, items_nr, most + 1))
        most++;
    return most;
}

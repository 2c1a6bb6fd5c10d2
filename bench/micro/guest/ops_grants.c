/* Grants of the peer's pages: mapped, unmapped, copied, one and many a call. */
#include "grants.h"
#include "guest.h"
#include "micro.h"

static struct gnttab_map_grant_ref maps[PAGES_MAX];
static struct gnttab_unmap_grant_ref unmaps[PAGES_MAX];
static struct gnttab_copy copies[PAGES_MAX];
static xen_pfn_t window;
static uint8_t *pages;

static void map_prepare(void)
{
    grant_ref_t first = peer_pages();

    if (!window)
        window = gfns_free(PAGES_MAX);
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        maps[i] = (struct gnttab_map_grant_ref){
            .host_addr = (uintptr_t)memory_at(window + i),
            .flags = GNTMAP_host_map,
            .ref = first + i,
            .dom = peer()->domid};
        unmaps[i] =
            (struct gnttab_unmap_grant_ref){.host_addr = maps[i].host_addr};
    }
}

static void map_some(unsigned from, unsigned count)
{
    grant_op(GNTTABOP_map_grant_ref, maps + from, count);
}

static void unmap_some(unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++)
        unmaps[i].handle = maps[i].handle;
    grant_op(GNTTABOP_unmap_grant_ref, unmaps + from, count);
}

/* The last batch went through: statuses are written anew by each call. */
static void check_maps(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        SAME(maps[i].status, GNTST_okay);
        maps[i].status = GNTST_general_error;
    }
}

static void check_unmaps(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        SAME(unmaps[i].status, GNTST_okay);
        unmaps[i].status = GNTST_general_error;
    }
}

static void check_mapped(unsigned count)
{
    check_maps(count);
    for (unsigned i = 0; i < count; i++)
        SAME(*(uint64_t *)memory_at(window + i), peer_word(i));
}

static void both_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        map_some(0, op->each);
        unmap_some(0, op->each);
    }
}

static void both_after(const struct op *op)
{
    check_maps(op->each);
    check_unmaps(op->each);
    map_some(0, op->each);
    check_mapped(op->each);
    unmap_some(0, op->each);
    check_unmaps(op->each);
}

/* --- Maps and unmaps apart, a call each --- */

static void maps_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        map_some(i, 1);
}

static void maps_after(const struct op *op)
{
    check_mapped(op->count);
    unmap_some(0, op->count);
    check_unmaps(op->count);
}

static void unmaps_before(const struct op *op)
{
    map_some(0, op->count);
    check_mapped(op->count);
}

static void unmaps_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        unmap_some(i, 1);
}

static void unmaps_after(const struct op *op)
{
    check_unmaps(op->count);
}

/* --- Copies --- */

static void copy_prepare(void)
{
    grant_ref_t first = peer_pages();

    if (!pages)
        pages = pages_new(PAGES_MAX, 1);
    for (unsigned i = 0; i < PAGES_MAX; i++)
        copies[i] = grant_copy_from(peer()->domid, first + i,
                                    pages + (size_t)i * PAGE_BYTES, PAGE_BYTES);
}

static void copy_before(const struct op *op)
{
    (void)op;
    bytes_set(pages, 0, (size_t)PAGES_MAX * PAGE_BYTES);
}

static void copy_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        grant_op(GNTTABOP_copy, copies, op->each);
}

static void copy_after(const struct op *op)
{
    for (unsigned i = 0; i < op->each; i++) {
        const uint64_t *words =
            (const uint64_t *)(pages + (size_t)i * PAGE_BYTES);

        SAME(copies[i].status, GNTST_okay);
        copies[i].status = GNTST_general_error;
        for (unsigned w = 0; w < PAGE_BYTES / sizeof(*words); w++)
            SAME(words[w], peer_word(i));
    }
}

#define BOTH_ROW(size, times)                                             \
    {                                                                     \
        .name = "grant-map-unmap-" #size, .unit = "page", .count = times, \
        .each = size, .prepare = map_prepare, .run = both_run,            \
        .after = both_after                                               \
    }
#define COPY_ROW(size, times)                                           \
    {                                                                   \
        .name = "grant-copy-4k-" #size, .unit = "page", .count = times, \
        .each = size, .prepare = copy_prepare, .before = copy_before,   \
        .run = copy_run, .after = copy_after                            \
    }

const struct op grant_ops[] = {
    {.name = "grant-map",
     .unit = "page",
     .count = PAGES_MAX,
     .each = 1,
     .prepare = map_prepare,
     .run = maps_run,
     .after = maps_after},
    {.name = "grant-unmap",
     .unit = "page",
     .count = PAGES_MAX,
     .each = 1,
     .prepare = map_prepare,
     .before = unmaps_before,
     .run = unmaps_run,
     .after = unmaps_after},
    BOTH_ROW(1, 64),
    BOTH_ROW(16, 4),
    BOTH_ROW(64, 1),
    COPY_ROW(1, 64),
    COPY_ROW(16, 4),
    COPY_ROW(64, 1),
    OPS_END,
};

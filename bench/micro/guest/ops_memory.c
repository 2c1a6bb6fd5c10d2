/* Changes of the memory map, of the amount of memory, and first touches. */
#include "grants.h"
#include "guest.h"
#include "micro.h"

enum {
    LARGE_ORDER = 9,
    LARGE_BYTES = 2 << 20,
    SINGLES = 50,
    HOLES = 12,           /* in a round: each is one only once */
    HOLES_END = 193 << 9, /* in 2 MiB, downwards: the end of what is mapped */
    WORD = 0x5a17,
};

/* --- The peer's pages, mapped as a toolstack maps them --- */

static struct xen_add_to_physmap_batch batch;
static xen_ulong_t idxs[PAGES_MAX];
static xen_pfn_t gpfns[PAGES_MAX];
static int errors[PAGES_MAX];

static void foreign_prepare(void)
{
    xen_pfn_t first = peer_gfn();

    if (!gpfns[0])
        gpfns[0] = gfns_free(PAGES_MAX);
    batch = (struct xen_add_to_physmap_batch){.domid = DOMID_SELF,
                                              .space = XENMAPSPACE_gmfn_foreign,
                                              .u.foreign_domid = peer()->domid};
    set_xen_guest_handle(batch.idxs, idxs);
    set_xen_guest_handle(batch.gpfns, gpfns);
    set_xen_guest_handle(batch.errs, errors);
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        idxs[i] = first + i;
        gpfns[i] = gpfns[0] + i;
    }
}

static void foreign_map(unsigned count)
{
    batch.size = (uint16_t)count;
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &batch), 0);
}

static void foreign_unmap(unsigned count)
{
    struct xen_remove_from_physmap r = {.domid = DOMID_SELF};

    for (unsigned i = 0; i < count; i++) {
        r.gpfn = gpfns[i];
        SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &r), 0);
    }
}

static void foreign_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        foreign_map(op->each);
        foreign_unmap(op->each);
    }
}

static void foreign_after(const struct op *op)
{
    errors[op->each - 1] = 1;
    foreign_map(op->each);
    for (unsigned i = 0; i < op->each; i++) {
        SAME(errors[i], 0);
        SAME(*(uint64_t *)memory_at(gpfns[i]), peer_word(i));
    }
    foreign_unmap(op->each);
}

/* --- A frame that moves from one place to another --- */

static xen_pfn_t places[2];

static void move_prepare(void)
{
    (void)grant_table();
    if (!places[0])
        places[0] = gfns_free(2);
    places[1] = places[0] + 1;
}

static void move_run(const struct op *op)
{
    struct xen_add_to_physmap a = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .idx = 1};

    for (unsigned i = 0; i < op->count; i++) {
        a.gpfn = places[i % 2];
        SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a), 0);
    }
}

static void move_after(const struct op *op)
{
    volatile uint64_t *last = memory_at(places[(op->count - 1) % 2]);

    SAME(*last, 0); /* an entry of a grant table that nobody used */
}

/* --- Memory given up and taken back --- */

static uint8_t *own_pages;
static xen_pfn_t extents[PAGES_MAX];
static struct xen_memory_reservation reservation;

static void extents_of(unsigned order, unsigned count)
{
    reservation = (struct xen_memory_reservation){
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};
    set_xen_guest_handle(reservation.extent_start, extents);
    for (unsigned i = 0; i < count; i++)
        extents[i] = gfn_of(own_pages) + ((xen_pfn_t)i << order);
}

static void reserve_prepare(void)
{
    if (!own_pages)
        own_pages = pages_new(LARGE_BYTES / PAGE_BYTES, LARGE_BYTES);
}

static void reserve_before(const struct op *op)
{
    extents_of(0, op->each);
}

static void reserve_large_before(const struct op *op)
{
    (void)op;
    extents_of(LARGE_ORDER, 1);
}

static void reserve_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                   &reservation),
             op->each);
        SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
                   &reservation),
             op->each);
        extents_of(reservation.extent_order, op->each);
    }
}

static void reserve_after(const struct op *op)
{
    for (unsigned i = 0; i < op->each; i++) {
        volatile uint64_t *word =
            (uint64_t *)(own_pages + (size_t)i * PAGE_BYTES);

        *word = WORD + i;
        SAME(*word, WORD + i);
    }
}

/* --- First touches of what is no memory, which one may map --- */

static uintptr_t hole = HOLES_END;
static uint64_t touched;

static void holes_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        hole--;
        touched += *(volatile uint32_t *)(hole * LARGE_BYTES) & 1;
    }
}

/* --- The pages that a guest writes while it migrates --- */

enum {
    DIRTY_AT = 24 << 20, /* in the peer: memory that it does not use */
    DIRTY_PAGES = PAGES_MAX,
    BITMAP_PAGES = GUEST_RAM_GFN + GUEST_PAGES,
};

static uint8_t bitmap[BITMAP_PAGES / 8];

static long shadow_op(uint32_t op, uint64_t *dirty)
{
    struct xen_domctl d = {.u.shadow_op.op = op,
                           .u.shadow_op.pages = BITMAP_PAGES};
    long rc;

    set_xen_guest_handle(d.u.shadow_op.dirty_bitmap, bitmap);
    rc = domctl(peer()->domid, XEN_DOMCTL_shadow_op, &d);
    if (dirty)
        *dirty = d.u.shadow_op.stats.dirty_count;
    return rc;
}

static void dirty_prepare(void)
{
    if (shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL))
        test_skip("NOT_IMPLEMENTED: the hypervisor logs no dirty pages");
}

static long dirty_there(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < DIRTY_PAGES; i++)
        *(volatile uint64_t *)(DIRTY_AT + (uintptr_t)i * PAGE_BYTES) = WORD;
    return 0;
}

static uint64_t dirty_count;

static void pass_before(const struct op *op)
{
    (void)op;
    (void)peer_call(dirty_there, NULL);
}

static void pass_run(const struct op *op)
{
    (void)op;
    SAME(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, &dirty_count), 0);
}

static void pass_after(const struct op *op)
{
    unsigned first = DIRTY_AT / PAGE_BYTES;

    (void)op;
    CHECK(dirty_count >= DIRTY_PAGES);
    for (unsigned i = first; i < first + DIRTY_PAGES; i++)
        CHECK(bitmap[i / 8] >> i % 8 & 1);
}

static void dirty_finish(void)
{
    SAME(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, NULL), 0);
}

#define FOREIGN(size, times)                                                \
    {                                                                       \
        .name = "foreign-map-unmap-" #size, .unit = "page", .count = times, \
        .each = size, .prepare = foreign_prepare, .run = foreign_run,       \
        .after = foreign_after                                              \
    }

const struct op memory_ops[] = {
    FOREIGN(1, SINGLES),
    FOREIGN(16, 4),
    FOREIGN(64, 1),
    {.name = "add-to-physmap",
     .unit = "move",
     .count = SINGLES,
     .each = 1,
     .prepare = move_prepare,
     .run = move_run,
     .after = move_after},
    {.name = "decrease-populate-4k-1",
     .unit = "page",
     .count = SINGLES,
     .each = 1,
     .prepare = reserve_prepare,
     .before = reserve_before,
     .run = reserve_run,
     .after = reserve_after},
    {.name = "decrease-populate-4k-64",
     .unit = "page",
     .count = 1,
     .each = PAGES_MAX,
     .prepare = reserve_prepare,
     .before = reserve_before,
     .run = reserve_run,
     .after = reserve_after},
    {.name = "decrease-populate-2m",
     .unit = "page",
     .count = 1,
     .each = 1,
     .prepare = reserve_prepare,
     .before = reserve_large_before,
     .run = reserve_run,
     .after = reserve_after},
    {.name = "nested-fault-hole",
     .unit = "touch",
     .count = HOLES,
     .each = 1,
     .run = holes_run},
    {.name = "dirty-log-pass",
     .unit = "pass",
     .count = 1,
     .each = 1,
     .prepare = dirty_prepare,
     .before = pass_before,
     .run = pass_run,
     .after = pass_after,
     .finish = dirty_finish},
    OPS_END,
};

/* Where pages lie in a guest: place, move, remove. Source: public/memory.h. */
#include "guest.h"
#include "suites.h"

static long op(unsigned nr, void *arg)
{
    return CALL2(__HYPERVISOR_memory_op, nr, arg);
}

static long place(unsigned space, unsigned long idx, xen_pfn_t gfn)
{
    struct xen_add_to_physmap a = {
        .domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn};

    return op(XENMEM_add_to_physmap, &a);
}

static long remove(xen_pfn_t gfn)
{
    struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = gfn};

    return op(XENMEM_remove_from_physmap, &r);
}

static long reservation_op(unsigned nr, xen_pfn_t *gfns, unsigned count,
                           unsigned order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, gfns);
    return op(nr, &r);
}

static long pages_in_use(void)
{
    domid_t self = DOMID_SELF;

    return op(XENMEM_current_reservation, &self);
}

/* --- Place --- */

static void shared_info_moves(void)
{
    struct shared_info *before = shared_info;

    shared_info = page_new();
    SAME(place(XENMAPSPACE_shared_info, 0, gfn_of(shared_info)), 0);
    CHECK(shared_info->wc_sec > 0);
    CHECK(before != shared_info);
}

static void shared_info_into_hole(void)
{
    xen_pfn_t gfn = gfn_free();
    struct shared_info *there = memory_at(gfn);

    SAME(place(XENMAPSPACE_shared_info, 0, gfn), 0);
    CHECK(there->wc_sec > 0);
    shared_info = page_new();
    SAME(place(XENMAPSPACE_shared_info, 0, gfn_of(shared_info)), 0);
    CHECK(shared_info->wc_sec > 0);
}

static void shared_info_index(void)
{
    SAME(place(XENMAPSPACE_shared_info, 1, gfn_of(page_new())), NEG_EINVAL);
    SAME(place(XENMAPSPACE_shared_info, ~0ul, gfn_of(page_new())), NEG_EINVAL);
}

static void grant_frame_index(void)
{
    CHECK(place(XENMAPSPACE_grant_table, 1 << 20, gfn_of(page_new())) < 0);
    CHECK(place(XENMAPSPACE_grant_table, ~0ul >> 1, gfn_of(page_new())) < 0);
}

static void unknown_space(void)
{
    SAME(place(77, 0, gfn_free()), NEG_EINVAL);
    SAME(place(XENMAPSPACE_gmfn_foreign, 0, gfn_free()), NEG_ENOSYS);
}

static void invalid_gfn(void)
{
    SAME(place(XENMAPSPACE_shared_info, 0, ~0ul), NEG_EINVAL);
}

static void place_refused(void)
{
    struct xen_add_to_physmap a = {.domid = NOBODY,
                                   .space = XENMAPSPACE_shared_info};

    SAME(op(XENMEM_add_to_physmap, &a), NEG_ESRCH);
    SAME(op(XENMEM_add_to_physmap, UNMAPPED), NEG_EFAULT);
    SAME(op(XENMEM_add_to_physmap, NON_CANONICAL), NEG_EFAULT);
}

static void page_moves(void)
{
    volatile char *page = page_new();
    xen_pfn_t gfn = gfn_free();

    page[0] = 'm';
    SAME(place(XENMAPSPACE_gmfn, gfn_of((void *)page), gfn), 0);
    SAME(*(volatile char *)memory_at(gfn), 'm');
    SAME(place(XENMAPSPACE_gmfn, gfn, gfn_of((void *)page)), 0);
    SAME(page[0], 'm');
}

static void page_to_move_not_there(void)
{
    SAME(place(XENMAPSPACE_gmfn, gfn_free(), gfn_free()), NEG_EINVAL);
}

/* --- Many at once --- */

struct batch {
    xen_ulong_t idxs[4];
    xen_pfn_t gpfns[4];
    int errors[4];
};

static struct xen_add_to_physmap_batch batch_of(struct batch *b, unsigned space,
                                                unsigned count)
{
    struct xen_add_to_physmap_batch x = {
        .domid = DOMID_SELF, .space = (uint16_t)space, .size = (uint16_t)count};

    set_xen_guest_handle(x.idxs, b->idxs);
    set_xen_guest_handle(x.gpfns, b->gpfns);
    set_xen_guest_handle(x.errs, b->errors);
    return x;
}

static void batch_of_errors(void)
{
    struct batch b = {{0, 1, 0, 0}, {0}, {7, 7, 7, 7}};
    struct xen_add_to_physmap_batch x =
        batch_of(&b, XENMAPSPACE_shared_info, 2);

    shared_info = page_new();
    b.gpfns[0] = gfn_of(shared_info);
    b.gpfns[1] = gfn_free();
    SAME(op(XENMEM_add_to_physmap_batch, &x), 0);
    SAME(b.errors[0], 0);
    SAME(b.errors[1], NEG_EINVAL);
    SAME(b.errors[2], 7);
}

static void batch_of_none(void)
{
    struct batch b = {0};
    struct xen_add_to_physmap_batch x =
        batch_of(&b, XENMAPSPACE_shared_info, 0);

    SAME(op(XENMEM_add_to_physmap_batch, &x), 0);
}

static void batch_refused(void)
{
    struct batch b = {0};
    struct xen_add_to_physmap_batch x = batch_of(&b, XENMAPSPACE_gmfn_range, 1);

    SAME(op(XENMEM_add_to_physmap_batch, &x), NEG_EOPNOTSUPP);
    x.space = XENMAPSPACE_shared_info;
    x.domid = NOBODY;
    SAME(op(XENMEM_add_to_physmap_batch, &x), NEG_ESRCH);
    SAME(op(XENMEM_add_to_physmap_batch, UNMAPPED), NEG_EFAULT);
}

static void batch_lists_unmapped(void)
{
    struct batch b = {0};
    struct xen_add_to_physmap_batch x =
        batch_of(&b, XENMAPSPACE_shared_info, 1);

    set_xen_guest_handle(x.idxs, UNMAPPED);
    SAME(op(XENMEM_add_to_physmap_batch, &x), NEG_EFAULT);
    set_xen_guest_handle(x.idxs, b.idxs);
    set_xen_guest_handle(x.gpfns, UNMAPPED);
    SAME(op(XENMEM_add_to_physmap_batch, &x), NEG_EFAULT);
}

/* --- Remove --- */

static void remove_hole(void)
{
    SAME(remove(gfn_free()), NEG_ENOENT);
    SAME(remove(~0ul), NEG_ENOENT);
}

static void remove_refused(void)
{
    struct xen_remove_from_physmap r = {.domid = NOBODY, .gpfn = gfn_free()};

    SAME(op(XENMEM_remove_from_physmap, &r), NEG_ESRCH);
    SAME(op(XENMEM_remove_from_physmap, UNMAPPED), NEG_EFAULT);
}

static void removed_is_gone(void)
{
    xen_pfn_t gfn = gfn_free();

    SAME(place(XENMAPSPACE_shared_info, 0, gfn), 0);
    SAME(remove(gfn), 0);
    SAME(remove(gfn), NEG_ENOENT);
    shared_info = page_new();
    SAME(place(XENMAPSPACE_shared_info, 0, gfn_of(shared_info)), 0);
}

/* --- Give back, take again --- */

static void balloon(void)
{
    char *page = page_new();
    xen_pfn_t gfn = gfn_of(page);
    long before = pages_in_use();

    page[0] = 'x';
    SAME(reservation_op(XENMEM_decrease_reservation, &gfn, 1, 0), 1);
    SAME(pages_in_use(), before - 1);
    SAME(reservation_op(XENMEM_populate_physmap, &gfn, 1, 0), 1);
    SAME(pages_in_use(), before);
    page[1] = 'y';
    SAME(page[1], 'y');
}

static void balloon_several(void)
{
    xen_pfn_t gfns[8];
    char *pages = pages_new(8, 1);
    long before = pages_in_use();

    for (int i = 0; i < 8; i++)
        gfns[i] = gfn_of(pages) + (xen_pfn_t)i;
    SAME(reservation_op(XENMEM_decrease_reservation, gfns, 8, 0), 8);
    SAME(pages_in_use(), before - 8);
    SAME(reservation_op(XENMEM_populate_physmap, gfns, 8, 0), 8);
    SAME(pages_in_use(), before);
    pages[7 * PAGE_BYTES] = 1;
}

static void balloon_stops_at_error(void)
{
    char *pages = pages_new(2, 1);
    xen_pfn_t gfns[3] = {gfn_of(pages), gfn_free(), gfn_of(pages) + 1};

    SAME(reservation_op(XENMEM_decrease_reservation, gfns, 3, 0), 1);
    SAME(reservation_op(XENMEM_populate_physmap, gfns, 1, 0), 1);
    pages[0] = 1;
}

static void balloon_list_unmapped(void)
{
    SAME(reservation_op(XENMEM_decrease_reservation, UNMAPPED, 1, 0), 0);
    SAME(reservation_op(XENMEM_populate_physmap, UNMAPPED, 1, 0), 0);
}

static void balloon_refused(void)
{
    xen_pfn_t gfn = gfn_free();
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = NOBODY};

    set_xen_guest_handle(r.extent_start, &gfn);
    SAME(op(XENMEM_decrease_reservation, &r), 0);
    SAME(op(XENMEM_populate_physmap, &r), 0);
    SAME(op(XENMEM_populate_physmap, UNMAPPED), 0);
    SAME(op(XENMEM_decrease_reservation, UNMAPPED), 0);
}

static void balloon_order_too_large(void)
{
    xen_pfn_t gfn = gfn_free() & ~0xffffful;

    SAME(reservation_op(XENMEM_populate_physmap, &gfn, 1, 40), 0);
    SAME(reservation_op(XENMEM_decrease_reservation, &gfn, 1, 40), 0);
}

static void balloon_count_huge(void)
{
    xen_pfn_t gfn = gfn_free();

    SAME(reservation_op(XENMEM_decrease_reservation, &gfn, ~0u, 0), 0);
    SAME(reservation_op(XENMEM_populate_physmap, &gfn, 0, 0), 0);
}

static void balloon_start_beyond(void)
{
    xen_pfn_t gfn = gfn_of(page_new());

    /* A number of what is done already, beyond the count: answered as it is. */
    SAME(reservation_op(XENMEM_decrease_reservation | 5 << 6, &gfn, 1, 0), 5);
}

static void balloon_over_the_limit(void)
{
    xen_pfn_t gfns[2] = {gfn_free(), gfn_free()};
    domid_t self = DOMID_SELF;
    long spare = op(XENMEM_maximum_reservation, &self) - pages_in_use();

    if (spare > 1)
        test_skip("the limit is far");
    CHECK(reservation_op(XENMEM_populate_physmap, gfns, 2, 0) <= spare);
}

static long read_byte(void *at)
{
    return *(volatile unsigned char *)at;
}

/* A guest finds all ones, or an end; what it may not find is its old page. */
static void ballooned_not_readable(void)
{
    volatile char *page = page_new();
    xen_pfn_t gfn = gfn_of((void *)page);
    long found;

    page[0] = 's';
    SAME(reservation_op(XENMEM_decrease_reservation, &gfn, 1, 0), 1);
    found = attempt(read_byte, (void *)page);
    CHECK(found != 's');
    SAME(reservation_op(XENMEM_populate_physmap, &gfn, 1, 0), 1);
}

const struct test physmap_tests[] = {
    TEST(shared_info_moves, "The shared page MUST move where it is put."),
    TEST(shared_info_into_hole, "The shared page MUST fill a hole."),
    TEST(shared_info_index, "There is one shared page."),
    TEST(grant_frame_index, "Frames beyond the limit MUST be refused."),
    TEST(unknown_space, "Spaces that are not there, or for batches only."),
    TEST(invalid_gfn, "No page has the highest number."),
    TEST(place_refused, "Domains and places that are not there."),
    TEST_GUEST(page_moves, "A page MUST move and keep what is in it."),
    TEST_GUEST(page_to_move_not_there, "A page that is not there."),
    TEST(batch_of_errors, "Each of a batch MUST have its own error."),
    TEST(batch_of_none, "An empty batch MUST succeed."),
    TEST(batch_refused, "Spaces, domains, places that are not there."),
    TEST(batch_lists_unmapped, "Lists that are not there MUST be refused."),
    TEST(remove_hole, "Nothing MUST be removed where nothing is."),
    TEST(remove_refused, "Domains and places that are not there."),
    TEST(removed_is_gone, "What was removed MUST be gone."),
    TEST(balloon, "A page MUST go and come back."),
    TEST(balloon_several, "Several pages MUST go and come back."),
    TEST(balloon_stops_at_error, "The count MUST stop at the first error."),
    TEST(balloon_list_unmapped, "Lists that are not there: none is done."),
    TEST(balloon_refused, "Domains and places that are not there."),
    TEST(balloon_order_too_large, "Orders beyond memory: none is done."),
    TEST(balloon_count_huge, "Counts beyond all limits: none is done."),
    TEST(balloon_start_beyond, "A start beyond the count MUST be the answer."),
    TEST(balloon_over_the_limit, "A domain MUST NOT exceed its limit."),
    TEST_GUEST(ballooned_not_readable, "A page given back MUST be gone."),
    {0},
};

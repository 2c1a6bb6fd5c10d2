/*
 * Page allocator: blocks, owners, references, accounting, claims, scrubbing.
 */
#include "double/double.h"
#include "run.h"

#include "hv/page.h"

#include <stdlib.h>
#include <string.h>

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

static uint64_t free_pages(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.free;
}

static uint64_t dirty_pages(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.dirty;
}

static struct domain *domain(domid_t id, uint64_t max_pages)
{
    struct domain *d = double_domain(id, 1);

    d->max_pages = max_pages;
    return d;
}

static mfn_t alloc(struct domain *d, unsigned int order, unsigned int flags)
{
    mfn_t m;

    ck_assert_int_eq(page_alloc(d, order, flags, &m), 0);
    ck_assert_uint_eq(mfn_x(m) % BIT(order), 0);
    return m;
}

static bool is_zero(mfn_t m, unsigned int order)
{
    const uint64_t *p = mfn_to_virt(m);

    for (size_t i = 0; i < (PAGE_SIZE << order) / 8; i++)
        if (p[i])
            return false;
    return true;
}

START_TEST(all_memory_is_accounted_for)
{
    struct page_stats s;

    double_init(64);
    page_stats(&s);
    ck_assert_uint_eq(s.total, MIB(63) >> PAGE_SHIFT);
    ck_assert_uint_eq(s.total, s.free + s.hv);
    ck_assert_uint_eq(s.dirty, 0);
    ck_assert_uint_eq(s.outstanding, 0);
}
END_TEST

START_TEST(holes_cost_no_frame_table)
{
    const struct page_region r[] = {{0, MIB(1) - 0x60000, false},
                                    {MIB(1), MIB(64), false},
                                    {GIB(64), GIB(64) + MIB(64), false}};
    struct page_stats s;

    double_init_regions(GIB(65), r, ARRAY_SIZE(r));
    page_stats(&s);
    /* Page 0, two sections, 8 bytes for each section of addresses. */
    ck_assert_uint_le(s.hv, 1 + 2 * 64 + 2);
    ck_assert_uint_eq(page_owner(_mfn(GIB(32) >> PAGE_SHIFT)), PAGE_OWNER_FREE);
    ck_assert(!page_get_any(_mfn(GIB(32) >> PAGE_SHIFT)));
    ck_assert(!page_get_any(_mfn(INVALID_FRAME)));
    ck_assert_uint_eq(page_refs(_mfn(~0ULL >> 12)), 0);
}
END_TEST

START_TEST(what_was_in_use_at_boot_is_ours_until_freed)
{
    const struct page_region r[] = {{MIB(1), MIB(2), false},
                                    {MIB(2), MIB(3), true},
                                    {MIB(3), MIB(64), false}};
    mfn_t m = _mfn(MIB(2) >> PAGE_SHIFT);
    uint64_t before;

    double_init_regions(MIB(64), r, ARRAY_SIZE(r));
    before = free_pages();
    ck_assert_uint_eq(page_owner(m), PAGE_OWNER_HV);
    ck_assert(page_owner(m) != PAGE_OWNER_FREE);
    page_free_range(m, 256);
    ck_assert(page_owner(m) == PAGE_OWNER_FREE);
    ck_assert_uint_eq(free_pages(), before + 256);
    ck_assert_uint_eq(dirty_pages(), 256);
}
END_TEST

START_TEST(no_room_for_the_frame_table_is_one_clear_line)
{
    const struct page_region r[] = {{MIB(1), MIB(1) + PAGE_SIZE, false},
                                    {MIB(2), MIB(2) + PAGE_SIZE, true},
                                    {GIB(40), GIB(40) + PAGE_SIZE, false}};

    double_init_regions(GIB(41), r, ARRAY_SIZE(r));
    ck_abort_msg("it went through");
}
END_TEST

START_TEST(overlapping_regions_are_refused)
{
    const struct page_region r[] = {{MIB(1), MIB(3), false},
                                    {MIB(2), MIB(4), false}};

    double_init_regions(MIB(4), r, ARRAY_SIZE(r));
    ck_abort_msg("it went through");
}
END_TEST

/* Everything out in pieces of each size, everything back, again as large. */
START_TEST(memory_merges_again)
{
    static mfn_t got[32768];
    uint64_t before;

    double_init(128);
    before = free_pages();
    for (unsigned int order = 0; order <= PAGE_ORDER_2M; order++) {
        unsigned int nr = 0;

        while (nr < ARRAY_SIZE(got) && !page_alloc(NULL, order, 0, &got[nr]))
            nr++;
        ck_assert_uint_gt(nr, (32000U >> order) - 32U);
        for (unsigned int i = 0; i < nr; i += 2)
            page_free(got[i], order);
        for (unsigned int i = 1; i < nr; i += 2)
            page_free(got[i], order);
        ck_assert_uint_eq(free_pages(), before);
    }
    (void)alloc(NULL, 13, 0); /* The ends are not aligned for more. */
}
END_TEST

START_TEST(small_pieces_leave_large_blocks_alone)
{
    const struct page_region r = {MIB(1), GIB(2) + MIB(512), false};
    mfn_t m;

    double_init_regions(r.end, &r, 1);
    for (unsigned int i = 0; i < 5000; i++)
        (void)alloc(NULL, 0, 0);
    m = alloc(NULL, PAGE_ORDER_1G, 0);
    ck_assert_uint_eq(mfn_x(m), GIB(1) >> PAGE_SHIFT);
    for (unsigned int i = 0; i < 700; i++)
        (void)alloc(NULL, PAGE_ORDER_2M, 0);
}
END_TEST

START_TEST(dma32_is_below_4_gib_and_others_prefer_above)
{
    const struct page_region r[] = {{MIB(1), MIB(64), false},
                                    {GIB(4), GIB(4) + MIB(64), false}};

    double_init_regions(GIB(5), r, ARRAY_SIZE(r));
    ck_assert_uint_ge(mfn_x(alloc(NULL, 0, 0)), GIB(4) >> PAGE_SHIFT);
    ck_assert_uint_lt(mfn_x(alloc(NULL, 0, PAGE_ALLOC_DMA32)),
                      GIB(4) >> PAGE_SHIFT);
}
END_TEST

START_TEST(the_first_mib_is_used_last)
{
    const struct page_region r[] = {{0, 0xa0000, false},
                                    {MIB(1), MIB(3), false}};
    mfn_t m = _mfn(~0ULL);
    mfn_t next;

    double_init_regions(MIB(3), r, ARRAY_SIZE(r));
    while (!page_alloc(NULL, 0, 0, &next)) {
        ck_assert_uint_ne(mfn_x(next), 0);
        ck_assert(mfn_x(m) >= 256 || mfn_x(next) < 256);
        m = next;
    }
    ck_assert_uint_lt(mfn_x(m), 256);
}
END_TEST

START_TEST(zeroed_memory_is_zero_whatever_was_in_it)
{
    mfn_t m;

    double_init(64);
    for (unsigned int order = 0; order < 6; order++) {
        m = alloc(NULL, order, 0);
        memset(mfn_to_virt(m), 0xa5, PAGE_SIZE << order);
        page_free(m, order);
    }
    while (!page_alloc(NULL, 3, PAGE_ALLOC_ZERO, &m))
        ck_assert(is_zero(m, 3));
}
END_TEST

START_TEST(idle_cpus_clear_what_was_used_and_no_more)
{
    unsigned int rounds = 0;
    mfn_t m;

    double_init(64);
    ck_assert(!page_scrub_some());
    m = alloc(NULL, 7, 0);
    memset(mfn_to_virt(m), 0xa5, PAGE_SIZE << 7);
    page_free(m, 7);
    ck_assert_uint_eq(dirty_pages(), 128);
    while (page_scrub_some())
        ck_assert_uint_lt(rounds++, 1000);
    ck_assert_uint_eq(dirty_pages(), 0);
    ck_assert_uint_le(rounds, 40);
    ck_assert(is_zero(_mfn(mfn_x(m) + 1), 6));
}
END_TEST

/* Scrubbed blocks are given out as they are: nothing may slip through. */
START_TEST(random_use_with_scrubbing_leaks_no_data)
{
    static struct {
        mfn_t m;
        unsigned int order;
    } held[64];
    unsigned int seed = 1;
    uint64_t before;

    double_init(32);
    before = free_pages();
    for (unsigned int i = 0; i < 20000; i++) {
        unsigned int at = (unsigned int)rand_r(&seed) % ARRAY_SIZE(held);
        unsigned int order = (unsigned int)rand_r(&seed) % 7;
        unsigned int zero =
            (unsigned int)rand_r(&seed) % 2 ? PAGE_ALLOC_ZERO : 0;

        if (mfn_x(held[at].m)) {
            page_free(held[at].m, held[at].order);
            held[at].m = _mfn(0);
        } else if (!page_alloc(NULL, order, zero, &held[at].m)) {
            held[at].order = order;
            ck_assert(!zero || is_zero(held[at].m, order));
            memset(mfn_to_virt(held[at].m), 0x5a, PAGE_SIZE << order);
        }
        if (i % 3 == 0)
            (void)page_scrub_some();
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
        if (mfn_x(held[i].m))
            page_free(held[i].m, held[i].order);
    ck_assert_uint_eq(free_pages(), before);
}
END_TEST

START_TEST(a_range_is_taken_exactly)
{
    struct domain *d;
    mfn_t first = _mfn((MIB(10) >> PAGE_SHIFT) + 3);
    uint64_t before;

    double_init(64);
    d = domain(1, 5000);
    before = free_pages();
    ck_assert_int_eq(page_alloc_range(d, first, 1001), 0);
    ck_assert_uint_eq(free_pages(), before - 1001);
    ck_assert_uint_eq(d->tot_pages, 1001);
    for (unsigned int i = 0; i < 1001; i++)
        ck_assert_uint_eq(page_owner(_mfn(mfn_x(first) + i)), 1);
    ck_assert_uint_eq(page_owner(_mfn(mfn_x(first) - 1)), PAGE_OWNER_FREE);
    ck_assert_uint_eq(page_owner(_mfn(mfn_x(first) + 1001)), PAGE_OWNER_FREE);
    for (unsigned int i = 0; i < 1001; i++)
        page_put(_mfn(mfn_x(first) + i));
    ck_assert_uint_eq(free_pages(), before);
    ck_assert_uint_eq(d->tot_pages, 0);
}
END_TEST

START_TEST(a_range_that_is_not_free_is_ebusy)
{
    struct domain *d;
    mfn_t m;
    uint64_t before;

    double_init(64);
    d = domain(1, 50000);
    m = alloc(NULL, 0, 0);
    before = free_pages();
    ck_assert_int_eq(page_alloc_range(d, _mfn(mfn_x(m) - 5), 10), -XEN_EBUSY);
    ck_assert_int_eq(page_alloc_range(d, _mfn(MIB(64) >> PAGE_SHIFT), 1),
                     -XEN_EBUSY);
    ck_assert_int_eq(page_alloc_range(d, _mfn(~0ULL - 1), 5), -XEN_EINVAL);
    ck_assert_int_eq(page_alloc_range(d, m, 0), -XEN_EINVAL);
    ck_assert_uint_eq(free_pages(), before);
    ck_assert_uint_eq(d->tot_pages, 0);
}
END_TEST

START_TEST(a_domain_gets_no_more_than_its_maximum)
{
    struct domain *d;
    mfn_t m;

    double_init(64);
    d = domain(1, 17);
    m = alloc(d, 4, 0);
    (void)alloc(d, 0, 0);
    ck_assert_int_eq(page_alloc(d, 0, 0, &m), -XEN_ENOMEM);
    ck_assert_int_eq(page_alloc_range(d, _mfn(4096), 1), -XEN_ENOMEM);
    ck_assert_uint_eq(d->tot_pages, 17);
    (void)alloc(d, 0, PAGE_ALLOC_SHARED);
    ck_assert_uint_eq(d->tot_pages, 17);
    ck_assert_int_eq(page_alloc(d, 18, 0, &m), -XEN_ENOMEM);
}
END_TEST

START_TEST(a_dying_domain_gets_nothing)
{
    struct domain *d;
    mfn_t m;

    double_init(64);
    d = domain(1, 100);
    d->dying = DOMDYING_DYING;
    ck_assert_int_eq(page_alloc(d, 0, 0, &m), -XEN_EINVAL);
    ck_assert_int_eq(page_alloc(d, 0, PAGE_ALLOC_SHARED, &m), -XEN_EINVAL);
}
END_TEST

START_TEST(the_last_reference_frees)
{
    struct domain *d;
    struct domain *other;
    uint64_t before;
    mfn_t m;

    double_init(64);
    d = domain(1, 100);
    other = domain(2, 100);
    before = free_pages();
    m = alloc(d, 0, 0);
    ck_assert_uint_eq(page_refs(m), 1);
    ck_assert(page_get(m, d));
    ck_assert(!page_get(m, other));
    ck_assert(page_get_any(m));
    ck_assert_uint_eq(page_refs(m), 3);
    page_put(m);
    page_put(m);
    ck_assert_uint_eq(d->tot_pages, 1);
    page_put(m);
    ck_assert_uint_eq(d->tot_pages, 0);
    ck_assert_uint_eq(free_pages(), before);
    ck_assert(!page_get(m, d));
    ck_assert(!page_get_any(m));
    ck_assert_uint_eq(page_owner(m), PAGE_OWNER_FREE);
}
END_TEST

START_TEST(frames_of_the_hypervisor_take_no_references)
{
    struct domain *d;
    mfn_t m;

    double_init(64);
    d = domain(1, 100);
    m = alloc(NULL, 0, 0);
    ck_assert(!page_get(m, d));
    ck_assert(!page_get_any(m));
}
END_TEST

START_TEST(a_superpage_goes_but_for_the_frame_still_held)
{
    struct domain *d;
    uint64_t before;
    mfn_t m;

    double_init(64);
    d = domain(1, 1000);
    before = free_pages();
    m = alloc(d, PAGE_ORDER_2M, 0);
    ck_assert(page_get(_mfn(mfn_x(m) + 77), d));
    page_put_order(m, PAGE_ORDER_2M);
    ck_assert_uint_eq(d->tot_pages, 1);
    ck_assert_uint_eq(free_pages(), before - 1);
    page_put(_mfn(mfn_x(m) + 77));
    ck_assert_uint_eq(d->tot_pages, 0);
    ck_assert_uint_eq(free_pages(), before);
    (void)alloc(d, PAGE_ORDER_2M, 0);
}
END_TEST

START_TEST(shared_frames_are_counted_apart)
{
    struct domain *d;
    uint64_t had;
    mfn_t m;

    double_init(64);
    d = domain(1, 0);
    had = d->shared_pages;
    m = alloc(d, 0, PAGE_ALLOC_SHARED | PAGE_ALLOC_ZERO);
    ck_assert_uint_eq(d->shared_pages, had + 1);
    page_put(m);
    ck_assert_uint_eq(d->shared_pages, had);
}
END_TEST

START_TEST(a_claim_keeps_memory_from_others)
{
    struct domain *d;
    struct domain *other;
    struct page_stats s;
    mfn_t m;

    double_init(64);
    d = domain(1, 100000);
    other = domain(2, 100000);
    ck_assert_int_eq(page_claim(d, free_pages() + 1), -XEN_ENOMEM);
    ck_assert_int_eq(page_claim(d, free_pages() - 10), 0);
    ck_assert_int_eq(page_claim(d, 10), -XEN_EINVAL);
    ck_assert_int_eq(page_alloc(other, 4, 0, &m), -XEN_ENOMEM);
    ck_assert_int_eq(page_claim(other, 11), -XEN_ENOMEM);
    ck_assert_int_eq(page_alloc(other, 3, 0, &m), 0);
    ck_assert_int_eq(page_alloc(d, 4, 0, &m), 0);
    page_stats(&s);
    ck_assert_uint_eq(s.outstanding, d->claim_pages);
    ck_assert_uint_eq(s.free - s.outstanding, 2);
    ck_assert_int_eq(page_claim(d, 0), 0);
    ck_assert_int_eq(page_alloc(other, 4, 0, &m), 0);
    page_stats(&s);
    ck_assert_uint_eq(s.outstanding, 0);
}
END_TEST

START_TEST(a_claim_is_for_more_than_it_has_and_no_more_than_it_may)
{
    struct domain *d;

    double_init(64);
    d = domain(1, 100);
    (void)alloc(d, 4, 0);
    ck_assert_int_eq(page_claim(d, 16), -XEN_EINVAL);
    ck_assert_int_eq(page_claim(d, 101), -XEN_EINVAL);
    ck_assert_int_eq(page_claim(d, 100), 0);
    ck_assert_uint_eq(d->claim_pages, 84);
}
END_TEST

START_TEST(one_page_too_many_dropped_is_a_panic)
{
    struct domain *d;
    mfn_t m;

    double_init(64);
    d = domain(1, 100);
    m = alloc(d, 0, 0);
    page_put(m);
    page_put(m);
    ck_abort_msg("it went through");
}
END_TEST

START_TEST(freeing_twice_is_a_panic)
{
    mfn_t m;

    double_init(64);
    m = alloc(NULL, 0, 0);
    page_free(m, 0);
    page_free(m, 0);
    ck_abort_msg("it went through");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_memory_is_accounted_for,
        holes_cost_no_frame_table,
        what_was_in_use_at_boot_is_ours_until_freed,
        memory_merges_again,
        small_pieces_leave_large_blocks_alone,
        dma32_is_below_4_gib_and_others_prefer_above,
        the_first_mib_is_used_last,
        zeroed_memory_is_zero_whatever_was_in_it,
        idle_cpus_clear_what_was_used_and_no_more,
        random_use_with_scrubbing_leaks_no_data,
        a_range_is_taken_exactly,
        a_range_that_is_not_free_is_ebusy,
        a_domain_gets_no_more_than_its_maximum,
        a_dying_domain_gets_nothing,
        the_last_reference_frees,
        frames_of_the_hypervisor_take_no_references,
        a_superpage_goes_but_for_the_frame_still_held,
        shared_frames_are_counted_apart,
        a_claim_keeps_memory_from_others,
        a_claim_is_for_more_than_it_has_and_no_more_than_it_may,
    };
    const TTest *const aborting[] = {
        no_room_for_the_frame_table_is_one_clear_line,
        overlapping_regions_are_refused,
        one_page_too_many_dropped_is_a_panic,
        freeing_twice_is_a_panic,
    };
    const struct test_more more = {.aborting = aborting,
                                   .aborting_nr = ARRAY_SIZE(aborting)};

    return test_run_more("page", tests, ARRAY_SIZE(tests), &more);
}

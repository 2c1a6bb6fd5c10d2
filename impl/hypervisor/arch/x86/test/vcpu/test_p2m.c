/*
 * Nested page tables: mappings of all orders, splitting, freeing, and the flush
 * protocol between CPUs.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "double/double.h"
#include "x86/p2m.h"

#define G_2M 512UL
#define G_1G (512UL * 512UL)

static struct domain d;
static uint64_t hv_before;

static uint64_t hv_pages(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.hv;
}

static void setup(void)
{
    double_init(64);
    double_cpus(2);
    hv_before = hv_pages();
    memset(&d, 0, sizeof(d));
    ck_assert_int_eq(p2m_init(&d), 0);
}

static void set(uint64_t gfn, uint64_t mfn, unsigned int order, enum p2m_type t)
{
    ck_assert_int_eq(p2m_set(&d, _gfn(gfn), _mfn(mfn), order, t), 0);
}

static void is(uint64_t gfn, uint64_t mfn, enum p2m_type t, unsigned int order)
{
    struct p2m_entry e = p2m_get(&d, _gfn(gfn));

    ck_assert_int_eq(e.type, t);
    ck_assert_uint_eq(mfn_x(e.mfn), mfn);
    ck_assert_uint_eq(e.order, order);
}

static void is_none(uint64_t gfn)
{
    struct p2m_entry e = p2m_get(&d, _gfn(gfn));

    ck_assert_int_eq(e.type, P2M_NONE);
    ck_assert_uint_eq(mfn_x(e.mfn), INVALID_FRAME);
}

START_TEST(each_type_reads_back)
{
    for (enum p2m_type t = P2M_RAM_RW; t < P2M_TYPE_NR; t++) {
        set(7 + t, 0x1234 + t, 0, t);
        is(7 + t, 0x1234 + t, t, 0);
    }
    is_none(6);
}
END_TEST

START_TEST(superpage_answers_for_all_its_frames)
{
    set(G_2M, 4 * G_2M, 9, P2M_RAM_RW);
    is(G_2M + 17, 4 * G_2M + 17, P2M_RAM_RW, 9);
    set(2 * G_1G, G_1G, 18, P2M_RAM_RW);
    is(2 * G_1G + 99999, G_1G + 99999, P2M_RAM_RW, 18);
    is_none(2 * G_2M);
}
END_TEST

START_TEST(clearing_a_frame_splits_its_superpage)
{
    set(0, G_1G, 18, P2M_RAM_RW);
    ck_assert_int_eq(p2m_clear(&d, _gfn(1000), 0), 0);
    is_none(1000);
    is(999, G_1G + 999, P2M_RAM_RW, 0);
    is(1001, G_1G + 1001, P2M_RAM_RW, 0);
    is(5 * G_2M + 3, G_1G + 5 * G_2M + 3, P2M_RAM_RW, 9);
}
END_TEST

START_TEST(superpage_over_tables_frees_them)
{
    uint64_t tables;

    set(0, G_1G, 18, P2M_RAM_RW);
    tables = p2m_table_pages(&d);
    set(3, 77, 0, P2M_GRANT_RW);
    set(9 * G_2M + 3, 78, 0, P2M_GRANT_RO);
    ck_assert_uint_eq(p2m_table_pages(&d), tables + 3);
    set(0, 3 * G_1G, 18, P2M_RAM_RW);
    ck_assert_uint_eq(p2m_table_pages(&d), tables);
    is(3, 3 * G_1G + 3, P2M_RAM_RW, 18);
}
END_TEST

START_TEST(leaves_are_as_large_as_the_cpu_knows)
{
    p2m_limit_leaves(PAGE_ORDER_2M);
    set(G_1G, 2 * G_1G, 18, P2M_RAM_RW);
    is(G_1G, 2 * G_1G, P2M_RAM_RW, 9);
    is(2 * G_1G - 1, 3 * G_1G - 1, P2M_RAM_RW, 9);
    is_none(2 * G_1G);
    ck_assert_int_eq(p2m_set(&d, _gfn(G_2M), _mfn(0), 18, P2M_RAM_RW),
                     -XEN_EINVAL);
}
END_TEST

START_TEST(clearing_a_range_of_tables_frees_them)
{
    uint64_t tables;

    set(G_1G - 1, 5, 0, P2M_RAM_RW);
    tables = p2m_table_pages(&d);
    ck_assert_int_eq(p2m_clear(&d, _gfn(0), 18), 0);
    ck_assert_uint_eq(p2m_table_pages(&d), tables - 2);
    is_none(G_1G - 1);
}
END_TEST

START_TEST(nothing_is_left_after_fini)
{
    set(0, G_1G, 18, P2M_RAM_RW);
    set(3, 77, 0, P2M_GRANT_RW);
    set(100 * G_1G, 78, 0, P2M_FOREIGN);
    p2m_fini(&d);
    ck_assert_ptr_null(d.p2m);
    ck_assert_uint_eq(hv_pages(), hv_before);
}
END_TEST

START_TEST(bad_frames_are_einval)
{
    ck_assert_int_eq(p2m_set(&d, _gfn(1), _mfn(0), 9, P2M_RAM_RW), -XEN_EINVAL);
    ck_assert_int_eq(p2m_set(&d, _gfn(0), _mfn(1), 9, P2M_RAM_RW), -XEN_EINVAL);
    ck_assert_int_eq(p2m_set(&d, _gfn(1UL << 36), _mfn(0), 0, P2M_RAM_RW),
                     -XEN_EINVAL);
    ck_assert_int_eq(p2m_clear(&d, _gfn(~0UL), 0), -XEN_EINVAL);
    is_none(~0UL);
}
END_TEST

START_TEST(swap_reports_what_was_there)
{
    struct p2m_entry old;

    set(G_2M, 2 * G_2M, 9, P2M_RAM_RW);
    ck_assert_int_eq(p2m_swap(&d, _gfn(G_2M + 1), _mfn(5), P2M_FOREIGN, &old),
                     0);
    ck_assert_uint_eq(mfn_x(old.mfn), 2 * G_2M + 1);
    ck_assert_uint_eq(old.order, 0);
    is(G_2M + 1, 5, P2M_FOREIGN, 0);
    is(G_2M + 2, 2 * G_2M + 2, P2M_RAM_RW, 0);
}
END_TEST

START_TEST(clearing_a_hole_makes_no_table)
{
    uint64_t tables = p2m_table_pages(&d);
    struct p2m_entry old;

    ck_assert_int_eq(p2m_clear(&d, _gfn(12345), 0), 0);
    ck_assert_int_eq(
        p2m_swap(&d, _gfn(12345), _mfn(INVALID_FRAME), P2M_NONE, &old), 0);
    ck_assert_int_eq(old.type, P2M_NONE);
    ck_assert_uint_eq(p2m_table_pages(&d), tables);
}
END_TEST

START_TEST(next_visits_each_leaf_once)
{
    struct p2m_entry e;
    gfn_t at;
    unsigned int n = 0;
    uint64_t sum = 0;

    set(5, 50, 0, P2M_RAM_RW);
    set(G_2M, 2 * G_2M, 9, P2M_RAM_RW);
    set(40 * G_1G, 0, 18, P2M_MMIO);
    for (uint64_t g = 0; p2m_next(&d, _gfn(g), &at, &e); n++) {
        sum += gfn_x(at);
        g = gfn_x(at) + (1UL << e.order);
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(sum, 5 + G_2M + 40 * G_1G);
    ck_assert_uint_eq(gfn_x(p2m_max_gfn(&d)), 41 * G_1G - 1);
}
END_TEST

START_TEST(lack_of_memory_changes_nothing)
{
    set(0, G_1G, 18, P2M_RAM_RW);
    double_exhaust(1); /* one table of the two that it takes */
    ck_assert_int_eq(p2m_clear(&d, _gfn(3), 0), -XEN_ENOMEM);
    is(3, G_1G + 3, P2M_RAM_RW, 9);
    ck_assert_int_eq(p2m_clear(&d, _gfn(3), 0), -XEN_ENOMEM);
    is(3, G_1G + 3, P2M_RAM_RW, 9);
    ck_assert_int_eq(p2m_set(&d, _gfn(9 * G_1G), _mfn(1), 0, P2M_RAM_RW),
                     -XEN_ENOMEM);
    is_none(9 * G_1G);
}
END_TEST

/* --- Flushes --- */

static void enter_on(unsigned int cpu, bool flush)
{
    double_self = cpu;
    ck_assert(p2m_enter(&d) == flush);
    double_self = 0;
}

/* The kicked CPU leaves its guest. */
static void leave_cb(unsigned int cpu)
{
    unsigned int self = double_self;

    double_self = cpu;
    p2m_leave();
    double_self = self;
}

static void kicks_are(unsigned int n)
{
    ck_assert_uint_eq(double_cpu[1].kicks, n);
}

START_TEST(narrowing_waits_for_cpus_in_the_guest)
{
    set(1, 10, 0, P2M_RAM_RW);
    enter_on(1, true);
    double_kick_fn = leave_cb;
    ck_assert_int_eq(p2m_clear(&d, _gfn(1), 0), 0);
    kicks_are(1);
    enter_on(1, true);
    leave_cb(1);
    enter_on(1, false);
}
END_TEST

START_TEST(new_mappings_need_no_flush)
{
    enter_on(1, true);
    set(1, 10, 0, P2M_RAM_RW);
    set(2 * G_2M, G_2M, 9, P2M_RAM_RW);
    set(1, 10, 0, P2M_RAM_RW);
    kicks_are(0);
    leave_cb(1);
    enter_on(1, false);
}
END_TEST

START_TEST(cpu_out_of_the_guest_is_left_alone)
{
    set(1, 10, 0, P2M_RAM_RW);
    enter_on(1, true);
    leave_cb(1);
    set(1, 11, 0, P2M_RAM_RW);
    kicks_are(0);
    enter_on(1, true);
}
END_TEST

START_TEST(other_domains_are_left_alone)
{
    struct domain other = {0};

    ck_assert_int_eq(p2m_init(&other), 0);
    set(1, 10, 0, P2M_RAM_RW);
    double_self = 1;
    ck_assert(p2m_enter(&other));
    double_self = 0;
    ck_assert_int_eq(p2m_clear(&d, _gfn(1), 0), 0);
    kicks_are(0);
}
END_TEST

START_TEST(batch_flushes_once_at_its_end)
{
    for (uint64_t g = 0; g < 8; g++)
        set(g, g + 10, 0, P2M_RAM_RW);
    enter_on(1, true);
    double_kick_fn = leave_cb;
    p2m_batch_begin(&d);
    for (uint64_t g = 0; g < 8; g++)
        ck_assert_int_eq(p2m_clear(&d, _gfn(g), 0), 0);
    kicks_are(0);
    p2m_batch_end(&d);
    kicks_are(1);
}
END_TEST

START_TEST(batch_without_change_flushes_nothing)
{
    enter_on(1, true);
    p2m_batch_begin(&d);
    set(1, 10, 0, P2M_RAM_RW);
    p2m_batch_end(&d);
    kicks_are(0);
}
END_TEST

/* --- Windows --- */

static void window_is(uint64_t gfn, uint64_t mfn, enum p2m_type t)
{
    struct p2m_entry e;

    p2m_window_open(&d);
    e = p2m_window_get(_gfn(gfn));
    p2m_window_close();
    ck_assert_int_eq(e.type, t);
    ck_assert_uint_eq(mfn_x(e.mfn), mfn);
}

START_TEST(window_sees_what_a_look_up_sees)
{
    struct p2m_entry old;

    set(0, G_1G, 18, P2M_RAM_RW);
    set(2 * G_1G, 3 * G_2M, 9, P2M_RAM_RW);
    set(2 * G_1G + G_2M, 77, 0, P2M_RAM_RO);
    for (unsigned int i = 0; i < 2; i++) {
        window_is(0, G_1G, P2M_RAM_RW);
        window_is(G_1G - 1, 2 * G_1G - 1, P2M_RAM_RW);
        window_is(12345, G_1G + 12345, P2M_RAM_RW);
        window_is(G_1G, INVALID_FRAME, P2M_NONE);
        window_is(2 * G_1G + 5, 3 * G_2M + 5, P2M_RAM_RW);
        window_is(2 * G_1G + G_2M, 77, P2M_RAM_RO);
        window_is(2 * G_1G + G_2M + 1, INVALID_FRAME, P2M_NONE);
    }
    /* What was found before does not outlive a change. */
    ck_assert_int_eq(p2m_swap(&d, _gfn(12345), _mfn(9), P2M_GRANT_RW, &old), 0);
    window_is(12345, 9, P2M_GRANT_RW);
    window_is(12346, G_1G + 12346, P2M_RAM_RW);
    ck_assert_int_eq(p2m_clear(&d, _gfn(12346), 0), 0);
    window_is(12346, INVALID_FRAME, P2M_NONE);
    set(2 * G_1G + G_2M, 77, 0, P2M_RAM_RW);
    window_is(2 * G_1G + G_2M, 77, P2M_RAM_RW);
}
END_TEST

/* What the batch is due for is the most that happened in it. */
START_TEST(memory_taken_in_a_batch_is_gone_after_it)
{
    struct p2m_entry old;

    ck_assert_int_eq(p2m_set(&d, _gfn(5), _mfn(50), 0, P2M_RAM_RW), 0);
    ck_assert_int_eq(p2m_set(&d, _gfn(9), _mfn(90), 0, P2M_GRANT_RW), 0);
    window_is(5, 50, P2M_RAM_RW);
    p2m_batch_begin(&d);
    ck_assert_int_eq(p2m_swap(&d, _gfn(5), _mfn(51), P2M_RAM_RW, &old), 0);
    ck_assert_int_eq(p2m_clear(&d, _gfn(9), 0), 0);
    p2m_batch_end(&d);
    window_is(5, 51, P2M_RAM_RW);
    window_is(9, INVALID_FRAME, P2M_NONE);
}
END_TEST

START_TEST(windows_of_two_domains_do_not_mix)
{
    struct domain other = {0};
    struct p2m_entry e;

    ck_assert_int_eq(p2m_init(&other), 0);
    set(5, 50, 0, P2M_RAM_RW);
    ck_assert_int_eq(p2m_set(&other, _gfn(5), _mfn(60), 0, P2M_RAM_RW), 0);
    for (unsigned int i = 0; i < 2; i++) {
        window_is(5, 50, P2M_RAM_RW);
        p2m_window_open(&other);
        e = p2m_window_get(_gfn(5));
        p2m_window_close();
        ck_assert_uint_eq(mfn_x(e.mfn), 60);
    }
    /* One made in the place of one that is gone is another. */
    ck_assert_int_eq(p2m_clear(&other, _gfn(5), 0), 0);
    p2m_fini(&other);
    ck_assert_int_eq(p2m_init(&other), 0);
    p2m_window_open(&other);
    e = p2m_window_get(_gfn(5));
    p2m_window_close();
    ck_assert_int_eq(e.type, P2M_NONE);
}
END_TEST

static int cleared;

static int clear_cb(void *arg)
{
    (void)arg;
    ck_assert_int_eq(p2m_clear(&d, _gfn(5), 0), 0);
    __atomic_store_n(&cleared, 1, __ATOMIC_SEQ_CST);
    return 0;
}

START_TEST(a_frame_stays_while_a_window_is_open)
{
    thrd_t t;

    set(5, 50, 0, P2M_RAM_RW);
    double_self = 1;
    p2m_window_open(&d);
    double_self = 0;
    ck_assert_int_eq(thrd_create(&t, clear_cb, NULL), thrd_success);
    /* The entry goes at once, the call returns when the window is closed. */
    while (p2m_get(&d, _gfn(5)).type != P2M_NONE)
        thrd_yield();
    for (unsigned int i = 0; i < 1000; i++) {
        ck_assert_int_eq(__atomic_load_n(&cleared, __ATOMIC_SEQ_CST), 0);
        thrd_yield();
    }
    double_self = 1;
    p2m_window_close();
    double_self = 0;
    ck_assert_int_eq(thrd_join(t, NULL), thrd_success);
    ck_assert_int_eq(cleared, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("p2m");
    TCase *t = tcase_create("tables");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, each_type_reads_back);
    tcase_add_test(t, superpage_answers_for_all_its_frames);
    tcase_add_test(t, clearing_a_frame_splits_its_superpage);
    tcase_add_test(t, superpage_over_tables_frees_them);
    tcase_add_test(t, leaves_are_as_large_as_the_cpu_knows);
    tcase_add_test(t, clearing_a_range_of_tables_frees_them);
    tcase_add_test(t, nothing_is_left_after_fini);
    tcase_add_test(t, bad_frames_are_einval);
    tcase_add_test(t, swap_reports_what_was_there);
    tcase_add_test(t, clearing_a_hole_makes_no_table);
    tcase_add_test(t, next_visits_each_leaf_once);
    tcase_add_test(t, lack_of_memory_changes_nothing);
    suite_add_tcase(s, t);
    t = tcase_create("flushes");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, narrowing_waits_for_cpus_in_the_guest);
    tcase_add_test(t, new_mappings_need_no_flush);
    tcase_add_test(t, cpu_out_of_the_guest_is_left_alone);
    tcase_add_test(t, other_domains_are_left_alone);
    tcase_add_test(t, batch_flushes_once_at_its_end);
    tcase_add_test(t, batch_without_change_flushes_nothing);
    tcase_add_test(t, window_sees_what_a_look_up_sees);
    tcase_add_test(t, memory_taken_in_a_batch_is_gone_after_it);
    tcase_add_test(t, windows_of_two_domains_do_not_mix);
    tcase_add_test(t, a_frame_stays_while_a_window_is_open);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(suite());
    int failed;

    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

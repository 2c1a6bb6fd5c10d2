/* Tests of failover planning: packing, and the failures that it survives. */
#include <check.h>
#include <stdlib.h>

#include "planner.h"

enum {
    GIB = 1 << 30,
};

START_TEST(the_largest_goes_first)
{
    struct plan_bin bins[] = {{10}, {6}};
    struct plan_item items[] = {{.size = 4, .tag = 0, .at = -1},
                                {.size = 6, .tag = 1, .at = -1},
                                {.size = 6, .tag = 2, .at = -1}};

    ck_assert(plan_pack(bins, 2, items, 3));
    ck_assert_int_eq(items[0].size, 6);
    ck_assert_int_eq(items[0].bin, 1);
    ck_assert_int_eq(items[2].bin, 0);
    ck_assert_int_eq(bins[0].room, 0);
}
END_TEST

START_TEST(what_finds_no_room_is_told)
{
    struct plan_bin bins[] = {{5}};
    struct plan_item items[] = {{.size = 6, .at = -1}, {.size = 5, .at = -1}};

    ck_assert(!plan_pack(bins, 1, items, 2));
    ck_assert_int_eq(items[0].bin, -1);
    ck_assert_int_eq(items[1].bin, 0);
}
END_TEST

START_TEST(an_empty_pool_survives_all_but_the_last_host)
{
    struct plan_bin bins[] = {{GIB}, {GIB}, {GIB}};

    ck_assert_uint_eq(plan_most_failures(bins, 3, NULL, 0), 2);
    ck_assert(!plan_survives(bins, 3, NULL, 0, 3));
}
END_TEST

START_TEST(every_host_may_be_the_one_that_fails)
{
    struct plan_bin bins[] = {{8}, {2}, {2}};
    struct plan_item items[] = {{.size = 4, .at = 0}, {.size = 1, .at = 1}};

    /* Host 0 has most room and most to lose: nobody can take its machine. */
    ck_assert(!plan_survives(bins, 3, items, 2, 1));
    items[0].at = 1;
    ck_assert(plan_survives(bins, 3, items, 2, 1));
}
END_TEST

START_TEST(a_machine_that_runs_nowhere_needs_room_as_well)
{
    struct plan_bin bins[] = {{4}, {4}};
    struct plan_item items[] = {{.size = 3, .at = 0}, {.size = 3, .at = -1}};

    ck_assert(!plan_survives(bins, 2, items, 2, 1));
    ck_assert(plan_survives(bins, 2, items, 1, 1));
}
END_TEST

/* Tries every placement of what moves, without any cleverness. */
static bool fits_somehow(const int64_t *room, int hosts, const int64_t *sizes,
                         int nr)
{
    int64_t ways = 1;

    for (int i = 0; i < nr; i++)
        ways *= hosts;
    for (int64_t way = 0; way < ways; way++) {
        int64_t left[4], rest = way;
        bool fits = true;

        for (int h = 0; h < hosts; h++)
            left[h] = room[h];
        for (int i = 0; i < nr; i++, rest /= hosts)
            left[rest % hosts] -= sizes[i];
        for (int h = 0; h < hosts; h++)
            fits &= left[h] >= 0;
        if (fits)
            return true;
    }
    return false;
}

START_TEST(a_plan_is_never_promised_that_there_is_not)
{
    srand(1);
    for (int round = 0; round < 2000; round++) {
        struct plan_bin bins[4];
        struct plan_item items[5];
        int hosts = 2 + rand() % 3, nr = 1 + rand() % 5;

        for (int h = 0; h < hosts; h++)
            bins[h].room = rand() % 10;
        for (int i = 0; i < nr; i++)
            items[i] = (struct plan_item){.size = 1 + rand() % 5,
                                          .at = rand() % hosts};
        if (!plan_survives(bins, (size_t)hosts, items, (size_t)nr, 1))
            continue;
        for (int dead = 0; dead < hosts; dead++) {
            int64_t room[4], sizes[5];
            int left = 0, moved = 0;

            for (int h = 0; h < hosts; h++)
                if (h != dead)
                    room[left++] = bins[h].room;
            for (int i = 0; i < nr; i++)
                if (items[i].at == dead)
                    sizes[moved++] = items[i].size;
            ck_assert(fits_somehow(room, left, sizes, moved));
        }
    }
}
END_TEST

START_TEST(many_hosts_are_planned_by_a_bound)
{
    static struct plan_bin bins[64];
    static struct plan_item items[640];

    for (int h = 0; h < 64; h++)
        bins[h].room = 10;
    for (int i = 0; i < 640; i++)
        items[i] = (struct plan_item){.size = 1, .at = i % 64};
    ck_assert(plan_survives(bins, 64, items, 640, 16));
    ck_assert(!plan_survives(bins, 64, items, 640, 40));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("planner");
    TCase *tc = tcase_create("planner");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, the_largest_goes_first);
    tcase_add_test(tc, what_finds_no_room_is_told);
    tcase_add_test(tc, an_empty_pool_survives_all_but_the_last_host);
    tcase_add_test(tc, every_host_may_be_the_one_that_fails);
    tcase_add_test(tc, a_machine_that_runs_nowhere_needs_room_as_well);
    tcase_add_test(tc, a_plan_is_never_promised_that_there_is_not);
    tcase_add_test(tc, many_hosts_are_planned_by_a_bound);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Timers: order, names, the clock. */
#include "timer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct fixture f;
static char order[64];

static void set_up(void)
{
    fixture_init(&f);
    order[0] = '\0';
}

static void tear_down(void)
{
    fixture_fini(&f);
}

static void note(struct toolstack *ts, void *arg)
{
    size_t len = strlen(order);

    (void)ts;
    order[len] = *(const char *)arg;
    order[len + 1] = '\0';
}

static void again(struct toolstack *ts, void *arg)
{
    note(ts, arg);
    (void)timer_after(ts, 0, again, arg);
}

START_TEST(what_is_due_first_runs_first)
{
    (void)timer_after(&f.ts, 30, note, "c");
    (void)timer_after(&f.ts, 10, note, "a");
    (void)timer_after(&f.ts, 20, note, "b");
    (void)timer_after(&f.ts, 30, note, "d");
    ck_assert_int_eq(timers_next_ms(&f.ts), f.now_ms + 10);
    f.now_ms += 30;
    ck_assert_int_eq(timers_run(&f.ts), 4);
    ck_assert_str_eq(order, "abcd");
    ck_assert_int_eq(timers_next_ms(&f.ts), INT64_MAX);
}
END_TEST

START_TEST(what_is_cancelled_does_not_run)
{
    uint64_t a = timer_after(&f.ts, 1, note, "a"), b;

    ck_assert(timer_cancel(&f.ts, a));
    ck_assert(!timer_cancel(&f.ts, a));
    b = timer_after(&f.ts, 1, note, "b");
    ck_assert(!timer_cancel(&f.ts, a));
    ck_assert(!timer_cancel(&f.ts, 0));
    f.now_ms += 1;
    ck_assert_int_eq(timers_run(&f.ts), 1);
    ck_assert_str_eq(order, "b");
    ck_assert(!timer_cancel(&f.ts, b));
}
END_TEST

START_TEST(a_timer_that_starts_another_runs_once_a_round)
{
    (void)timer_after(&f.ts, 0, again, "x");
    ck_assert_int_eq(timers_run(&f.ts), 1);
    ck_assert_int_eq(timers_run(&f.ts), 1);
    ck_assert_str_eq(order, "xx");
}
END_TEST

START_TEST(many_timers_keep_their_order)
{
    uint64_t ids[1000];
    int64_t last = 0;

    for (int i = 0; i < 1000; i++)
        ids[i] = timer_after(&f.ts, i * 7919 % 1000, note, "");
    for (int i = 0; i < 1000; i += 3)
        ck_assert(timer_cancel(&f.ts, ids[i]));
    while (timers_next_ms(&f.ts) != INT64_MAX) {
        ck_assert_int_ge(timers_next_ms(&f.ts), last);
        last = f.now_ms = timers_next_ms(&f.ts);
        ck_assert_int_ge(timers_run(&f.ts), 1);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("timer");
    TCase *t = tcase_create("timer");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, what_is_due_first_runs_first);
    tcase_add_test(t, what_is_cancelled_does_not_run);
    tcase_add_test(t, a_timer_that_starts_another_runs_once_a_round);
    tcase_add_test(t, many_timers_keep_their_order);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

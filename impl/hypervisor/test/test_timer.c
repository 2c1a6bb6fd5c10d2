/*
 * Timers: order, moving, stopping, programming of the interrupt.
 */
#include "double/double.h"
#include "run.h"

#include "hv/timer.h"

#include <stdlib.h>

#define TIMERS 500
#define US     1000ULL

static unsigned int fired;
static uint64_t fired_last_ns;

static void count_cb(struct timer *t, void *arg)
{
    (void)arg;
    fired++;
    ck_assert_uint_ge(t->deadline_ns, fired_last_ns);
    ck_assert_uint_le(t->deadline_ns, double_now_ns);
    fired_last_ns = t->deadline_ns;
}

static void again_cb(struct timer *t, void *arg)
{
    fired++;
    timer_set(t, *(unsigned int *)arg, double_now_ns + 10);
}

static void machine(unsigned int nr_cpus)
{
    double_init(16);
    double_cpus(nr_cpus);
}

static void run_at(uint64_t ns)
{
    double_now_ns = ns;
    timer_run(double_self);
}

START_TEST(one_goes_off_when_due_and_once)
{
    struct timer t;

    machine(1);
    timer_init(&t, count_cb, NULL);
    ck_assert(!timer_pending(&t));
    timer_set(&t, 0, 100);
    ck_assert(timer_pending(&t));
    run_at(99);
    ck_assert_uint_eq(fired, 0);
    run_at(100);
    ck_assert_uint_eq(fired, 1);
    ck_assert(!timer_pending(&t));
    run_at(1000);
    ck_assert_uint_eq(fired, 1);
}
END_TEST

START_TEST(many_go_off_in_order)
{
    static struct timer t[TIMERS];
    unsigned int seed = 3;
    unsigned int due = 0;

    machine(1);
    for (unsigned int i = 0; i < TIMERS; i++) {
        timer_init(&t[i], count_cb, NULL);
        timer_set(&t[i], 0, (uint64_t)rand_r(&seed) % 1000);
    }
    for (unsigned int i = 0; i < TIMERS; i += 3)
        timer_set(&t[i], 0, (uint64_t)rand_r(&seed) % 1000);
    for (unsigned int i = 0; i < TIMERS; i += 5)
        timer_stop(&t[i]);
    for (unsigned int i = 0; i < TIMERS; i++)
        due += timer_pending(&t[i]);
    ck_assert_uint_eq(due, TIMERS - TIMERS / 5);
    for (uint64_t ns = 0; ns < 1000; ns++)
        run_at(ns);
    ck_assert_uint_eq(fired, due);
}
END_TEST

START_TEST(a_stopped_one_does_not_go_off)
{
    struct timer t;

    machine(1);
    timer_init(&t, count_cb, NULL);
    timer_stop(&t);
    timer_set(&t, 0, 10);
    timer_stop(&t);
    timer_kill(&t);
    run_at(20);
    ck_assert_uint_eq(fired, 0);
}
END_TEST

START_TEST(it_goes_off_on_the_cpu_it_was_last_set_for)
{
    struct timer t;

    machine(3);
    timer_init(&t, count_cb, NULL);
    timer_set(&t, 0, 10);
    timer_set(&t, 2, 20);
    run_at(30);
    ck_assert_uint_eq(fired, 0);
    double_self = 2;
    run_at(30);
    ck_assert_uint_eq(fired, 1);
}
END_TEST

START_TEST(another_cpu_is_told_when_its_earliest_changes)
{
    struct timer a, b;

    machine(2);
    timer_init(&a, count_cb, NULL);
    timer_init(&b, count_cb, NULL);
    cpus[1].work = false;
    timer_set(&a, 1, 100);
    ck_assert_uint_eq(double_cpu[1].kicks, 1);
    ck_assert(cpu_must_leave(&cpus[1]));
    timer_set(&b, 1, 200);
    ck_assert_uint_eq(double_cpu[1].kicks, 1);
    timer_set(&b, 1, 50);
    ck_assert_uint_eq(double_cpu[1].kicks, 2);
}
END_TEST

START_TEST(the_interrupt_is_programmed_only_for_a_new_earliest)
{
    struct timer a, b;

    machine(1);
    timer_init(&a, count_cb, NULL);
    timer_init(&b, count_cb, NULL);
    timer_run(0);
    ck_assert_uint_eq(double_cpu[0].programs, 0);
    timer_set(&a, 0, 100 * US);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 100 * US);
    timer_set(&b, 0, 200 * US);
    timer_run(0);
    ck_assert_uint_eq(double_cpu[0].programs, 1);
    run_at(100 * US);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 200 * US);
    ck_assert_uint_eq(double_cpu[0].programs, 2);
}
END_TEST

START_TEST(it_is_left_alone_when_it_comes_before_or_at_about_that_time)
{
    struct timer a, b;

    machine(1);
    timer_init(&a, count_cb, NULL);
    timer_init(&b, count_cb, NULL);
    timer_set(&a, 0, 200 * US);
    timer_set(&b, 0, 170 * US);
    ck_assert_uint_eq(double_cpu[0].programs, 1);
    timer_stop(&b);
    timer_set(&a, 0, 900 * US);
    timer_run(0);
    ck_assert_uint_eq(double_cpu[0].programs, 1);
    cpus[0].timer_fired = true;
    run_at(200 * US);
    ck_assert_uint_eq(fired, 0);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 900 * US);
}
END_TEST

/* Its own clock runs fast: the timer's interrupt came before it was due. */
START_TEST(an_early_interrupt_is_programmed_again)
{
    struct timer t;

    machine(1);
    timer_init(&t, count_cb, NULL);
    timer_set(&t, 0, 100);
    cpus[0].timer_fired = true;
    run_at(99);
    ck_assert_uint_eq(fired, 0);
    ck_assert_uint_eq(double_cpu[0].programs, 2);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 100);
}
END_TEST

START_TEST(a_lost_interrupt_does_not_stop_the_clock)
{
    struct timer a, b;

    machine(1);
    timer_init(&a, count_cb, NULL);
    timer_init(&b, count_cb, NULL);
    timer_set(&a, 0, 100 * US);
    timer_stop(&a);
    double_now_ns = 5000 * US;
    timer_set(&b, 0, 6000 * US);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 6000 * US);
}
END_TEST

START_TEST(a_due_timer_counts_without_its_interrupt)
{
    struct timer t;

    machine(1);
    timer_init(&t, count_cb, NULL);
    cpus[0].resched = cpus[0].work = false;
    timer_set(&t, 0, 100 * US);
    ck_assert(!cpu_must_leave(&cpus[0]));
    double_now_ns = 100 * US;
    ck_assert(cpu_must_leave(&cpus[0]));
    timer_run(0);
    ck_assert_uint_eq(fired, 1);
    ck_assert(!cpu_must_leave(&cpus[0]));
}
END_TEST

START_TEST(an_overdue_cpu_is_kicked_by_its_neighbour)
{
    struct timer t;

    machine(2);
    timer_init(&t, count_cb, NULL);
    timer_set(&t, 0, 100 * US);
    double_self = 1;
    double_now_ns = 200 * US;
    cpu_step(&cpus[1]);
    ck_assert_uint_eq(double_cpu[0].kicks, 0);
    double_now_ns = 5000 * US;
    cpu_step(&cpus[1]);
    ck_assert_uint_eq(double_cpu[0].kicks, 1);
    ck_assert(cpus[0].work);
}
END_TEST

START_TEST(an_idle_cpu_does_not_sleep_for_ever)
{
    machine(1);
    cpu_step(&cpus[0]);
    ck_assert_uint_eq(double_cpu[0].idles, 1);
    ck_assert_uint_le(double_cpu[0].timer_ns, 100000 * US);
}
END_TEST

START_TEST(a_callback_may_set_its_timer_again)
{
    unsigned int cpu = 0;
    struct timer t;

    machine(1);
    timer_init(&t, again_cb, &cpu);
    timer_set(&t, 0, 10);
    run_at(10);
    run_at(20);
    ck_assert_uint_eq(fired, 2);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 30);
}
END_TEST

START_TEST(a_callback_may_move_its_timer_to_another_cpu)
{
    unsigned int cpu = 1;
    struct timer t;

    machine(2);
    timer_init(&t, again_cb, &cpu);
    timer_set(&t, 0, 10);
    run_at(10);
    run_at(100);
    ck_assert_uint_eq(fired, 1);
    double_self = 1;
    run_at(100);
    ck_assert_uint_eq(fired, 2);
    timer_kill(&t);
    ck_assert(!timer_pending(&t));
}
END_TEST

static void past_cb(struct timer *t, void *arg)
{
    (void)arg;
    fired++;
    timer_set(t, 0, 0);
}

START_TEST(one_that_is_always_due_does_not_hold_the_cpu)
{
    struct timer t;

    machine(1);
    timer_init(&t, past_cb, NULL);
    timer_set(&t, 0, 0);
    run_at(1);
    ck_assert_uint_le(fired, 64);
    ck_assert_uint_eq(double_cpu[0].timer_ns, 0);
}
END_TEST

START_TEST(setting_one_that_was_not_initialised_is_a_panic)
{
    static struct timer t;

    machine(1);
    timer_set(&t, 0, 0);
    ck_abort_msg("it went through");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_goes_off_when_due_and_once,
        many_go_off_in_order,
        a_stopped_one_does_not_go_off,
        it_goes_off_on_the_cpu_it_was_last_set_for,
        another_cpu_is_told_when_its_earliest_changes,
        the_interrupt_is_programmed_only_for_a_new_earliest,
        it_is_left_alone_when_it_comes_before_or_at_about_that_time,
        an_early_interrupt_is_programmed_again,
        a_lost_interrupt_does_not_stop_the_clock,
        a_due_timer_counts_without_its_interrupt,
        an_overdue_cpu_is_kicked_by_its_neighbour,
        an_idle_cpu_does_not_sleep_for_ever,
        a_callback_may_set_its_timer_again,
        a_callback_may_move_its_timer_to_another_cpu,
        one_that_is_always_due_does_not_hold_the_cpu,
    };
    const TTest *const aborting[] = {
        setting_one_that_was_not_initialised_is_a_panic};
    const struct test_more more = {.aborting = aborting,
                                   .aborting_nr = ARRAY_SIZE(aborting)};

    return test_run_more("timer", tests, ARRAY_SIZE(tests), &more);
}

/*
 * Scheduler: shares, caps, affinity, latency, states; in virtual time.
 */
#include "run.h"
#include "sim.h"

#include "hv/console.h"

#include <string.h>

#define ROWS_MAX 8

struct scenario {
    const char *name;
    unsigned int cpus;
    struct sim_row rows[ROWS_MAX];
    double tolerance; /* of the expected share */
};

/* 30 s each; a share is a part of one CPU. */
static const struct scenario scenarios[] = {
    {"two busy on one cpu", 1, {{.share = .5}, {.share = .5}}, .05},
    {"three busy on one cpu",
     1,
     {{.share = .333}, {.share = .333}, {.share = .333}},
     .05},
    {"weights 1:3",
     1,
     {{.weight = 256, .share = .25}, {.weight = 768, .share = .75}},
     .05},
    {"weights 1:16",
     1,
     {{.weight = 64, .share = 1. / 17}, {.weight = 1024, .share = 16. / 17}},
     .05},
    {"weights 1:255, smallest weight",
     1,
     {{.weight = 1, .share = 1. / 256}, {.weight = 255, .share = 255. / 256}},
     .2},
    {"weights 1:2:5",
     1,
     {{.weight = 128, .share = .125},
      {.weight = 256, .share = .25},
      {.weight = 640, .share = .625}},
     .05},
    {"three busy on two cpus",
     2,
     {{.share = .667}, {.share = .667}, {.share = .667}},
     .05},
    {"five busy on four cpus",
     4,
     {{.share = .8},
      {.share = .8},
      {.share = .8},
      {.share = .8},
      {.share = .8}},
     .05},
    {"a weight too large for one vcpu does not starve the others",
     2,
     {{.weight = 65535, .share = 1}, {.share = .5}, {.share = .5}},
     .05},
    {"two pinned together, one free",
     2,
     {{.cpus = 1, .share = .5}, {.cpus = 1, .share = .5}, {.share = 1}},
     .05},
    {"one pinned, two free",
     2,
     {{.cpus = 1, .share = .667}, {.share = .667}, {.share = .667}},
     .05},
    {"capped alone", 1, {{.cap = 30, .share = .3}}, .05},
    {"capped to little", 1, {{.cap = 2, .share = .02}, {.share = .98}}, .1},
    {"cap beats weight, the rest goes to the other",
     1,
     {{.weight = 1024, .cap = 25, .share = .25}, {.share = .75}},
     .05},
    {"a cap above the share is not felt",
     1,
     {{.cap = 80, .share = .5}, {.share = .5}},
     .05},
    {"work conserving: the sleeper's time is used",
     1,
     {{.run_ns = 1 * SIM_MS, .sleep_ns = 9 * SIM_MS, .share = .1},
      {.share = .9}},
     .05},
    {"a sleeper below its share loses nothing",
     1,
     {{.run_ns = 2 * SIM_MS, .sleep_ns = 8 * SIM_MS, .share = .2},
      {.share = .4},
      {.share = .4}},
     .05},
    {"short sleeps win no more than the share",
     1,
     {{.run_ns = 4 * SIM_MS, .sleep_ns = SIM_MS / 10, .share = .5},
      {.share = .5}},
     .05},
};

START_TEST(shares_are_as_expected)
{
    const struct scenario *s = &scenarios[_i];
    unsigned int nr = 0;

    while (nr < ROWS_MAX && s->rows[nr].share > 0)
        nr++;
    sim_init(s->cpus, s->rows, nr);
    sim_run(30 * SIM_S);
    for (unsigned int i = 0; i < nr; i++) {
        double got = sim_share(i, 30 * SIM_S);
        double want = s->rows[i].share;

        ck_assert_msg(
            got > want * (1 - s->tolerance) && got < want * (1 + s->tolerance),
            "%s: vcpu %u got %.4f instead of %.4f", s->name, i, got, want);
    }
}
END_TEST

START_TEST(no_cpu_idles_while_a_vcpu_waits)
{
    static const struct sim_row rows[6] = {{0}};

    sim_init(4, rows, 6);
    sim_run(SIM_S);
    for (unsigned int i = 0; i < 4; i++)
        ck_assert_uint_le(double_cpu[i].idles, 1);
}
END_TEST

/* The busy ones have run for long; the sleeper needs a tenth of a CPU. */
START_TEST(a_wake_up_preempts_within_the_rate_limit)
{
    static const struct sim_row rows[] = {
        {.run_ns = SIM_MS, .sleep_ns = 9 * SIM_MS}, {0}, {0}, {0}};

    sim_init(1, rows, ARRAY_SIZE(rows));
    sim_run(SIM_S);
    sim_vcpu[0].latency_max_ns = 0;
    sim_run(10 * SIM_S);
    ck_assert_uint_gt(sim_vcpu[0].used_ns, 0);
    ck_assert_uint_le(sim_vcpu[0].latency_max_ns, 200000 + 2 * SIM_QUANTUM_NS);
}
END_TEST

START_TEST(an_idle_cpu_takes_a_woken_vcpu_at_once)
{
    static const struct sim_row rows[] = {
        {.run_ns = SIM_MS, .sleep_ns = 3 * SIM_MS}, {0}};

    sim_init(2, rows, ARRAY_SIZE(rows));
    sim_run(SIM_S);
    ck_assert_uint_le(sim_vcpu[0].latency_max_ns, SIM_QUANTUM_NS);
}
END_TEST

START_TEST(a_vcpu_goes_back_to_its_idle_cpu)
{
    static const struct sim_row rows[] = {
        {.run_ns = SIM_MS, .sleep_ns = SIM_MS},
        {.run_ns = SIM_MS, .sleep_ns = 2 * SIM_MS}};

    sim_init(4, rows, ARRAY_SIZE(rows));
    sim_run(SIM_S);
    ck_assert_uint_le(sim_vcpu[0].moves, 1);
    ck_assert_uint_le(sim_vcpu[1].moves, 1);
}
END_TEST

START_TEST(hard_affinity_is_kept)
{
    static const struct sim_row rows[] = {{.cpus = 4}, {.cpus = 4}, {0}};

    sim_init(4, rows, ARRAY_SIZE(rows));
    sim_run(SIM_S);
    ck_assert_uint_eq(sim_vcpu[0].last_cpu, 2);
    ck_assert_uint_eq(sim_vcpu[1].last_cpu, 2);
    ck_assert_uint_le(sim_vcpu[0].moves + sim_vcpu[1].moves, 2);
}
END_TEST

START_TEST(new_affinity_takes_effect_while_running_and_waiting)
{
    static const struct sim_row rows[] = {{.cpus = 1}, {.cpus = 1}};
    static const struct sim_row moved = {.cpus = 2};

    sim_init(2, rows, 2);
    sim_run(100 * SIM_MS);
    sim_set_row(0, &moved);
    sim_run(SIM_S);
    ck_assert_uint_eq(sim_vcpu[0].last_cpu, 1);
    ck_assert(sim_share(0, SIM_S) > .98);
    ck_assert(sim_share(1, SIM_S) > .98);
}
END_TEST

START_TEST(affinity_without_a_cpu_is_einval)
{
    static const struct sim_row row = {0};
    struct cpumask none = {{0}};
    struct cpumask offline = {{4}};
    struct cpumask got;

    sim_init(2, &row, 1);
    ck_assert_int_eq(sched_set_affinity(sim_vcpu[0].v, &none, true),
                     -XEN_EINVAL);
    ck_assert_int_eq(sched_set_affinity(sim_vcpu[0].v, &offline, true),
                     -XEN_EINVAL);
    ck_assert_int_eq(sched_set_affinity(sim_vcpu[0].v, &none, false),
                     -XEN_EINVAL);
    offline.bits[0] = 2;
    ck_assert_int_eq(sched_set_affinity(sim_vcpu[0].v, &offline, false), 0);
    sched_get_affinity(sim_vcpu[0].v, NULL, &got);
    ck_assert_uint_eq(got.bits[0], 2);
}
END_TEST

/* History must not count: one ran alone for long before the others came. */
START_TEST(long_past_does_not_starve)
{
    static const struct sim_row rows[] = {
        {.cpus = 1}, {.cpus = 2}, {.cpus = 2}, {.cpus = 2}};
    static const struct sim_row together = {.cpus = 2};

    sim_init(2, rows, ARRAY_SIZE(rows));
    sim_run(60 * SIM_S);
    sim_set_row(0, &together);
    sim_run(SIM_S);
    for (unsigned int i = 0; i < 4; i++) {
        ck_assert(sim_share(i, SIM_S) > .2);
        ck_assert(sim_share(i, SIM_S) < .3);
    }
}
END_TEST

START_TEST(a_newcomer_neither_starves_nor_takes_over)
{
    static const struct sim_row rows[] = {
        {0}, {.run_ns = SIM_QUANTUM_NS, .sleep_ns = 60 * SIM_S}};
    static const struct sim_row busy = {0};

    sim_init(1, rows, 2);
    sim_run(50 * SIM_S);
    sim_set_row(1, &busy);
    sim_run(20 * SIM_S);
    sim_run(SIM_S);
    ck_assert(sim_share(0, SIM_S) > .45);
    ck_assert(sim_share(1, SIM_S) > .45);
}
END_TEST

START_TEST(yield_lets_the_other_go_first)
{
    static const struct sim_row rows[] = {{0}, {0}};
    struct vcpu *first;

    sim_init(1, rows, 2);
    sim_run(SIM_QUANTUM_NS);
    first = cpus[0].current;
    vcpu_yield(first);
    sim_run(SIM_QUANTUM_NS);
    ck_assert_ptr_ne(cpus[0].current, first);
}
END_TEST

START_TEST(a_paused_vcpu_does_not_run_until_all_pauses_are_gone)
{
    static const struct sim_row rows[] = {{0}, {0}};
    struct vcpu *v;

    sim_init(1, rows, 2);
    v = sim_vcpu[0].v;
    vcpu_pause_nosync(v);
    vcpu_pause_nosync(v);
    sim_run(100 * SIM_MS);
    ck_assert_uint_eq(sim_vcpu[0].used_ns, 0);
    vcpu_unpause(v);
    sim_run(100 * SIM_MS);
    ck_assert_uint_eq(sim_vcpu[0].used_ns, 0);
    vcpu_unpause(v);
    sim_run(100 * SIM_MS);
    ck_assert_uint_gt(sim_vcpu[0].used_ns, 40 * SIM_MS);
}
END_TEST

START_TEST(a_pause_takes_a_running_vcpu_off_its_cpu)
{
    static const struct sim_row rows[] = {{0}};

    sim_init(1, rows, 1);
    sim_run(SIM_MS);
    ck_assert(vcpu_is_running(sim_vcpu[0].v));
    vcpu_pause_nosync(sim_vcpu[0].v);
    ck_assert(cpu_must_leave(&cpus[0]));
    sim_run(SIM_MS);
    ck_assert(!vcpu_is_running(sim_vcpu[0].v));
    ck_assert_ptr_null(cpus[0].current);
    ck_assert_uint_eq(double_cpu[0].switchouts, 1);
}
END_TEST

START_TEST(block_with_a_pending_event_goes_on)
{
    static const struct sim_row rows[] = {{0}};
    struct vcpu *v;

    sim_init(1, rows, 1);
    v = sim_vcpu[0].v;
    sim_run(SIM_MS);
    v->arch->pending = true;
    vcpu_block(v);
    ck_assert(vcpu_runnable(v));
    v->arch->pending = false;
    vcpu_block(v);
    ck_assert(!vcpu_runnable(v));
    vcpu_unblock(v);
    ck_assert(vcpu_runnable(v));
}
END_TEST

START_TEST(an_event_ends_a_poll)
{
    static const struct sim_row rows[] = {{0}};
    struct vcpu *v;

    sim_init(1, rows, 1);
    v = sim_vcpu[0].v;
    bit_test_and_set(&v->pause_flags, VPF_POLL);
    sim_run(SIM_MS);
    ck_assert_ptr_null(cpus[0].current);
    vcpu_unblock(v);
    sim_run(SIM_MS);
    ck_assert_ptr_eq(cpus[0].current, v);
}
END_TEST

START_TEST(a_kick_interrupts_the_cpu_that_runs_it_only)
{
    static const struct sim_row rows[] = {{.cpus = 2}, {.cpus = 2}};
    struct vcpu *on;
    struct vcpu *off;
    unsigned int kicks;

    sim_init(2, rows, 2);
    sim_run(SIM_MS);
    on = cpus[1].current;
    off = sim_vcpu[on == sim_vcpu[0].v].v;
    kicks = double_cpu[1].kicks;
    vcpu_unblock(off);
    ck_assert_uint_eq(double_cpu[1].kicks, kicks);
    vcpu_unblock(on);
    ck_assert_uint_eq(double_cpu[1].kicks, kicks + 1);
    double_self = 1;
    vcpu_unblock(on);
    ck_assert_uint_eq(double_cpu[1].kicks, kicks + 1);
}
END_TEST

START_TEST(runstate_adds_up_to_the_time_passed)
{
    static const struct sim_row rows[] = {
        {.run_ns = SIM_MS, .sleep_ns = 3 * SIM_MS}, {0}};
    struct vcpu_runstate_info a, b;

    sim_init(1, rows, 2);
    vcpu_runstate_get(sim_vcpu[0].v, &a);
    sim_run(10 * SIM_S);
    vcpu_runstate_get(sim_vcpu[0].v, &b);
    ck_assert_uint_eq(b.time[0] + b.time[1] + b.time[2] + b.time[3] -
                          a.time[0] - a.time[1] - a.time[2] - a.time[3],
                      10 * SIM_S);
    ck_assert_uint_ge(b.time[RUNSTATE_running] + SIM_MS, sim_vcpu[0].used_ns);
    ck_assert_uint_le(b.time[RUNSTATE_running],
                      sim_vcpu[0].used_ns + 100 * SIM_MS);
    ck_assert_uint_gt(b.time[RUNSTATE_blocked], 5 * SIM_S);
}
END_TEST

START_TEST(idle_time_is_counted)
{
    static const struct sim_row rows[] = {{.cpus = 1}};
    uint64_t idle;

    sim_init(2, rows, 1);
    sim_run(SIM_MS);
    cpus[1].idle = true;
    cpus[1].idle_since_ns = double_now_ns;
    idle = cpu_idle_ns(1);
    double_now_ns += SIM_S;
    ck_assert_uint_eq(cpu_idle_ns(1) - idle, SIM_S);
    ck_assert_uint_eq(cpu_idle_ns(0), 0);
}
END_TEST

START_TEST(parameters_are_checked)
{
    static const struct sim_row rows[] = {{0}};
    struct xen_domctl_scheduler_op op = {.sched_id = XEN_SCHEDULER_CREDIT2,
                                         .cmd = XEN_DOMCTL_SCHEDOP_getinfo};
    struct xen_sysctl_scheduler_op g = {.sched_id = XEN_SCHEDULER_CREDIT2,
                                        .cmd = XEN_SYSCTL_SCHEDOP_putinfo};
    struct domain *d;

    sim_init(1, rows, 1);
    d = sim_vcpu[0].v->domain;
    ck_assert_int_eq(sched_adjust(d, &op), 0);
    ck_assert_uint_eq(op.u.credit2.weight, 256);
    ck_assert_uint_eq(op.u.credit2.cap, 0);
    op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.credit2.cap = 101;
    ck_assert_int_eq(sched_adjust(d, &op), -XEN_EINVAL);
    op.u.credit2.cap = 100;
    ck_assert_int_eq(sched_adjust(d, &op), 0);
    op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    ck_assert_int_eq(sched_adjust(d, &op), -XEN_EINVAL);
    op.sched_id = XEN_SCHEDULER_CREDIT;
    ck_assert_int_eq(sched_adjust(d, &op), -XEN_EINVAL);
    g.u.sched_credit2.ratelimit_us = 99;
    ck_assert_int_eq(sched_adjust_global(&g), -XEN_EINVAL);
    g.u.sched_credit2.ratelimit_us = 1000;
    ck_assert_int_eq(sched_adjust_global(&g), 0);
    g.u.sched_credit2.ratelimit_us = 0;
    g.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    ck_assert_int_eq(sched_adjust_global(&g), 0);
    ck_assert_uint_eq(g.u.sched_credit2.ratelimit_us, 1000);
}
END_TEST

START_TEST(the_run_queue_is_shown)
{
    static const struct sim_row rows[] = {{0}, {0}};

    sim_init(1, rows, 2);
    sim_run(SIM_MS);
    debug_key_press('r');
    ck_assert_ptr_nonnull(strstr(double_serial(), "cpu0 runs d"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "waits d"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_cpu_idles_while_a_vcpu_waits,
        a_wake_up_preempts_within_the_rate_limit,
        an_idle_cpu_takes_a_woken_vcpu_at_once,
        a_vcpu_goes_back_to_its_idle_cpu,
        hard_affinity_is_kept,
        new_affinity_takes_effect_while_running_and_waiting,
        affinity_without_a_cpu_is_einval,
        long_past_does_not_starve,
        a_newcomer_neither_starves_nor_takes_over,
        yield_lets_the_other_go_first,
        a_paused_vcpu_does_not_run_until_all_pauses_are_gone,
        a_pause_takes_a_running_vcpu_off_its_cpu,
        block_with_a_pending_event_goes_on,
        an_event_ends_a_poll,
        a_kick_interrupts_the_cpu_that_runs_it_only,
        runstate_adds_up_to_the_time_passed,
        idle_time_is_counted,
        parameters_are_checked,
        the_run_queue_is_shown,
    };
    const struct test_more shares = {.looped = shares_are_as_expected,
                                     .rounds = ARRAY_SIZE(scenarios)};

    return test_run_more("sched", tests, ARRAY_SIZE(tests), &shares);
}

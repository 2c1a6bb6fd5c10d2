/* Clocks: PV, wall, TSC. Source: public/xen.h (vcpu_time_info). */
#include "cpu.h"
#include "suites.h"

enum {
    ROUNDS = 300,
    DRIFT_NS = 20000000, /* of two readings on a busy machine */
};

static void never_back(void)
{
    uint64_t before = clock_ns();

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t now = clock_ns();

        CHECK(now >= before);
        before = now;
    }
    CHECK(before > 0);
}

static long clock_here(void *arg)
{
    (void)arg;
    return (long)clock_ns();
}

/* What one vCPU reads after another must not be before it, by much. */
static void never_back_across(void)
{
    for (int i = 0; i < 30; i++) {
        uint64_t before = clock_ns();
        uint64_t there = (uint64_t)cpu_call(1, clock_here, NULL);
        uint64_t after = clock_ns();

        SAME(early_ns(before), 0);
        CHECK(there + 1000000 >= before);
        CHECK(after + 1000000 >= there);
    }
}

static void version_even(void)
{
    volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;

    for (int i = 0; i < ROUNDS; i++)
        SAME(t->version & 1, 0); /* we only see it between updates */
    CHECK(t->tsc_to_system_mul != 0);
}

static void goes_on(void)
{
    uint64_t a = clock_ns(), ticks = tsc();

    while (clock_ns() < a + 3000000)
        cpu_relax();
    CHECK(tsc() > ticks);
}

static void wall_clock(void)
{
    CHECK(!(shared_info->wc_version & 1));
    CHECK(shared_info->wc_sec > 1500000000);
    CHECK(shared_info->wc_nsec < 1000000000);
}

static void tsc_never_back(void)
{
    uint64_t before = tsc();

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t now = tsc();

        CHECK(now >= before);
        before = now;
    }
}

static long tsc_here(void *arg)
{
    (void)arg;
    return (long)tsc();
}

static void tsc_across(void)
{
    for (int i = 0; i < 20; i++) {
        uint64_t before = tsc();
        uint64_t there = (uint64_t)cpu_call(1, tsc_here, NULL);

        CHECK(there + cpuid(0x40000003, 0).c >= before); /* 1 ms */
    }
}

static void tsc_rate(void)
{
    uint64_t khz = cpuid(0x40000003, 0).c, ns = clock_ns(), ticks = tsc();
    uint64_t told;

    while (clock_ns() < ns + 20000000)
        cpu_relax();
    ns = clock_ns() - ns;
    ticks = tsc() - ticks;
    told = ns * khz / 1000000;
    CHECK(ticks > told / 2 && ticks < told * 2);
}

static void tsc_written(void)
{
    uint64_t before = tsc();

    CHECK(msr_try_get(0x10, NULL));
    CHECK(msr_get(0x10) >= before);
}

static void shared_time_moves_on(void)
{
    volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
    uint64_t stamp = t->system_time;

    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    CHECK(t->system_time >= stamp);
    CHECK(clock_ns() >= stamp);
}

const struct test time_tests[] = {
    TEST(never_back, "The PV clock MUST never go back."),
    TEST(never_back_across, "The PV clocks of two vCPUs MUST agree."),
    TEST(version_even, "The record MUST be whole."),
    TEST(goes_on, "The clock MUST go on."),
    TEST(wall_clock, "The wall clock MUST be set."),
    TEST(tsc_never_back, "The TSC MUST never go back."),
    TEST(tsc_across, "The TSCs of two vCPUs MUST agree."),
    TEST(tsc_rate, "The TSC MUST run at the rate that is told."),
    TEST(tsc_written, "The register and the instruction MUST agree."),
    TEST(shared_time_moves_on, "The stamp MUST NOT go back."),
    {0},
};

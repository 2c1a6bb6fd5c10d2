/* FPU and SSE state across exits, other vCPUs and time. Source: APM 1. */
#include "cpu.h"
#include "suites.h"

enum {
    ROUNDS = 40,
};

static const uint64_t pattern[2] = {0x1122334455667788, 0x99aabbccddeeff00};

static void sse_over_call(void)
{
    uint64_t seen[2];

    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("movdqu %0, %%xmm0; movdqu %0, %%xmm7;"
                         "movdqu %0, %%xmm15" ::"m"(pattern));
        CALL2(__HYPERVISOR_xen_version, XENVER_version, NULL);
        __asm__ volatile("movdqu %%xmm15, %0" : "=m"(seen));
        CHECK(bytes_same(seen, pattern, sizeof(seen)));
        __asm__ volatile("movdqu %%xmm0, %0" : "=m"(seen));
        CHECK(bytes_same(seen, pattern, sizeof(seen)));
    }
}

static void sse_over_yield(void)
{
    uint64_t seen[2];

    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("movdqu %0, %%xmm3" ::"m"(pattern));
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
        __asm__ volatile("movdqu %%xmm3, %0" : "=m"(seen));
        CHECK(bytes_same(seen, pattern, sizeof(seen)));
    }
}

static void sse_over_block(void)
{
    struct sched_poll p;
    uint64_t seen[2];

    for (int i = 0; i < 5; i++) {
        p = (struct sched_poll){.timeout = clock_ns() + 1000000};
        __asm__ volatile("movdqu %0, %%xmm9" ::"m"(pattern));
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
        __asm__ volatile("movdqu %%xmm9, %0" : "=m"(seen));
        CHECK(bytes_same(seen, pattern, sizeof(seen)));
    }
}

static void sse_over_cpuid(void)
{
    uint64_t seen[2];

    __asm__ volatile("movdqu %0, %%xmm2" ::"m"(pattern));
    for (int i = 0; i < ROUNDS; i++)
        (void)cpuid(0x40000000, 0);
    __asm__ volatile("movdqu %%xmm2, %0" : "=m"(seen));
    CHECK(bytes_same(seen, pattern, sizeof(seen)));
}

static void x87_over_call(void)
{
    static const uint64_t number = 0x400921fb54442d18; /* pi */
    uint64_t seen;

    __asm__ volatile("fninit; fldl %0" ::"m"(number));
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    __asm__ volatile("fstpl %0" : "=m"(seen));
    SAME(seen, number);
}

static void control_words(void)
{
    uint32_t mxcsr = 0x1f80 | 0x6000, seen, usual = 0x1f80;
    uint16_t fcw = 0x0c7f, seen_fcw;

    __asm__ volatile("ldmxcsr %0; fldcw %1" ::"m"(mxcsr), "m"(fcw));
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(seen), "=m"(seen_fcw));
    SAME(seen, mxcsr);
    SAME(seen_fcw, fcw);
    __asm__ volatile("ldmxcsr %0; fninit" ::"m"(usual));
}

/* Two vCPUs, each with its own pattern, at the same time. */
static long own_pattern(void *arg)
{
    uint64_t mine[2] = {(uint64_t)arg, ~(uint64_t)arg}, seen[2];

    for (int i = 0; i < 4 * ROUNDS; i++) {
        __asm__ volatile("movdqu %0, %%xmm5" ::"m"(mine));
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
        __asm__ volatile("movdqu %%xmm5, %0" : "=m"(seen));
        CHECK(bytes_same(seen, mine, sizeof(seen)));
    }
    return 0;
}

static void sse_of_two(void)
{
    cpu_start(1);
    cpu_run(1, own_pattern, (void *)0xaaaaaaaaaaaaaaaa);
    SAME(own_pattern((void *)0x5555555555555555), 0);
    SAME(cpu_wait(1), 0);
}

static void task_switched_kept(void)
{
    uint64_t cr0;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" ::"r"(cr0 | 8));
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("clts");
    SAME(cr0 >> 3 & 1, 1);
}

static void state_saved_whole(void)
{
    static uint8_t area[512] __attribute__((aligned(16)));
    uint64_t seen[2];

    __asm__ volatile("movdqu %1, %%xmm1; fxsave %0"
                     : "=m"(area)
                     : "m"(pattern));
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    __asm__ volatile("pxor %%xmm1, %%xmm1; fxrstor %1; movdqu %%xmm1, %0"
                     : "=m"(seen)
                     : "m"(area));
    CHECK(bytes_same(seen, pattern, sizeof(seen)));
}

const struct test fpu_tests[] = {
    TEST(sse_over_call, "SSE registers MUST outlive a call."),
    TEST(sse_over_yield, "SSE registers MUST outlive a yield."),
    TEST(sse_over_block, "SSE registers MUST outlive a sleep."),
    TEST(sse_over_cpuid, "SSE registers MUST outlive exits."),
    TEST(x87_over_call, "FPU registers MUST outlive a call."),
    TEST(control_words, "Control words MUST outlive a call."),
    TEST(sse_of_two, "Each vCPU MUST have its own registers."),
    TEST(task_switched_kept, "CR0.TS MUST outlive a call."),
    TEST(state_saved_whole, "FXSAVE and FXRSTOR MUST agree."),
    {0},
};

/* The local APIC: registers, IPIs, timer. Source: SDM 3 chapter 11, APM 2. */
#include "cpu.h"
#include "suites.h"

enum {
    MSR_X2APIC = 0x800,
    MSR_X2APIC_SELF = 0x83f,
    X2APIC = 1 << 10,
    VECTOR_A = 0x51,
    VECTOR_B = 0x92,
    TO_SELF = 1 << 18,
    TO_ALL = 2 << 18,
    TO_OTHERS = 3 << 18,
    TIMER_MASKED = 1 << 16,
    TIMER_PERIODIC = 1 << 17,
    DIVIDE_BY_1 = 0xb,
    NMI = 4 << 8,
};

static volatile unsigned *count(unsigned vcpu, unsigned vector)
{
    return &cpu_of(vcpu)->interrupts[vector];
}

static void version(void)
{
    uint32_t v = lapic_read(LAPIC_VERSION);

    CHECK((v & 0xff) >= 0x10);
    CHECK((v >> 16 & 0xff) >= 3);
}

static void registers_kept(void)
{
    lapic_write(LAPIC_TPR, 0x20);
    SAME(lapic_read(LAPIC_TPR), 0x20);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    SAME(lapic_read(LAPIC_TIMER_DIVIDE), DIVIDE_BY_1);
    SAME(lapic_read(LAPIC_SPURIOUS) & 0x1ff, 0x1ff);
}

static void tpr_is_cr8(void)
{
    uint64_t cr8;

    lapic_write(LAPIC_TPR, 0x50);
    __asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
    SAME(cr8, 5);
    __asm__ volatile("mov %0, %%cr8" ::"r"(0ul));
    SAME(lapic_read(LAPIC_TPR), 0);
}

static void self_ipi(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_ICR, VECTOR_A | TO_SELF);
    SAME(*count(0, VECTOR_A), 0); /* interrupts are off */
    CHECK(lapic_read(LAPIC_IRR + VECTOR_A / 32 * 16) >> VECTOR_A % 32 & 1);
    CHECK(cpu_await_interrupt(VECTOR_A));
    SAME(*count(0, VECTOR_A), 1);
    SAME(lapic_read(LAPIC_IRR + VECTOR_A / 32 * 16) >> VECTOR_A % 32 & 1, 0);
}

static void masked_by_tpr(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_TPR, 0x60);
    lapic_write(LAPIC_ICR, VECTOR_A | TO_SELF);
    cpu_idle_ns(1000000);
    SAME(*count(0, VECTOR_A), 0);
    lapic_write(LAPIC_TPR, 0);
    CHECK(cpu_await_interrupt(VECTOR_A));
}

static void two_pending(void)
{
    *count(0, VECTOR_A) = *count(0, VECTOR_B) = 0;
    lapic_write(LAPIC_ICR, VECTOR_A | TO_SELF);
    lapic_write(LAPIC_ICR, VECTOR_B | TO_SELF);
    lapic_write(LAPIC_ICR, VECTOR_A | TO_SELF); /* it is pending already */
    CHECK(cpu_await_interrupt(VECTOR_A));
    CHECK(cpu_await_interrupt(VECTOR_B));
    SAME(*count(0, VECTOR_A), 1);
    SAME(*count(0, VECTOR_B), 1);
}

static void ipi_to_other(void)
{
    cpu_start(1);
    *count(1, VECTOR_A) = 0;
    lapic_send(1, VECTOR_A);
    AWAIT(*count(1, VECTOR_A) == 1);
    SAME(*count(0, VECTOR_A) & 0, 0);
}

static void ipi_to_others(void)
{
    cpu_start(1);
    *count(0, VECTOR_B) = *count(1, VECTOR_B) = 0;
    lapic_write(LAPIC_ICR, VECTOR_B | TO_OTHERS);
    AWAIT(*count(1, VECTOR_B) == 1);
    cpu_idle_ns(100000);
    SAME(*count(0, VECTOR_B), 0);
}

static void ipi_to_all(void)
{
    cpu_start(1);
    *count(0, VECTOR_B) = *count(1, VECTOR_B) = 0;
    lapic_write(LAPIC_ICR, VECTOR_B | TO_ALL);
    AWAIT(*count(1, VECTOR_B) == 1);
    CHECK(cpu_await_interrupt(VECTOR_B));
}

static long answer_ipis(void *arg)
{
    (void)arg;
    while (cpu_go_on()) {
        cpu_idle_ns(1);
        if (*count(1, VECTOR_A)) {
            *count(1, VECTOR_A) = 0;
            lapic_send(0, VECTOR_B);
        }
    }
    return 0;
}

static void ipi_ping_pong(void)
{
    cpu_start(1);
    *count(0, VECTOR_B) = *count(1, VECTOR_A) = 0;
    cpu_run(1, answer_ipis, NULL);
    for (int i = 0; i < 30; i++) {
        lapic_send(1, VECTOR_A);
        CHECK(cpu_await_interrupt(VECTOR_B));
        *count(0, VECTOR_B) = 0;
    }
    SAME(cpu_wait(1), 0);
}

static void nmi_ipi(void)
{
    cpu_start(1);
    *count(1, 2) = 0;
    lapic_send(1, NMI);
    AWAIT(*count(1, 2) == 1);
}

static void ipi_to_nobody(void)
{
    lapic_send(100, VECTOR_A); /* nothing happens */
    SAME(lapic_read(LAPIC_ICR) >> 12 & 1, 0);
}

static void illegal_vector(void)
{
    lapic_write(LAPIC_ERROR, 0);
    lapic_write(LAPIC_ICR, 3 | TO_SELF);
    lapic_write(LAPIC_ERROR, 0);
    CHECK(lapic_read(LAPIC_ERROR) & 1 << 5);
}

static void timer_once(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER, VECTOR_A);
    lapic_write(LAPIC_TIMER_START, 100000);
    CHECK(cpu_await_interrupt(VECTOR_A));
    cpu_idle_ns(3000000);
    SAME(*count(0, VECTOR_A), 1);
    SAME(lapic_read(LAPIC_TIMER_NOW), 0);
}

static void timer_periodic(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_PERIODIC);
    lapic_write(LAPIC_TIMER_START, 1000000);
    for (int i = 0; i < 3; i++) {
        *count(0, VECTOR_A) = 0;
        CHECK(cpu_await_interrupt(VECTOR_A));
    }
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_MASKED);
    lapic_write(LAPIC_TIMER_START, 0);
    cpu_idle_ns(100000);
}

static void timer_masked(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_MASKED);
    lapic_write(LAPIC_TIMER_START, 10000);
    cpu_idle_ns(2000000);
    SAME(*count(0, VECTOR_A), 0);
    lapic_write(LAPIC_TIMER_START, 0);
}

static void timer_counts_down(void)
{
    uint32_t a;

    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_MASKED);
    lapic_write(LAPIC_TIMER_START, ~0u);
    a = lapic_read(LAPIC_TIMER_NOW);
    AWAIT(lapic_read(LAPIC_TIMER_NOW) < a);
    lapic_write(LAPIC_TIMER_START, 0);
    SAME(lapic_read(LAPIC_TIMER_NOW), 0);
}

static void hlt_wakes(void)
{
    *count(0, VECTOR_A) = 0;
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_PERIODIC);
    lapic_write(LAPIC_TIMER_START, 5000000);
    for (int i = 0; i < 3; i++)
        __asm__ volatile("sti; hlt; cli" ::: "memory");
    CHECK(*count(0, VECTOR_A) > 0);
    lapic_write(LAPIC_TIMER, VECTOR_A | TIMER_MASKED);
    lapic_write(LAPIC_TIMER_START, 0);
    cpu_idle_ns(100000);
}

/* --- x2APIC, on another vCPU --- */

/* The vCPU is back in the usual mode before anything is judged. */
static long x2apic_here(void *arg)
{
    uint64_t base = msr_get(MSR_APIC_BASE), id, version, tpr, irr;
    bool on = msr_try_set(MSR_APIC_BASE, base | X2APIC);
    bool id_set, reserved_set, straight_back, off, straight_on, again;

    (void)arg;
    CHECK(on);
    id = msr_get(MSR_X2APIC + (LAPIC_ID >> 4));
    version = msr_get(MSR_X2APIC + (LAPIC_VERSION >> 4));
    msr_set(MSR_X2APIC + (LAPIC_TPR >> 4), 0x30);
    tpr = msr_get(MSR_X2APIC + (LAPIC_TPR >> 4));
    msr_set(MSR_X2APIC + (LAPIC_TPR >> 4), 0);
    msr_set(MSR_X2APIC_SELF, VECTOR_A);
    irr = msr_get(MSR_X2APIC + (LAPIC_IRR >> 4) + VECTOR_A / 32);
    id_set = msr_try_set(MSR_X2APIC + (LAPIC_ID >> 4), 1);
    reserved_set = msr_try_set(MSR_X2APIC + (LAPIC_TPR >> 4), 0x100);
    straight_back = msr_try_set(MSR_APIC_BASE, base);
    off = msr_try_set(MSR_APIC_BASE, base & ~(1ul << 11));
    straight_on = msr_try_set(MSR_APIC_BASE, base | X2APIC);
    again = msr_try_set(MSR_APIC_BASE, base);
    lapic_write(LAPIC_SPURIOUS, 0x1ff);
    SAME(id, 2 * this_cpu()->nr);
    SAME(version & 0xf0, 0x10);
    SAME(tpr, 0x30);
    CHECK(irr >> VECTOR_A % 32 & 1);
    CHECK(!straight_back && off && !straight_on && again);
    SAME(lapic_read(LAPIC_ID) >> 24, 2 * this_cpu()->nr);
    CHECK(!id_set);
    CHECK(!reserved_set);
    return 0;
}

static void x2apic(void)
{
    if (!(cpuid(1, 0).c & 1 << 21))
        test_skip("no x2APIC");
    SAME(cpu_call(3, x2apic_here, NULL), 0);
}

static long x2apic_hidden(void *arg)
{
    (void)arg;
    CHECK(!msr_try_get(MSR_X2APIC + (LAPIC_ID >> 4), NULL));
    return 0;
}

static void x2apic_off(void)
{
    SAME(cpu_call(1, x2apic_hidden, NULL), 0);
}

const struct test lapic_tests[] = {
    TEST(version, "The version MUST be that of an integrated APIC."),
    TEST(registers_kept, "Registers MUST be kept."),
    TEST(tpr_is_cr8, "CR8 and the priority MUST be one."),
    TEST(self_ipi, "An IPI to oneself MUST wait for interrupts, then come."),
    TEST(masked_by_tpr, "A low priority MUST wait."),
    TEST(two_pending, "Each vector that is pending MUST come once."),
    TEST(ipi_to_other, "An IPI MUST come to another vCPU."),
    TEST(ipi_to_others, "An IPI to others MUST NOT come to oneself."),
    TEST(ipi_to_all, "An IPI to all MUST come to all."),
    TEST(ipi_ping_pong, "No IPI MUST be lost."),
    TEST(nmi_ipi, "An NMI MUST come to another vCPU."),
    TEST(ipi_to_nobody, "An IPI to nobody MUST do nothing."),
    TEST(illegal_vector, "A vector below 16 MUST be an error."),
    TEST(timer_once, "The timer MUST fire once."),
    TEST(timer_periodic, "The timer MUST fire again and again."),
    TEST(timer_masked, "A masked timer MUST NOT fire."),
    TEST(timer_counts_down, "The count MUST go down, and end."),
    TEST_GUEST(x2apic, "x2APIC MUST go on and off as the manual says."),
    TEST_GUEST(x2apic_off,
               "Registers of x2APIC MUST NOT be there while it is off."),
    TEST(hlt_wakes, "HLT MUST end when an interrupt comes."),
    {0},
};

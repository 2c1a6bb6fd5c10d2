/*
 * Virtual local APIC: priorities, EOI, modes, timer, messages.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "x86/time.h"
#include "x86/vcpu.h"
#include "x86/vlapic.h"
#include "x86/vlapic_regs.h"

#include "hv/sched.h"

extern uint64_t double_now_ns; /* double/double.h, whose arch_vcpu is another */
void double_init(unsigned int mib);
struct domain *double_domain(domid_t id, unsigned int vcpus);

#define VCPUS     4
#define MSR(r)    (MSR_X2APIC + (r))
#define OFFSET(r) (0xfee00000UL + (r)*16)

static struct domain *dom;
static struct arch_vcpu arch[VCPUS];
static unsigned int eois;
static uint8_t last_eoi;
static uint64_t guest_tsc;

/* --- What the APIC needs of its neighbours --- */

void vioapic_eoi(struct domain *d, uint8_t vector)
{
    (void)d;
    eois++;
    last_eoi = vector;
}

uint64_t vcpu_guest_tsc(const struct vcpu *v)
{
    (void)v;
    return guest_tsc;
}

uint64_t tsc_delta_to_ns(uint64_t delta)
{
    return delta / 2;
}

static struct vcpu *vc(unsigned int i)
{
    return dom->vcpu[i];
}

static void setup(void)
{
    double_init(64);
    dom = double_domain(1, VCPUS);
    for (unsigned int i = 0; i < VCPUS; i++) {
        memset(&arch[i], 0, sizeof(arch[i]));
        vc(i)->arch = &arch[i];
        vlapic_init(vc(i));
        vlapic_reset(vc(i));
        arch[i].lapic.reg[LAPIC_SVR] |= SVR_ENABLE;
    }
    eois = 0;
}

static void to_x2apic(unsigned int i)
{
    ck_assert(vlapic_base_write(vc(i), arch[i].lapic.base | APIC_BASE_X2));
}

static void write_reg(unsigned int i, unsigned int reg, uint32_t value)
{
    struct io_access io = {
        .address = OFFSET(reg), .size = 4, .write = true, .value = value};

    ck_assert(vlapic_mmio(vc(i), &io));
}

static uint32_t read_reg(unsigned int i, unsigned int reg)
{
    struct io_access io = {.address = OFFSET(reg), .size = 4};

    ck_assert(vlapic_mmio(vc(i), &io));
    return io.value;
}

/* --- Priorities --- */

START_TEST(highest_vector_goes_first)
{
    vlapic_set_irq(vc(0), 0x31, false);
    vlapic_set_irq(vc(0), 0xf0, false);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0xf0);
    vlapic_accept(vc(0), 0xf0);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    write_reg(0, LAPIC_EOI, 0);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x31);
}
END_TEST

START_TEST(task_priority_holds_vectors_back)
{
    vlapic_set_irq(vc(0), 0x4f, false);
    write_reg(0, LAPIC_TPR, 0x40);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    ck_assert_uint_eq(read_reg(0, LAPIC_PPR), 0x40);
    write_reg(0, LAPIC_TPR, 0x3f);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x4f);
}
END_TEST

START_TEST(disabled_apic_delivers_nothing)
{
    write_reg(0, LAPIC_SVR, 0xff);
    vlapic_set_irq(vc(0), 0x50, false);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    write_reg(0, LAPIC_SVR, 0x1ff);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x50);
}
END_TEST

START_TEST(vectors_below_16_are_errors)
{
    vlapic_set_irq(vc(0), 3, false);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    ck_assert(read_reg(0, LAPIC_ESR) & ESR_RECEIVED_ILLEGAL);
}
END_TEST

START_TEST(only_level_vectors_tell_the_io_apic)
{
    vlapic_set_irq(vc(0), 0x60, false);
    vlapic_accept(vc(0), 0x60);
    write_reg(0, LAPIC_EOI, 0);
    ck_assert_uint_eq(eois, 0);
    vlapic_set_irq(vc(0), 0x61, true);
    vlapic_accept(vc(0), 0x61);
    write_reg(0, LAPIC_EOI, 0);
    ck_assert_uint_eq(eois, 1);
    ck_assert_uint_eq(last_eoi, 0x61);
    write_reg(0, LAPIC_EOI, 0);
    ck_assert_uint_eq(eois, 1);
}
END_TEST

/* --- Modes --- */

START_TEST(x2apic_hides_the_registers_in_memory)
{
    struct io_access io = {.address = OFFSET(LAPIC_ID), .size = 4};
    uint64_t value;

    ck_assert(!vlapic_msr_read(vc(1), MSR(LAPIC_ID), &value));
    ck_assert_uint_eq(read_reg(1, LAPIC_ID), 2U << 24);
    to_x2apic(1);
    ck_assert(!vlapic_mmio(vc(1), &io));
    ck_assert(vlapic_msr_read(vc(1), MSR(LAPIC_ID), &value));
    ck_assert_uint_eq(value, 2);
    ck_assert(vlapic_msr_read(vc(1), MSR(LAPIC_LDR), &value));
    ck_assert_uint_eq(value, 1U << 2);
}
END_TEST

START_TEST(modes_change_only_as_the_manual_has_it)
{
    uint64_t base = arch[0].lapic.base;

    ck_assert(!vlapic_base_write(vc(0), base + PAGE_SIZE));
    ck_assert(
        !vlapic_base_write(vc(0), (base & ~APIC_BASE_ENABLE) | APIC_BASE_X2));
    to_x2apic(0);
    ck_assert(!vlapic_base_write(vc(0), base));
    ck_assert(vlapic_base_write(vc(0), base & ~APIC_BASE_ENABLE));
    ck_assert(vlapic_base_write(vc(0), base));
}
END_TEST

START_TEST(undefined_x2apic_registers_fault)
{
    uint64_t value;

    to_x2apic(0);
    ck_assert(!vlapic_msr_read(vc(0), MSR(LAPIC_EOI), &value));
    ck_assert(!vlapic_msr_read(vc(0), MSR(0x00), &value));
    ck_assert(!vlapic_msr_write(vc(0), MSR(LAPIC_ID), 1));
    ck_assert(!vlapic_msr_write(vc(0), MSR(LAPIC_TPR), 1UL << 32));
    ck_assert(!vlapic_msr_read(vc(0), MSR(0x41), &value));
}
END_TEST

START_TEST(reads_between_registers_are_zero)
{
    struct io_access io = {.address = OFFSET(LAPIC_VERSION) + 4, .size = 4};

    ck_assert(vlapic_mmio(vc(0), &io));
    ck_assert_uint_eq(io.value, 0);
    io.address = OFFSET(LAPIC_VERSION) + 2;
    io.size = 1;
    ck_assert(vlapic_mmio(vc(0), &io));
    ck_assert_uint_eq(io.value & 0xff, 5);
}
END_TEST

/* --- Messages --- */

START_TEST(fixed_ipi_reaches_its_apic_id)
{
    write_reg(0, LAPIC_ICR2, 4U << 24);
    write_reg(0, LAPIC_ICR, 0x71);
    ck_assert_int_eq(vlapic_pending(vc(2)), 0x71);
    ck_assert_int_eq(vlapic_pending(vc(1)), -1);
}
END_TEST

START_TEST(shorthands_choose_self_all_and_others)
{
    write_reg(1, LAPIC_ICR, 1U << 18 | 0x41);
    ck_assert_int_eq(vlapic_pending(vc(1)), 0x41);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    write_reg(1, LAPIC_ICR, 3U << 18 | 0x52);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x52);
    ck_assert_int_eq(vlapic_pending(vc(1)), 0x41);
    write_reg(1, LAPIC_ICR, 2U << 18 | 0x63);
    ck_assert_int_eq(vlapic_pending(vc(1)), 0x63);
}
END_TEST

START_TEST(logical_messages_match_the_flat_mask)
{
    for (unsigned int i = 0; i < VCPUS; i++)
        write_reg(i, LAPIC_LDR, 1U << (24 + i));
    vlapic_message(dom, 0xfee00000 | 0x6UL << 12 | 4, 0x45, false);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    ck_assert_int_eq(vlapic_pending(vc(1)), 0x45);
    ck_assert_int_eq(vlapic_pending(vc(2)), 0x45);
}
END_TEST

START_TEST(lowest_priority_goes_to_one)
{
    vlapic_message(dom, 0xfee00000 | 0xffUL << 12, 1U << 8 | 0x45, false);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x45);
    ck_assert_int_eq(vlapic_pending(vc(1)), -1);
}
END_TEST

START_TEST(x2apic_destinations_are_clusters)
{
    to_x2apic(0);
    to_x2apic(3);
    ck_assert(vlapic_msr_write(vc(0), MSR(LAPIC_ICR),
                               (uint64_t)(1U << 6) << 32 | 1U << 11 | 0x91));
    ck_assert_int_eq(vlapic_pending(vc(3)), 0x91);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    ck_assert(vlapic_msr_write(vc(0), MSR(LAPIC_SELF_IPI), 0x92));
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x92);
}
END_TEST

START_TEST(init_then_sipi_starts_a_vcpu)
{
    arch[1].wait_sipi = true;
    bit_test_and_set(&vc(1)->pause_flags, VPF_DOWN);
    write_reg(0, LAPIC_ICR2, 2U << 24);
    write_reg(0, LAPIC_ICR, 5U << 8 | 1U << 14);
    ck_assert(arch[1].init_pending);
    write_reg(0, LAPIC_ICR, 6U << 8 | 0x9a);
    ck_assert_uint_eq(arch[1].sipi_vector, SIPI_VALID | 0x9a);
    ck_assert(!bit_test(&vc(1)->pause_flags, VPF_DOWN));
}
END_TEST

START_TEST(sipi_without_init_is_ignored)
{
    write_reg(0, LAPIC_ICR2, 2U << 24);
    write_reg(0, LAPIC_ICR, 6U << 8 | 0x9a);
    ck_assert_uint_eq(arch[1].sipi_vector, 0);
}
END_TEST

/* --- Timer --- */

static void run_timers_at(uint64_t ns)
{
    double_now_ns = ns;
    timer_run(0);
}

START_TEST(one_shot_timer_fires_once)
{
    write_reg(0, LAPIC_TDCR, 0xb); /* divide by 1: 10 ns */
    write_reg(0, LAPIC_LVT_TIMER, 0x40);
    write_reg(0, LAPIC_TMICT, 1000);
    run_timers_at(9999);
    ck_assert_uint_eq(read_reg(0, LAPIC_TMCCT), 0);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    run_timers_at(10000);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x40);
    vlapic_accept(vc(0), 0x40);
    write_reg(0, LAPIC_EOI, 0);
    run_timers_at(50000);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
}
END_TEST

START_TEST(periodic_timer_fires_again)
{
    write_reg(0, LAPIC_TDCR, 0xb);
    write_reg(0, LAPIC_LVT_TIMER, 1U << 17 | 0x40);
    write_reg(0, LAPIC_TMICT, 10000);
    for (unsigned int i = 1; i < 4; i++) {
        run_timers_at(i * 100000UL);
        ck_assert_int_eq(vlapic_pending(vc(0)), 0x40);
        vlapic_accept(vc(0), 0x40);
        write_reg(0, LAPIC_EOI, 0);
    }
}
END_TEST

START_TEST(masked_timer_is_silent)
{
    write_reg(0, LAPIC_TDCR, 0xb);
    write_reg(0, LAPIC_LVT_TIMER, LVT_MASKED | 0x40);
    write_reg(0, LAPIC_TMICT, 1000);
    run_timers_at(20000);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
}
END_TEST

START_TEST(deadline_timer_reads_zero_after_it_fired)
{
    uint64_t value;

    guest_tsc = 1000000;
    write_reg(0, LAPIC_LVT_TIMER, 2U << 17 | 0x44);
    ck_assert(vlapic_msr_write(vc(0), MSR_TSC_DEADLINE, 1002000));
    run_timers_at(999);
    ck_assert_int_eq(vlapic_pending(vc(0)), -1);
    ck_assert(vlapic_msr_read(vc(0), MSR_TSC_DEADLINE, &value));
    ck_assert_uint_eq(value, 1002000);
    run_timers_at(1000);
    ck_assert_int_eq(vlapic_pending(vc(0)), 0x44);
    ck_assert(vlapic_msr_read(vc(0), MSR_TSC_DEADLINE, &value));
    ck_assert_uint_eq(value, 0);
}
END_TEST

/* --- Saved state --- */

START_TEST(loaded_registers_are_made_harmless)
{
    uint32_t reg[VLAPIC_REGS];

    memset(reg, 0xff, sizeof(reg));
    vlapic_load_regs(vc(1), reg);
    ck_assert_uint_eq(read_reg(1, LAPIC_ID), 2U << 24);
    ck_assert_uint_eq(read_reg(1, LAPIC_VERSION), 0x50014);
    ck_assert_uint_eq(arch[1].lapic.reg[LAPIC_IRR] & 0xffff, 0);
    ck_assert(!vlapic_load_base(vc(1), APIC_BASE_X2));
    ck_assert(!vlapic_load_base(vc(1), ~0UL));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("vlapic");
    TCase *t = tcase_create("registers");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, highest_vector_goes_first);
    tcase_add_test(t, task_priority_holds_vectors_back);
    tcase_add_test(t, disabled_apic_delivers_nothing);
    tcase_add_test(t, vectors_below_16_are_errors);
    tcase_add_test(t, only_level_vectors_tell_the_io_apic);
    tcase_add_test(t, x2apic_hides_the_registers_in_memory);
    tcase_add_test(t, modes_change_only_as_the_manual_has_it);
    tcase_add_test(t, undefined_x2apic_registers_fault);
    tcase_add_test(t, reads_between_registers_are_zero);
    tcase_add_test(t, loaded_registers_are_made_harmless);
    suite_add_tcase(s, t);
    t = tcase_create("messages");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, fixed_ipi_reaches_its_apic_id);
    tcase_add_test(t, shorthands_choose_self_all_and_others);
    tcase_add_test(t, logical_messages_match_the_flat_mask);
    tcase_add_test(t, lowest_priority_goes_to_one);
    tcase_add_test(t, x2apic_destinations_are_clusters);
    tcase_add_test(t, init_then_sipi_starts_a_vcpu);
    tcase_add_test(t, sipi_without_init_is_ignored);
    suite_add_tcase(s, t);
    t = tcase_create("timer");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, one_shot_timer_fires_once);
    tcase_add_test(t, periodic_timer_fires_again);
    tcase_add_test(t, masked_timer_is_silent);
    tcase_add_test(t, deadline_timer_reads_zero_after_it_fired);
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

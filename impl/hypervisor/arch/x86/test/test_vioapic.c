/*
 * dom0's virtual IO-APIC against the machine's pins.
 */
#include <check.h>
#include <stdlib.h>

#include "double/double.h"
#include "machine.h"
#include "x86/dom0.h"
#include "x86/vlapic.h"

#define LEVEL  BIT(15)
#define LOW    BIT(13)
#define MASKED BIT(16)
#define IRR    BIT(14)

static void setup(void)
{
    machine_init(2);
    machine.pin[4].masked = false; /* the hypervisor's serial port */
    vioapic_init(dom0);
}

static void mmio_write(unsigned int offset, uint32_t value)
{
    struct io_access io = {MACHINE_IOAPIC + offset, value, 4, true};

    ck_assert(vioapic_access(&io));
}

static uint32_t mmio_read(unsigned int offset)
{
    struct io_access io = {MACHINE_IOAPIC + offset, 0, 4, false};

    ck_assert(vioapic_access(&io));
    return (uint32_t)io.value;
}

static uint32_t reg(unsigned int index)
{
    mmio_write(0, index);
    return mmio_read(0x10);
}

static void entry(unsigned int pin, uint32_t low, uint32_t high)
{
    mmio_write(0, 0x11 + pin * 2);
    mmio_write(0x10, high);
    mmio_write(0, 0x10 + pin * 2);
    mmio_write(0x10, low);
}

START_TEST(identity_registers_are_the_machines)
{
    ck_assert_uint_eq(reg(0), 3U << 24);
    ck_assert_uint_eq(reg(1), (MACHINE_PINS - 1) << 16 | 0x20);
    ck_assert_uint_eq(reg(0x10), MASKED);
    ck_assert_uint_eq(reg(0x10 + MACHINE_PINS * 2), UINT32_MAX);
}
END_TEST

START_TEST(only_its_own_page_is_the_ioapics)
{
    struct io_access io = {MACHINE_IOAPIC + PAGE_SIZE, 0, 4, false};

    ck_assert(!vioapic_access(&io));
    ck_assert(vioapic_owns(MACHINE_IOAPIC, MACHINE_IOAPIC + PAGE_SIZE));
    ck_assert(!vioapic_owns(MACHINE_IOAPIC + PAGE_SIZE, MACHINE_IOAPIC * 2));
}
END_TEST

START_TEST(an_edge_pin_sends_each_interrupt)
{
    entry(5, 0x41, 2U << 24);
    ck_assert(!machine.pin[5].masked);
    ck_assert(!machine.pin[5].level);
    machine_interrupt(machine.pin[5].vector);
    machine_interrupt(machine.pin[5].vector);
    ck_assert_uint_eq(machine.messages, 2);
    ck_assert_uint_eq(machine.message[0].address, 0xfee02000);
    ck_assert_uint_eq(machine.message[0].data & 0xff, 0x41);
    ck_assert(!machine.message[0].level);
}
END_TEST

START_TEST(a_level_pin_waits_for_its_end)
{
    entry(9, 0x51 | LEVEL | LOW, 0);
    ck_assert(machine.pin[9].level && machine.pin[9].active_low);
    machine.pin[9].masked = true; /* as the interrupt layer does */
    machine_interrupt(machine.pin[9].vector);
    ck_assert_uint_eq(machine.messages, 1);
    ck_assert(machine.message[0].level);
    ck_assert_uint_eq(reg(0x10 + 18) & IRR, IRR);
    vioapic_eoi(dom0, 0x50);
    ck_assert(machine.pin[9].masked);
    vioapic_eoi(dom0, 0x51);
    ck_assert(!machine.pin[9].masked);
    ck_assert_uint_eq(reg(0x10 + 18) & IRR, 0);
}
END_TEST

START_TEST(a_level_pin_masked_before_its_end_stays_masked)
{
    entry(9, 0x51 | LEVEL, 0);
    machine.pin[9].masked = true;
    machine_interrupt(machine.pin[9].vector);
    entry(9, 0x51 | LEVEL | MASKED, 0);
    mmio_write(0x40, 0x51);
    ck_assert(machine.pin[9].masked);
    entry(9, 0x51 | LEVEL, 0);
    ck_assert(!machine.pin[9].masked);
}
END_TEST

START_TEST(a_masked_pin_masks_the_machines)
{
    entry(5, 0x41, 0);
    entry(5, 0x41 | MASKED, 0);
    ck_assert(machine.pin[5].masked);
    machine_interrupt(machine.pin[5].vector);
    ck_assert_uint_eq(machine.messages, 0);
    entry(5, 0x42, 0);
    ck_assert_uint_eq(machine.vectors, 1);
}
END_TEST

START_TEST(the_hypervisors_pins_are_not_touched)
{
    entry(4, 0x41, 0);
    ck_assert_uint_eq(machine.vectors, 0);
    entry(4, 0x41 | MASKED, 0);
    ck_assert(!machine.pin[4].masked);
}
END_TEST

START_TEST(no_vector_left_leaves_the_pin_masked)
{
    machine.no_vectors = true;
    entry(5, 0x41, 0);
    ck_assert(machine.pin[5].masked);
}
END_TEST

START_TEST(a_virtual_line_fires_again_until_it_falls)
{
    entry(20, 0x61 | LEVEL, 0);
    vioapic_set_line(dom0, 20, true);
    vioapic_set_line(dom0, 20, true);
    ck_assert_uint_eq(machine.messages, 1);
    vioapic_eoi(dom0, 0x61);
    ck_assert_uint_eq(machine.messages, 2);
    vioapic_set_line(dom0, 20, false);
    vioapic_eoi(dom0, 0x61);
    ck_assert_uint_eq(machine.messages, 2);
}
END_TEST

START_TEST(other_domains_have_none)
{
    struct domain *d = double_domain(1, 1);

    vioapic_set_line(d, 5, true);
    vioapic_eoi(d, 0x41);
    ck_assert_uint_eq(machine.messages, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vioapic");
    TCase *t = tcase_create("vioapic");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, identity_registers_are_the_machines);
    tcase_add_test(t, only_its_own_page_is_the_ioapics);
    tcase_add_test(t, an_edge_pin_sends_each_interrupt);
    tcase_add_test(t, a_level_pin_waits_for_its_end);
    tcase_add_test(t, a_level_pin_masked_before_its_end_stays_masked);
    tcase_add_test(t, a_masked_pin_masks_the_machines);
    tcase_add_test(t, the_hypervisors_pins_are_not_touched);
    tcase_add_test(t, no_vector_left_leaves_the_pin_masked);
    tcase_add_test(t, a_virtual_line_fires_again_until_it_falls);
    tcase_add_test(t, other_domains_have_none);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

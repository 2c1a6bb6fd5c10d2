/*
 * dom0 at the machine's PM1 control register: S5 only.
 */
#include <check.h>
#include <stdlib.h>

#include "double/double.h"
#include "machine.h"
#include "x86/dom0.h"

#define SLP_EN  BIT(13)
#define TYPE(t) ((t) << 10)

static void setup(void)
{
    machine_init(1);
    machine.out = MACHINE_NO_OUT;
}

static bool pm1(uint16_t port, uint64_t value, uint8_t size)
{
    struct io_access io = {port, value, size, true};

    return pm1_access(dom0->vcpu[0], &io);
}

START_TEST(other_bits_pass)
{
    ck_assert(pm1(MACHINE_PM1, TYPE(1) | 1, 2));
    ck_assert_uint_eq(machine.out, TYPE(1) | 1);
    ck_assert_uint_eq(machine.out_port, MACHINE_PM1);
}
END_TEST

START_TEST(reads_pass)
{
    struct io_access io = {MACHINE_PM1, 0, 2, false};

    ck_assert(pm1_access(dom0->vcpu[0], &io));
    ck_assert_uint_eq(io.value, MACHINE_PM1);
}
END_TEST

START_TEST(sleep_states_but_s5_are_refused)
{
    ck_assert(pm1(MACHINE_PM1, SLP_EN | TYPE(1) | 1, 2));
    ck_assert_uint_eq(machine.out, TYPE(1) | 1);
    ck_assert(pm1(MACHINE_PM1 + 1, (SLP_EN | TYPE(2)) >> 8, 1));
    ck_assert_uint_eq(machine.out, TYPE(2) >> 8);
}
END_TEST

START_TEST(s5_powers_off)
{
    (void)pm1(MACHINE_PM1, SLP_EN | TYPE(MACHINE_S5), 2); /* does not return */
    ck_abort_msg("still on");
}
END_TEST

START_TEST(commands_that_firmware_ignores_are_dropped)
{
    pm1_trap(dom0);
    ck_assert_uint_eq(machine.trapped, MACHINE_PM1);
    machine.no_acpi_mode = true;
    pm1_trap(dom0);
    ck_assert_uint_eq(machine.trapped, MACHINE_SMI);
    ck_assert(pm1(MACHINE_SMI, 0xe1, 1));
    ck_assert_uint_eq(machine.out, MACHINE_NO_OUT);
}
END_TEST

START_TEST(an_unknown_s5_traps_nothing)
{
    machine.no_s5 = true;
    pm1_trap(dom0);
    ck_assert_uint_eq(machine.trapped, 0);
    machine.no_s5 = false;
    pm1_trap(dom0);
    ck_assert_uint_eq(machine.trapped, MACHINE_PM1);
}
END_TEST

START_TEST(other_ports_are_not_its)
{
    ck_assert(!pm1(MACHINE_PM1 + 2, SLP_EN, 2));
    ck_assert(!pm1(0, SLP_EN, 2));
    ck_assert_uint_eq(machine.out, MACHINE_NO_OUT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pm1");
    TCase *t = tcase_create("pm1");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, other_bits_pass);
    tcase_add_test(t, reads_pass);
    tcase_add_test(t, sleep_states_but_s5_are_refused);
    tcase_add_exit_test(t, s5_powers_off, EXIT_SUCCESS);
    tcase_add_test(t, commands_that_firmware_ignores_are_dropped);
    tcase_add_test(t, an_unknown_s5_traps_nothing);
    tcase_add_test(t, other_ports_are_not_its);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

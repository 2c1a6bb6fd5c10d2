/*
 * Tables written for a control domain, read back by the parsers.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/acpi_build.h"

#define ROOM 2048

static union {
    uint8_t byte[ROOM];
    struct acpi_header head;
    struct acpi_rsdp rsdp;
} out, machine;

static void setup(void)
{
    memset(&out, 0xa5, sizeof(out));
    memset(&machine, 0, sizeof(machine));
    memcpy(machine.head.oem_id, "VENDOR", 6);
}

/* The machine's table: 'bytes' long, body from 'body'. */
static const struct acpi_header *table(const char *signature, size_t bytes,
                                       size_t at, const void *body, size_t n)
{
    memcpy(machine.head.signature, signature, 4);
    machine.head.length = (uint32_t)bytes;
    if (n)
        memcpy(machine.byte + at, body, n);
    return &machine.head;
}

static void expect_table(const char *signature, size_t bytes)
{
    ck_assert_mem_eq(out.head.signature, signature, 4);
    ck_assert_uint_eq(out.head.length, bytes);
    ck_assert(acpi_sum_right(&out.head));
    ck_assert_uint_eq(out.byte[bytes], 0xa5);
}

START_TEST(the_rsdp_names_the_xsdt)
{
    ck_assert_uint_eq(acpi_write_rsdp(&out, 36, NULL, 0x123456789), 36);
    ck_assert_mem_eq(out.rsdp.signature, ACPI_RSDP_SIGNATURE, 8);
    ck_assert_uint_eq(out.rsdp.xsdt, 0x123456789);
    ck_assert_uint_eq(out.rsdp.revision, 2);
    ck_assert(acpi_sums_to_zero(&out, ACPI_RSDP_MIN_BYTES));
    ck_assert(acpi_sums_to_zero(&out, 36));
    ck_assert_uint_eq(acpi_write_rsdp(&out, 35, NULL, 0), 0);
}
END_TEST

START_TEST(the_xsdt_lists_what_it_is_given)
{
    const paddr_t tables[] = {0x1000, 0x200000000};
    paddr_t back[2];

    ck_assert_uint_eq(acpi_write_xsdt(&out, ROOM, &machine.head, tables, 2),
                      52);
    expect_table("XSDT", 52);
    memcpy(back, out.byte + ACPI_HEADER_BYTES, sizeof(back));
    ck_assert_mem_eq(back, tables, sizeof(back));
    ck_assert_mem_eq(out.head.oem_id, "VENDOR", 6);
    ck_assert_uint_eq(acpi_write_xsdt(&out, 51, &machine.head, tables, 2), 0);
}
END_TEST

/* IO-APIC, a CPU, an override, something unknown, and one that is cut. */
static const uint8_t entries[] = {
    1,  12, 7, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0, /* */
    0,  8,  9, 9, 1, 0, 0,    0,                 /* */
    2,  10, 0, 9, 9, 0, 0,    0,    13, 0,       /* */
    77, 4,  1, 1,                                /* */
    1,  12, 8,
};

START_TEST(the_madt_has_new_cpus_and_the_machines_interrupts)
{
    const struct acpi_header *m =
        table("APIC", 44 + sizeof(entries), 44, entries, sizeof(entries));
    static struct acpi_madt madt;
    size_t bytes = acpi_write_madt(&out, ROOM, m, 3, 2, true);

    ck_assert_uint_eq(bytes, 44 + 3 * 8 + 12 + 10);
    expect_table("APIC", bytes);
    ck_assert(acpi_madt_parse(&out.head, &madt));
    ck_assert_uint_eq(madt.cpus, 3);
    ck_assert_uint_eq(madt.cpu[2].apic_id, 4);
    ck_assert_uint_eq(madt.cpu[2].uid, 2);
    ck_assert_uint_eq(madt.ioapics, 1);
    ck_assert_uint_eq(madt.ioapic[0].address, 0xfec00000);
    ck_assert_uint_eq(madt.overrides, 1);
    ck_assert_uint_eq(madt.dropped, 0);
    ck_assert_uint_eq(madt.lapic, 0xfee00000);
}
END_TEST

START_TEST(a_madt_needs_none_of_the_machine)
{
    ck_assert_uint_eq(acpi_write_madt(&out, ROOM, NULL, 1, 2, true), 52);
    expect_table("APIC", 52);
}
END_TEST

START_TEST(the_timers_override_can_be_left_out)
{
    static const uint8_t timer[] = {2, 10, 0, 0, 2, 0, 0, 0, 0, 0,
                                    2, 10, 0, 9, 9, 0, 0, 0, 0, 0};
    const struct acpi_header *m =
        table("APIC", 44 + sizeof(timer), 44, timer, sizeof(timer));

    ck_assert_uint_eq(acpi_write_madt(&out, ROOM, m, 1, 2, true), 72);
    ck_assert_uint_eq(acpi_write_madt(&out, ROOM, m, 1, 2, false), 62);
    ck_assert_uint_eq(out.byte[52 + 3], 9);
}
END_TEST

START_TEST(a_madt_takes_the_room_it_has)
{
    const struct acpi_header *m =
        table("APIC", 44 + sizeof(entries), 44, entries, sizeof(entries));

    ck_assert_uint_eq(acpi_write_madt(&out, 44 + 8 + 11, m, 1, 2, true),
                      44 + 8 + 10);
    ck_assert_uint_eq(acpi_write_madt(&out, 44 + 7, m, 1, 2, true), 0);
    ck_assert_uint_eq(acpi_write_madt(&out, ROOM, m, 129, 2, true), 0);
    ck_assert_uint_gt(acpi_write_madt(&out, ROOM, m, 128, 2, true), 0);
}
END_TEST

START_TEST(a_madt_ends_at_an_entry_without_length)
{
    static const uint8_t none[] = {1, 0, 0, 0, 2, 10, 0, 9, 9, 0, 0, 0, 13, 0};

    ck_assert_uint_eq(acpi_write_madt(&out, ROOM,
                                      table("APIC", 44 + sizeof(none), 44, none,
                                            sizeof(none)),
                                      1, 2, true),
                      52);
}
END_TEST

START_TEST(the_mcfg_ends_at_the_last_bus)
{
    static const uint8_t rows[] = {
        0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0,  255, 0, 0, 0, 0, /* */
        0, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0,  255, 0, 0, 0, 0, /* */
        0, 0, 0, 0xd0, 0, 0, 0, 0, 0, 0, 64, 70,  0, 0, 0, 0, /* */
        0, 0, 0, 0xe0,
    };
    const struct acpi_header *m =
        table("MCFG", 44 + sizeof(rows), 44, rows, sizeof(rows));

    ck_assert_uint_eq(acpi_write_mcfg(&out, ROOM, m, 3), 44 + sizeof(rows));
    expect_table("MCFG", 44 + sizeof(rows));
    ck_assert_uint_eq(out.byte[44 + 11], 3);
    ck_assert_uint_eq(out.byte[44 + 16 + 11], 255);
    ck_assert_uint_eq(out.byte[44 + 32 + 11], 64);
    ck_assert_uint_eq(acpi_write_mcfg(&out, 50, m, 3), 0);
    ck_assert_uint_eq(acpi_write_mcfg(&out, ROOM, NULL, 3), 0);
}
END_TEST

START_TEST(a_fadt_gets_another_dsdt)
{
    struct acpi_fadt f;

    ck_assert_uint_eq(
        acpi_write_fadt(&out, ROOM, table("FACP", 276, 0, NULL, 0), 0x7000),
        276);
    expect_table("FACP", 276);
    ck_assert(acpi_fadt_parse(&out.head, &f));
    ck_assert_uint_eq(f.dsdt, 0x7000);
    setup();
    ck_assert_uint_eq(
        acpi_write_fadt(&out, ROOM, table("FACP", 116, 0, NULL, 0), 0x7000),
        116);
    expect_table("FACP", 116);
    ck_assert(acpi_fadt_parse(&out.head, &f));
    ck_assert_uint_eq(f.dsdt, 0x7000);
    ck_assert_uint_eq(acpi_write_fadt(&out, ROOM, NULL, 0x7000), 0);
    ck_assert_uint_eq(
        acpi_write_fadt(&out, ROOM, table("FACP", 100, 0, NULL, 0), 0x7000), 0);
}
END_TEST

START_TEST(an_empty_dsdt_is_a_dsdt)
{
    ck_assert_uint_eq(acpi_write_dsdt(&out, ROOM, NULL), ACPI_HEADER_BYTES);
    expect_table("DSDT", ACPI_HEADER_BYTES);
    ck_assert_uint_eq(acpi_write_dsdt(&out, 35, NULL), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("acpi_build");
    TCase *t = tcase_create("acpi_build");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, the_rsdp_names_the_xsdt);
    tcase_add_test(t, the_xsdt_lists_what_it_is_given);
    tcase_add_test(t, the_madt_has_new_cpus_and_the_machines_interrupts);
    tcase_add_test(t, a_madt_needs_none_of_the_machine);
    tcase_add_test(t, the_timers_override_can_be_left_out);
    tcase_add_test(t, a_madt_takes_the_room_it_has);
    tcase_add_test(t, a_madt_ends_at_an_entry_without_length);
    tcase_add_test(t, the_mcfg_ends_at_the_last_bus);
    tcase_add_test(t, a_fadt_gets_another_dsdt);
    tcase_add_test(t, an_empty_dsdt_is_a_dsdt);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

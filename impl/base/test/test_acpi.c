/*
 * ACPI parsers against tables that are right, cut, or lie.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/acpi.h"

#define MEM_BYTES 0x8000
#define RSDP_AT   0x100
#define ROOT_AT   0x1000
#define TABLE_AT  0x2000
#define OTHER_AT  0x4000

/* Physical memory from MEM_BASE on; nothing else is readable. */
#define MEM_BASE 0x100000UL

static uint8_t bytes[MEM_BYTES];

static const void *map(void *arg, paddr_t a, uint64_t n)
{
    (void)arg;
    if (a < MEM_BASE || n > MEM_BYTES || a - MEM_BASE > MEM_BYTES - n)
        return NULL;
    return bytes + (a - MEM_BASE);
}

static const struct acpi_mem mem = {.map = map};

static void put(size_t at, uint64_t v, size_t n)
{
    memcpy(bytes + at, &v, n);
}

static void checksum(size_t at, size_t n, size_t field)
{
    uint8_t sum = 0;

    bytes[field] = 0;
    for (size_t i = 0; i < n; i++)
        sum += bytes[at + i];
    bytes[field] = (uint8_t)-sum;
}

static void table_seal(size_t at, const char *signature, uint32_t length)
{
    memcpy(bytes + at, signature, 4);
    put(at + 4, length, 4);
    checksum(at, length, at + 9);
}

static const struct acpi_header *table(size_t at)
{
    return (const struct acpi_header *)(bytes + at);
}

/* RSDP of revision 2 -> XSDT with two tables. */
static void setup(void)
{
    memset(bytes, 0, sizeof(bytes));
    put(ROOT_AT + 36, MEM_BASE + TABLE_AT, 8);
    put(ROOT_AT + 44, MEM_BASE + OTHER_AT, 8);
    table_seal(ROOT_AT, "XSDT", 52);
    table_seal(TABLE_AT, "APIC", 44);
    table_seal(OTHER_AT, "MCFG", 60);
    memcpy(bytes + RSDP_AT, "RSD PTR ", 8);
    bytes[RSDP_AT + 15] = 2;
    put(RSDP_AT + 20, 36, 4);
    put(RSDP_AT + 24, MEM_BASE + ROOT_AT, 8);
    checksum(RSDP_AT, 20, RSDP_AT + 8);
    checksum(RSDP_AT, 36, RSDP_AT + 32);
}

static bool root_read(struct acpi_root *root)
{
    return acpi_root_read(&mem, MEM_BASE + RSDP_AT, true, root);
}

START_TEST(tables_are_found_by_signature_and_number)
{
    struct acpi_root root;

    ck_assert(root_read(&root));
    ck_assert(root.wide);
    ck_assert_uint_eq(2, root.count);
    ck_assert_ptr_eq(table(TABLE_AT), acpi_find(&mem, &root, "APIC", 0));
    ck_assert_ptr_eq(table(OTHER_AT), acpi_find(&mem, &root, "MCFG", 0));
    ck_assert_ptr_null(acpi_find(&mem, &root, "APIC", 1));
    ck_assert_ptr_null(acpi_find(&mem, &root, "HPET", 0));
}
END_TEST

START_TEST(a_bad_rsdp_checksum_is_no_rsdp)
{
    struct acpi_root root;

    bytes[RSDP_AT + 9] ^= 1;
    ck_assert(!root_read(&root));
}
END_TEST

START_TEST(a_bad_xsdt_falls_back_to_the_rsdt)
{
    struct acpi_root root;

    put(0x3000 + 36, MEM_BASE + TABLE_AT, 4);
    table_seal(0x3000, "RSDT", 40);
    put(RSDP_AT + 16, MEM_BASE + 0x3000, 4);
    checksum(RSDP_AT, 20, RSDP_AT + 8);
    checksum(RSDP_AT, 36, RSDP_AT + 32);
    bytes[ROOT_AT + 40] ^= 1;
    ck_assert(root_read(&root));
    ck_assert(!root.wide);
    ck_assert_uint_eq(1, root.count);
    ck_assert_ptr_nonnull(acpi_find(&mem, &root, "APIC", 0));
}
END_TEST

START_TEST(a_root_table_with_a_bad_checksum_is_the_last_choice)
{
    struct acpi_root root;

    bytes[ROOT_AT + 9] ^= 1;
    ck_assert(root_read(&root));
    ck_assert(root.wide);
    ck_assert_ptr_nonnull(acpi_find(&mem, &root, "APIC", 0));
    ck_assert_uint_eq(MEM_BASE + OTHER_AT, acpi_root_entry(&mem, &root, 1));
    ck_assert_uint_eq(0, acpi_root_entry(&mem, &root, 2));
}
END_TEST

START_TEST(a_table_with_a_bad_checksum_is_used)
{
    const struct acpi_header *t;

    bytes[TABLE_AT + 9] ^= 1;
    t = acpi_at(&mem, MEM_BASE + TABLE_AT, "APIC");
    ck_assert_ptr_eq(table(TABLE_AT), t);
    ck_assert(!acpi_sum_right(t));
    ck_assert(acpi_sum_right(table(OTHER_AT)));
}
END_TEST

START_TEST(pointers_out_of_memory_are_refused)
{
    static const uint64_t bad[] = {
        0,     1,         MEM_BASE - 1, MEM_BASE + MEM_BYTES - 4,
        ~0ULL, ~0ULL - 8, 1ULL << 63};
    struct acpi_root root;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        put(ROOT_AT + 36, bad[i], 8);
        table_seal(ROOT_AT, "XSDT", 52);
        ck_assert(root_read(&root));
        ck_assert_ptr_null(acpi_find(&mem, &root, "APIC", 0));
        ck_assert_ptr_nonnull(acpi_find(&mem, &root, "MCFG", 0));
        ck_assert(!acpi_root_read(&mem, bad[i], true, &root));
    }
}
END_TEST

START_TEST(table_lengths_that_lie_are_refused)
{
    static const uint32_t bad[] = {0, 1, 35, MEM_BYTES, 0x7fffffff, ~0U};
    struct acpi_root root;

    ck_assert(root_read(&root));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        put(TABLE_AT + 4, bad[i], 4);
        ck_assert_ptr_null(acpi_find(&mem, &root, "APIC", 0));
    }
}
END_TEST

START_TEST(too_many_root_entries_are_cut)
{
    struct acpi_root root;

    table_seal(ROOT_AT, "XSDT", 36 + 8 * 300);
    ck_assert(root_read(&root));
    ck_assert_uint_eq(ACPI_TABLES_MAX, root.count);
}
END_TEST

/* The first MiB, for the search in the BIOS area. */
static uint8_t low[0x100000];

static const void *low_map(void *arg, paddr_t a, uint64_t n)
{
    (void)arg;
    return a + n <= sizeof(low) ? low + a : NULL;
}

START_TEST(rsdp_is_searched_on_paragraphs)
{
    static const struct acpi_mem first_mib = {.map = low_map};

    ck_assert_uint_eq(0, acpi_rsdp_search(&first_mib));
    memcpy(low + 0xf1238, bytes + RSDP_AT, 36); /* not on 16 bytes */
    ck_assert_uint_eq(0, acpi_rsdp_search(&first_mib));
    memcpy(low + 0xf5670, bytes + RSDP_AT, 36);
    ck_assert_uint_eq(0xf5670, acpi_rsdp_search(&first_mib));
    low[0x40e] = 0x00, low[0x40f] = 0x9f; /* EBDA at 0x9f000 */
    memcpy(low + 0x9f3c0, bytes + RSDP_AT, 36);
    ck_assert_uint_eq(0x9f3c0, acpi_rsdp_search(&first_mib));
}
END_TEST

/* --- MADT --- */

static size_t madt_end;

static void madt_begin(void)
{
    memset(bytes + TABLE_AT, 0, 0x2000);
    put(TABLE_AT + 36, 0xfee00000, 4);
    put(TABLE_AT + 40, 1, 4);
    madt_end = TABLE_AT + 44;
}

static uint8_t *madt_entry(uint8_t type, uint8_t length)
{
    uint8_t *e = bytes + madt_end;

    e[0] = type;
    e[1] = length;
    madt_end += length;
    return e;
}

static bool madt_parse(struct acpi_madt *m)
{
    table_seal(TABLE_AT, "APIC", (uint32_t)(madt_end - TABLE_AT));
    return acpi_madt_parse(table(TABLE_AT), m);
}

START_TEST(madt_entries_are_read)
{
    static struct acpi_madt m;
    uint8_t *e;

    madt_begin();
    e = madt_entry(0, 8);
    e[2] = 7, e[3] = 3, e[4] = 1;
    e = madt_entry(9, 16);
    e[4] = 0x34, e[5] = 0x12, e[12] = 9;
    e = madt_entry(1, 12);
    e[2] = 5, e[7] = 0xfe, e[6] = 0xc0, e[8] = 24;
    e = madt_entry(2, 10);
    e[3] = 9, e[4] = 20, e[8] = 0xd;
    (void)madt_entry(77, 6);
    e = madt_entry(5, 12);
    e[8] = 1;
    ck_assert(madt_parse(&m));
    ck_assert_uint_eq(2, m.cpus);
    ck_assert_uint_eq(3, m.cpu[0].apic_id);
    ck_assert_uint_eq(7, m.cpu[0].uid);
    ck_assert(m.cpu[0].enabled);
    ck_assert_uint_eq(0x1234, m.cpu[1].apic_id);
    ck_assert(!m.cpu[1].enabled);
    ck_assert(m.cpu[1].x2apic);
    ck_assert_uint_eq(1, m.ioapics);
    ck_assert_uint_eq(0xfec00000, m.ioapic[0].address);
    ck_assert_uint_eq(24, m.ioapic[0].gsi_base);
    ck_assert_uint_eq(1, m.overrides);
    ck_assert_uint_eq(9, m.override[0].irq);
    ck_assert_uint_eq(20, m.override[0].gsi);
    ck_assert_uint_eq(0xd, m.override[0].flags);
    ck_assert_uint_eq(0x100000000, m.lapic);
    ck_assert_uint_eq(0, m.dropped);
}
END_TEST

START_TEST(madt_entries_that_overrun_end_the_walk)
{
    static const uint8_t bad[] = {0, 1, 9, 255};
    static struct acpi_madt m;

    for (size_t i = 0; i < sizeof(bad); i++) {
        madt_begin();
        (void)madt_entry(0, 8);
        madt_entry(0, 8)[1] = bad[i];
        ck_assert(madt_parse(&m));
        ck_assert_uint_eq(1, m.cpus);
        ck_assert_uint_eq(1, m.dropped);
    }
}
END_TEST

START_TEST(short_and_surplus_madt_entries_are_counted)
{
    static struct acpi_madt m;

    madt_begin();
    (void)madt_entry(0, 4);
    for (unsigned int i = 0; i < ACPI_IOAPICS_MAX + 3; i++)
        (void)madt_entry(1, 12);
    ck_assert(madt_parse(&m));
    ck_assert_uint_eq(0, m.cpus);
    ck_assert_uint_eq(ACPI_IOAPICS_MAX, m.ioapics);
    ck_assert_uint_eq(4, m.dropped);
}
END_TEST

/* --- FADT, HPET, MCFG --- */

START_TEST(fadt_prefers_the_wide_fields)
{
    struct acpi_fadt f;

    put(OTHER_AT + 64, 0x604, 4);
    put(OTHER_AT + 76, 0x608, 4);
    bytes[OTHER_AT + 91] = 4;
    put(OTHER_AT + 40, 0x1234, 4);
    put(OTHER_AT + 112, 1 << 10, 4);
    bytes[OTHER_AT + 116] = ACPI_IO;
    put(OTHER_AT + 120, 0xcf9, 8);
    bytes[OTHER_AT + 128] = 0x0f;
    put(OTHER_AT + 140, 0x5678, 8);
    bytes[OTHER_AT + 172] = ACPI_IO;
    put(OTHER_AT + 176, 0x904, 8);
    table_seal(OTHER_AT, "FACP", 244);
    ck_assert(acpi_fadt_parse(table(OTHER_AT), &f));
    ck_assert_uint_eq(0x904, f.pm1a_control.address);
    ck_assert_uint_eq(0, f.pm1b_control.address);
    ck_assert_uint_eq(0x608, f.pm_timer.address);
    ck_assert_uint_eq(0x5678, f.dsdt);
    ck_assert(f.has_reset);
    ck_assert_uint_eq(0xcf9, f.reset.address);
    ck_assert_uint_eq(0x0f, f.reset_value);
}
END_TEST

START_TEST(an_old_fadt_has_no_wide_fields)
{
    struct acpi_fadt f;

    /* Bytes after its end must not count. */
    memset(bytes + OTHER_AT + 116, 0xff, 200);
    put(OTHER_AT + 40, 0x1234, 4);
    put(OTHER_AT + 64, 0x604, 4);
    table_seal(OTHER_AT, "FACP", 116);
    ck_assert(acpi_fadt_parse(table(OTHER_AT), &f));
    ck_assert_uint_eq(0x1234, f.dsdt);
    ck_assert_uint_eq(0x604, f.pm1a_control.address);
    ck_assert_uint_eq(0, f.pm_timer.address);
    ck_assert(!f.has_reset);
    table_seal(OTHER_AT, "FACP", 115);
    ck_assert(!acpi_fadt_parse(table(OTHER_AT), &f));
}
END_TEST

START_TEST(hpet_must_be_memory)
{
    struct acpi_hpet h;

    put(OTHER_AT + 44, 0xfed00000, 8);
    table_seal(OTHER_AT, "HPET", 56);
    ck_assert(acpi_hpet_parse(table(OTHER_AT), &h));
    ck_assert_uint_eq(0xfed00000, h.base.address);
    bytes[OTHER_AT + 40] = ACPI_IO;
    ck_assert(!acpi_hpet_parse(table(OTHER_AT), &h));
    ck_assert(!acpi_hpet_parse(NULL, &h));
    ck_assert(!acpi_hpet_parse(table(TABLE_AT), &h));
}
END_TEST

START_TEST(mcfg_takes_whole_sane_entries)
{
    struct acpi_mcfg m;

    put(OTHER_AT + 44, 0xb0000000, 8);
    bytes[OTHER_AT + 55] = 255;
    put(OTHER_AT + 60, 0xc0000000, 8);
    bytes[OTHER_AT + 70] = 8, bytes[OTHER_AT + 71] = 7; /* backwards */
    table_seal(OTHER_AT, "MCFG", 44 + 2 * 16 + 15);
    ck_assert(acpi_mcfg_parse(table(OTHER_AT), &m));
    ck_assert_uint_eq(1, m.entries);
    ck_assert_uint_eq(0xb0000000, m.entry[0].base);
    ck_assert_uint_eq(255, m.entry[0].bus_last);
    table_seal(OTHER_AT, "MCFG", 44);
    ck_assert(!acpi_mcfg_parse(table(OTHER_AT), &m));
}
END_TEST

/* --- \_S5 --- */

static bool s5(const void *aml, size_t n, uint8_t *a, uint8_t *b)
{
    memset(bytes + TABLE_AT, 0, 0x1000);
    memcpy(bytes + TABLE_AT + 60, aml, n);
    table_seal(TABLE_AT, "DSDT", (uint32_t)(60 + n));
    return acpi_s5_find(table(TABLE_AT), a, b);
}

START_TEST(s5_values_are_found)
{
    static const uint8_t bytes_form[] = {8,    '_', 'S', '5', '_', 0x12,
                                         0x08, 4,   0xa, 5,   0xa, 6};
    static const uint8_t root_form[] = {8,    '\\', '_', 'S', '5', '_', 0x12,
                                        0x06, 4,    0,   1,   0,   0};
    static const uint8_t long_form[] = {8,    '_',  'S', '5', '_', 0x12,
                                        0x46, 0x00, 4,   0xa, 7,   1};
    uint8_t a, b;

    ck_assert(s5(bytes_form, sizeof(bytes_form), &a, &b));
    ck_assert_uint_eq(5, a);
    ck_assert_uint_eq(6, b);
    ck_assert(s5(root_form, sizeof(root_form), &a, &b));
    ck_assert_uint_eq(0, a);
    ck_assert_uint_eq(1, b);
    ck_assert(s5(long_form, sizeof(long_form), &a, &b));
    ck_assert_uint_eq(7, a);
    ck_assert_uint_eq(1, b);
}
END_TEST

START_TEST(s5_that_is_cut_or_something_else_is_not_found)
{
    static const uint8_t form[] = {8,    '_', 'S', '5', '_', 0x12,
                                   0x08, 4,   0xa, 5,   0xa, 6};
    static const uint8_t method[] = {0x14, '_', 'S', '5', '_', 0x12,
                                     0x08, 4,   0xa, 5,   0xa, 6};
    uint8_t a, b;

    for (size_t n = 0; n < sizeof(form); n++)
        ck_assert(!s5(form, n, &a, &b));
    ck_assert(!s5(method, sizeof(method), &a, &b));
    ck_assert(!acpi_s5_find(NULL, &a, &b));
}
END_TEST

/* Every parser over noise: the sanitizers are the judge. */
START_TEST(noise_is_survived)
{
    static const char *const names[] = {"APIC", "FACP", "HPET", "MCFG", "DSDT"};
    static struct acpi_madt madt;
    uint32_t seed = 1;

    for (unsigned int run = 0; run < 5000; run++) {
        uint8_t *t;
        uint32_t n;
        struct acpi_fadt fadt;
        struct acpi_hpet hpet;
        struct acpi_mcfg mcfg;
        uint8_t a, b;

        seed = seed * 1664525 + 1013904223;
        n = 36 + (seed >> 8) % 300;
        t = malloc(n);
        for (uint32_t i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            t[i] = (uint8_t)(seed >> 24) & (run & 1 ? 0xff : 0x0f);
        }
        memcpy(t, names[run % 5], 4);
        memcpy(t + 4, &n, 4);
        (void)acpi_madt_parse((struct acpi_header *)t, &madt);
        (void)acpi_fadt_parse((struct acpi_header *)t, &fadt);
        (void)acpi_hpet_parse((struct acpi_header *)t, &hpet);
        (void)acpi_mcfg_parse((struct acpi_header *)t, &mcfg);
        (void)acpi_s5_find((struct acpi_header *)t, &a, &b);
        ck_assert_uint_le(madt.cpus, ACPI_CPUS_MAX);
        free(t);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("acpi");
    TCase *t = tcase_create("acpi");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, tables_are_found_by_signature_and_number);
    tcase_add_test(t, a_bad_rsdp_checksum_is_no_rsdp);
    tcase_add_test(t, a_bad_xsdt_falls_back_to_the_rsdt);
    tcase_add_test(t, a_root_table_with_a_bad_checksum_is_the_last_choice);
    tcase_add_test(t, a_table_with_a_bad_checksum_is_used);
    tcase_add_test(t, pointers_out_of_memory_are_refused);
    tcase_add_test(t, table_lengths_that_lie_are_refused);
    tcase_add_test(t, too_many_root_entries_are_cut);
    tcase_add_test(t, rsdp_is_searched_on_paragraphs);
    tcase_add_test(t, madt_entries_are_read);
    tcase_add_test(t, madt_entries_that_overrun_end_the_walk);
    tcase_add_test(t, short_and_surplus_madt_entries_are_counted);
    tcase_add_test(t, fadt_prefers_the_wide_fields);
    tcase_add_test(t, an_old_fadt_has_no_wide_fields);
    tcase_add_test(t, hpet_must_be_memory);
    tcase_add_test(t, mcfg_takes_whole_sane_entries);
    tcase_add_test(t, s5_values_are_found);
    tcase_add_test(t, s5_that_is_cut_or_something_else_is_not_found);
    tcase_add_test(t, noise_is_survived);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

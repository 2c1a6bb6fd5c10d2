/*
 * SMBIOS: entry points of both kinds, structures, strings, and broken ones.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/smbios.h"

#define TABLE_AT 0xf5a40

static uint8_t area[4096];

static void sum_fix(uint8_t *p, size_t bytes, size_t at)
{
    uint8_t sum = 0;

    p[at] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += p[i];
    p[at] = (uint8_t)-sum;
}

static void put_entry_2(uint8_t *p, uint32_t at, uint16_t bytes)
{
    memset(p, 0, 31);
    memcpy(p, "_SM_", 4);
    p[5] = 31;
    memcpy(p + 16, "_DMI_", 5);
    memcpy(p + 22, &bytes, sizeof(bytes));
    memcpy(p + 24, &at, sizeof(at));
    sum_fix(p, 31, 4);
}

static void put_entry_3(uint8_t *p, uint64_t at, uint32_t bytes)
{
    memset(p, 0, 24);
    memcpy(p, "_SM3_", 5);
    p[6] = 24;
    memcpy(p + 12, &bytes, sizeof(bytes));
    memcpy(p + 16, &at, sizeof(at));
    sum_fix(p, 24, 5);
}

static void setup(void)
{
    memset(area, 0, sizeof(area));
}

START_TEST(old_entry_points_are_found)
{
    struct smbios_table t;

    put_entry_2(area + 0x230, TABLE_AT, 600);
    ck_assert(smbios_search(area, sizeof(area), &t));
    ck_assert_uint_eq(t.at, TABLE_AT);
    ck_assert_uint_eq(t.bytes, 600);
}
END_TEST

START_TEST(new_entry_points_have_long_addresses)
{
    struct smbios_table t;

    put_entry_3(area + 0x40, 0x123456789000, 0x7fffffff);
    ck_assert(smbios_search(area, sizeof(area), &t));
    ck_assert_uint_eq(t.at, 0x123456789000);
    ck_assert_uint_eq(t.bytes, SMBIOS_BYTES_MAX);
}
END_TEST

START_TEST(the_published_length_of_30_is_taken)
{
    struct smbios_table t;

    put_entry_2(area, TABLE_AT, 600);
    area[5] = 30;
    sum_fix(area, 30, 4);
    ck_assert(smbios_entry_read(area, sizeof(area), &t));
}
END_TEST

START_TEST(broken_entry_points_are_none)
{
    static const struct {
        uint8_t at, value;
    } damage[] = {
        {0, 'x'}, /* anchor */
        {4, 1},   /* sum */
        {5, 20},  /* too short */
        {5, 255}, /* beyond */
    };
    struct smbios_table t;

    for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
        put_entry_2(area, TABLE_AT, 600);
        area[damage[i].at] = damage[i].value;
        ck_assert(!smbios_entry_read(area, sizeof(area), &t));
    }
    put_entry_2(area, 0, 600); /* nowhere */
    ck_assert(!smbios_entry_read(area, sizeof(area), &t));
    put_entry_2(area, TABLE_AT, 600);
    ck_assert(!smbios_entry_read(area, 30, &t)); /* cut */
    put_entry_3(area, ~0ULL, 600);               /* wraps */
    ck_assert(!smbios_entry_read(area, sizeof(area), &t));
}
END_TEST

START_TEST(efi_names_entry_points_and_the_newer_wins)
{
    static const uint8_t old[] = {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d,
                                  0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90,
                                  0x27, 0x3f, 0xc1, 0x4d};
    static const uint8_t new[] = {0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97,
                                  0x2c, 0x4a, 0x99, 0x2e, 0xe5, 0xbb,
                                  0xcf, 0x20, 0xe3, 0x94};
    uint64_t at = 0x7f001000;

    ck_assert_uint_eq(smbios_efi_entry(area, 72), 0);
    memcpy(area + 24, old, sizeof(old));
    memcpy(area + 40, &at, sizeof(at));
    ck_assert_uint_eq(smbios_efi_entry(area, 72), 0x7f001000);
    ck_assert_uint_eq(smbios_efi_entry(area, 47), 0);
    at = 0x7f002000;
    memcpy(area + 48, new, sizeof(new));
    memcpy(area + 64, &at, sizeof(at));
    ck_assert_uint_eq(smbios_efi_entry(area, 72), 0x7f002000);
}
END_TEST

/* Memory: `area` at 0xf0000, and EFI's system table at 0xf0c00 in it. */
static const void *map_area(void *arg, paddr_t a, uint64_t bytes)
{
    static uint8_t bios[0x10000];

    memcpy(bios, area, sizeof(area));
    if (a < 0xf0000 || bytes > sizeof(bios) ||
        a - 0xf0000 > sizeof(bios) - bytes)
        return NULL;
    return bios + (a - 0xf0000);
}

START_TEST(the_table_is_found_by_efi_then_by_the_bios_area)
{
    static const uint8_t old[] = {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d,
                                  0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90,
                                  0x27, 0x3f, 0xc1, 0x4d};
    const struct acpi_mem m = {.map = map_area};
    uint64_t nr = 1, entries = 0xf0d00, entry = 0xf0e08;
    struct smbios_table t;

    ck_assert_ptr_null(smbios_table_find(&m, 0, &t));
    ck_assert_uint_eq(t.at, 0);
    put_entry_2(area + 0x40, 0xf0100, 64);
    ck_assert_ptr_nonnull(smbios_table_find(&m, 0, &t));
    ck_assert_uint_eq(t.at, 0xf0100);
    memcpy(area + 0xc00 + 104, &nr, sizeof(nr));
    memcpy(area + 0xc00 + 112, &entries, sizeof(entries));
    memcpy(area + 0xd00, old, sizeof(old));
    memcpy(area + 0xd10, &entry, sizeof(entry));
    put_entry_2(area + 0xe08, 0xf0200, 64);
    ck_assert_ptr_nonnull(smbios_table_find(&m, 0xf0c00, &t));
    ck_assert_uint_eq(t.at, 0xf0200);
    area[0xe08] = 'x'; /* no entry point: back to the BIOS area */
    ck_assert_ptr_nonnull(smbios_table_find(&m, 0xf0c00, &t));
    ck_assert_uint_eq(t.at, 0xf0100);
    nr = ~0ULL; /* more than is mapped */
    memcpy(area + 0xc00 + 104, &nr, sizeof(nr));
    ck_assert_ptr_nonnull(smbios_table_find(&m, 0xf0c00, &t));
    put_entry_2(area + 0x40, 0x1000, 64); /* the table is not there */
    ck_assert_ptr_null(smbios_table_find(&m, 0, &t));
    ck_assert_uint_eq(t.at, 0x1000);
}
END_TEST

/* Type 0 with two strings and type 1 without any, as bytes. */
static const uint8_t table[] = "\x00\x06\x00\x00\x01\x02Maker\0Ver\x07sion\0\0"
                               "\x01\x06\x01\x00\x00\x05\0\0"
                               "\x7f\x04\x02\x00\0\0"
                               "\x02\x04\x03\x00\0";

START_TEST(structures_follow_each_other_to_the_end)
{
    static const uint8_t types[] = {0, 1, 127};
    struct smbios_structure s;
    size_t at = 0;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        ck_assert(smbios_next(table, sizeof(table), &at, &s));
        ck_assert_uint_eq(s.type, types[i]);
    }
    ck_assert_uint_eq(s.type, SMBIOS_END);
    ck_assert(smbios_next(table, sizeof(table), &at, &s)); /* what is behind */
    ck_assert(!smbios_next(table, sizeof(table), &at, &s));
}
END_TEST

START_TEST(strings_are_by_number_printable_and_cut)
{
    struct smbios_structure s;
    char text[16];
    size_t at = 0;

    ck_assert(smbios_next(table, sizeof(table), &at, &s));
    ck_assert(smbios_text(&s, 4, text, sizeof(text)));
    ck_assert_str_eq(text, "Maker");
    ck_assert(smbios_text(&s, 5, text, sizeof(text)));
    ck_assert_str_eq(text, "Ver?sion");
    ck_assert(smbios_text(&s, 4, text, 4));
    ck_assert_str_eq(text, "Mak");
    ck_assert(!smbios_text(&s, 6, text, sizeof(text))); /* no such field */
    ck_assert_str_eq(text, "");
    ck_assert(smbios_next(table, sizeof(table), &at, &s));
    ck_assert(!smbios_text(&s, 4, text, sizeof(text))); /* number 0 */
    ck_assert(!smbios_text(&s, 5, text, sizeof(text))); /* leads nowhere */
}
END_TEST

START_TEST(cut_tables_end_where_they_are_cut)
{
    for (size_t n = 0; n < sizeof(table); n++) {
        uint8_t *copy = malloc(n + 1);
        struct smbios_structure s;
        char text[16];
        size_t at = 0, last = 0;

        memcpy(copy, table, n);
        for (; smbios_next(copy, n, &at, &s); last = at) {
            ck_assert_uint_gt(at, last);
            ck_assert_uint_le(at, n);
            (void)smbios_text(&s, 5, text, sizeof(text));
        }
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smbios");
    TCase *t = tcase_create("tables");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, old_entry_points_are_found);
    tcase_add_test(t, new_entry_points_have_long_addresses);
    tcase_add_test(t, the_published_length_of_30_is_taken);
    tcase_add_test(t, broken_entry_points_are_none);
    tcase_add_test(t, efi_names_entry_points_and_the_newer_wins);
    tcase_add_test(t, the_table_is_found_by_efi_then_by_the_bios_area);
    tcase_add_test(t, structures_follow_each_other_to_the_end);
    tcase_add_test(t, strings_are_by_number_printable_and_cut);
    tcase_add_test(t, cut_tables_end_where_they_are_cut);
    suite_add_tcase(suite, t);
    r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

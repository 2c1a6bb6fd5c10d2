/* Records: what is written is read again, and what is broken is refused. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/draft.h"
#include "record/reader.h"

static struct record_error error;

/* Three tables (two the same), two CPUs, memory, a PCI function. */
static struct draft *draft_sample(void)
{
    static const uint8_t config[64] = {0x86, 0x80, 0x34, 0x12};
    struct draft *d = draft_create();
    struct record_leaf leaf = {.leaf = 1, .reg = {0x306f2, 2, 3, 4}};

    ck_assert_ptr_nonnull(d);
    draft_source(d, "test", "sample");
    draft_table(d, "MCFG", 0x1000, false, "MCFGbytes", 9);
    draft_table(d, "MCFG", 0x2000, false, "MCFGbytes", 9);
    draft_table(d, "A/.D", 0, true, "odd", 3);
    draft_rsdp(d, 0xe0000, "RSD PTR ", 8);
    draft_range(d, &(struct record_range){RECORD_E820, 1, 0, 0xa0000, 0});
    draft_range(d, &(struct record_range){RECORD_E820, 2, UINT64_MAX, 2, 0});
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        leaf.reg[1] = cpu << 24;
        draft_cpuid(d, cpu, &leaf);
        draft_msr(d, cpu, 0x1b, 0xfee00900);
    }
    leaf.leaf = 0x80000000;
    draft_cpuid(d, 0, &leaf);
    draft_microcode(d, 1, 0x2b);
    draft_pci(d, &(struct draft_pci){.bus = 2, .device = 3}, config, 64);
    return d;
}

static void sample_files(struct file_set *files)
{
    struct draft *d = draft_sample();

    ck_assert_msg(draft_encode(d, false, files, &error) == 0, "%s", error.text);
    draft_destroy(d);
}

static struct record *sample_record(void)
{
    struct file_set files;
    struct record *r;

    sample_files(&files);
    ck_assert_msg(record_decode(&files, &r, &error) == 0, "%s", error.text);
    return r;
}

START_TEST(tables_are_the_same_and_twins_stay_two)
{
    struct record *r = sample_record();
    const struct record_table *t;
    uint64_t address;

    ck_assert_uint_eq(record_tables(r), 3);
    t = record_table_find(r, "MCFG", 1);
    ck_assert_ptr_nonnull(t);
    ck_assert_uint_eq(t->address, 0x2000);
    ck_assert_uint_eq(t->bytes.size, 9);
    ck_assert_mem_eq(t->bytes.data, "MCFGbytes", 9);
    ck_assert_ptr_null(record_table_find(r, "MCFG", 2));
    ck_assert(record_table_find(r, "A/.D", 0)->dynamic);
    ck_assert_uint_eq(record_rsdp(r, &address).size, 8);
    ck_assert_uint_eq(address, 0xe0000);
    record_destroy(r);
}
END_TEST

START_TEST(cpus_are_the_same)
{
    struct record *r = sample_record();
    const struct record_cpu *c;
    uint32_t reg[4];
    uint64_t value;

    ck_assert_uint_eq(record_cpus(r), 2);
    c = record_cpu(r, 1);
    ck_assert_uint_eq(c->apic_id, 1);
    ck_assert(record_cpuid(c, 1, 0, reg));
    ck_assert_uint_eq(reg[0], 0x306f2);
    ck_assert(!record_cpuid(c, 0x80000000, 0, reg));
    ck_assert(record_cpuid(record_cpu(r, 0), 0x80000000, 0, reg));
    ck_assert(record_rdmsr(c, 0x1b, &value));
    ck_assert_uint_eq(value, 0xfee00900);
    ck_assert(c->has_microcode);
    ck_assert_uint_eq(c->microcode, 0x2b);
    ck_assert(!record_cpu(r, 0)->has_microcode);
    record_destroy(r);
}
END_TEST

START_TEST(memory_may_wrap_and_pci_is_there)
{
    struct record *r = sample_record();

    ck_assert_uint_eq(record_ranges(r), 2);
    ck_assert_uint_eq(record_range(r, 1)->start, UINT64_MAX);
    ck_assert_uint_eq(record_range(r, 1)->size, 2);
    ck_assert_uint_eq(record_pcis(r), 1);
    ck_assert_uint_eq(record_pci(r, 0)->config.size, 64);
    ck_assert_uint_eq(record_pci(r, 0)->config.data[2], 0x34);
    record_destroy(r);
}
END_TEST

START_TEST(what_is_missing_has_a_reason)
{
    struct record *r = sample_record();

    ck_assert_ptr_null(record_missing(r, RECORD_PART_ACPI));
    ck_assert_str_eq(record_missing(r, RECORD_PART_SMBIOS),
                     "the source has none");
    ck_assert_str_eq(record_origin(r), "import");
    record_destroy(r);
}
END_TEST

START_TEST(the_same_facts_are_the_same_bytes)
{
    struct file_set a, b;

    sample_files(&a);
    sample_files(&b);
    ck_assert_uint_eq(a.nr, b.nr);
    for (size_t i = 0; i < a.nr; i++) {
        ck_assert_str_eq(a.file[i].name, b.file[i].name);
        ck_assert_uint_eq(a.file[i].size, b.file[i].size);
        ck_assert_mem_eq(a.file[i].data, b.file[i].data, a.file[i].size);
    }
    files_fini(&a);
    files_fini(&b);
}
END_TEST

/* The file that is changed, what to, and what is said of it. */
static const struct {
    const char *name, *text, *said;
} breaks[] = {
    {"record.json", "{", "record.json: offset"},
    {"record.json", "{\"format\":\"x\"}", "not a hardware record"},
    {"record.json", NULL, "record.json: is not there"},
    {"acpi/MCFG.0.bin", "MCFGbyteX", "the files have changed"},
    {"acpi/MCFG.0.bin", "short", "acpi/MCFG.0.bin: offset 5: ends here"},
    {"acpi/MCFG.0.bin", NULL, "acpi/MCFG.0.bin: is in the list"},
    {"more.txt", "x", "record.json: offset 0: lists"},
};

START_TEST(what_is_broken_is_named)
{
    struct file_set files;
    struct record *r = NULL;

    sample_files(&files);
    if (breaks[_i].text)
        ck_assert_int_eq(files_add(&files, breaks[_i].name, breaks[_i].text,
                                   strlen(breaks[_i].text), &error),
                         0);
    else
        files_remove(&files, breaks[_i].name);
    ck_assert_int_eq(record_decode(&files, &r, &error), -EINVAL);
    ck_assert_ptr_null(r);
    ck_assert_msg(strstr(error.text, breaks[_i].said), "%s", error.text);
}
END_TEST

static const char *const bad_cpus[] = {
    "00000001 00 0 0 0 0\n",
    "cpu 0\ncpu 0\n",
    "cpu 1 like 0\n",
    "cpu 0\n00000001 00 0 0 0\n",
    "cpu 0\n00000001 00 0 0 0 0 0\n",
    "cpu 0\n-00000001 00\n",
    "cpu 0\n00000001 00 0 0 0 100000000\n",
    "cpu 99999999999\n",
};

START_TEST(registers_that_make_no_sense_are_refused)
{
    struct cpu_set s = {0};

    ck_assert_int_ne(
        cpus_decode("f", bad_cpus[_i], strlen(bad_cpus[_i]), 4, &s, &error), 0);
    ck_assert_msg(strncmp(error.text, "f: offset ", 10) == 0, "%s", error.text);
    cpus_fini(&s);
}
END_TEST

static const char *const bad_names[] = {
    "/etc/passwd", "../x", "a/../b", "a//b", "",
    "a/",          "a\nb", "./a",    "..",   "a/b/c/d/e/f/g/h/i",
    "a\\b",
};

START_TEST(names_that_lead_elsewhere_are_refused)
{
    struct file_set s = {0};

    ck_assert_int_eq(files_add(&s, bad_names[_i], "", 0, &error), -EINVAL);
    ck_assert_uint_eq(s.nr, 0);
    files_fini(&s);
}
END_TEST

START_TEST(a_machine_that_is_too_large_is_recorded_in_part)
{
    static const uint8_t config[64];
    struct draft *d = draft_create();
    struct file_set files;
    struct record *r;

    ck_assert_ptr_nonnull(d);
    draft_source(d, "test", "large");
    for (uint32_t i = 0; i <= RECORD_FILES_MAX; i++)
        draft_pci(d,
                  &(struct draft_pci){.bus = (uint8_t)(i >> 3),
                                      .function = i & 7,
                                      .segment = i >> 11},
                  config, sizeof(config));
    for (uint32_t i = 0; i <= RECORD_CPUS_MAX; i++)
        draft_microcode(d, i, 1);
    ck_assert_msg(!draft_encode(d, false, &files, &error), "%s", error.text);
    ck_assert_msg(!record_decode(&files, &r, &error), "%s", error.text);
    ck_assert_uint_eq(record_pcis(r), RECORD_FILES_MAX);
    ck_assert_uint_eq(record_cpus(r), RECORD_CPUS_MAX);
    ck_assert(strstr(record_missing(r, RECORD_PART_PCI), "more than"));
    ck_assert(strstr(record_missing(r, RECORD_PART_MICROCODE), "more than"));
    record_destroy(r);
    draft_destroy(d);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("record");
    TCase *tc = tcase_create("record");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, tables_are_the_same_and_twins_stay_two);
    tcase_add_test(tc, cpus_are_the_same);
    tcase_add_test(tc, memory_may_wrap_and_pci_is_there);
    tcase_add_test(tc, what_is_missing_has_a_reason);
    tcase_add_test(tc, the_same_facts_are_the_same_bytes);
    tcase_add_loop_test(tc, what_is_broken_is_named, 0,
                        sizeof(breaks) / sizeof(breaks[0]));
    tcase_add_loop_test(tc, registers_that_make_no_sense_are_refused, 0,
                        sizeof(bad_cpus) / sizeof(bad_cpus[0]));
    tcase_add_loop_test(tc, names_that_lead_elsewhere_are_refused, 0,
                        sizeof(bad_names) / sizeof(bad_names[0]));
    tcase_add_test(tc, a_machine_that_is_too_large_is_recorded_in_part);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}

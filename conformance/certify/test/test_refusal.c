/* What `verify` asks of a bundle that is properly signed; hostile archives. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static struct sample s;
static struct verification v;

static void setup(void)
{
    sample_init(&s);
}

static void teardown(void)
{
    verify_fini(&v);
    sample_fini(&s);
}

static void put_outcome(const char *outcome, const char *tag, const char *tap)
{
    static char results[256], junit[512], lines[256];

    (void)snprintf(results, sizeof(results),
                   "api/network_vif\t%s\t0.1\twhy\n"
                   "api/network_vlan\tpassed\t0.1\t\n",
                   outcome);
    (void)snprintf(junit, sizeof(junit),
                   "  <testcase classname=\"api\" name=\"network_vif\">%s"
                   "</testcase>\n"
                   "  <testcase classname=\"api\" name=\"network_vlan\"/>\n",
                   tag);
    (void)snprintf(lines, sizeof(lines), "%s\nok 2 - api/network_vlan\n", tap);
    sample_put(&s, "results.tsv", results);
    sample_put(&s, "junit.xml", junit);
    sample_put(&s, "results.tap", lines);
}

static void say_verdict(const char *verdict)
{
    static char product[256];

    (void)snprintf(product, sizeof(product),
                   "verdict: \"%s\"\ntarget: \"sim\"\nprofile: \"network\"\n",
                   verdict);
    sample_put(&s, "PRODUCT.yaml", product);
}

static const struct {
    const char *outcome, *tag, *tap;
} bad[] = {
    {"failed", "<failure message=\"why\"/>", "not ok 1 - api/network_vif"},
    {"error", "<error message=\"why\"/>", "not ok 1 - api/network_vif"},
    {"skipped", "<skipped message=\"why\"/>",
     "ok 1 - api/network_vif # SKIP why"},
};

enum {
    BAD_NR = sizeof(bad) / sizeof(bad[0]),
};

static void put_bad(int nr)
{
    put_outcome(bad[nr].outcome, bad[nr].tag, bad[nr].tap);
}

START_TEST(what_did_not_pass_blocks)
{
    put_bad(_i);
    say_verdict(VERDICT_FAILED);
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "blocker", NULL, "api/network_vif"));
    ck_assert_int_eq(v.findings.nr, 1);
}
END_TEST

START_TEST(a_verdict_that_the_results_do_not_give_is_named)
{
    put_bad(_i);
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "verdict", "PRODUCT.yaml", NULL));
}
END_TEST

START_TEST(what_differs_with_a_reason_does_not_block)
{
    put_outcome("differs", "<skipped message=\"why\"/>",
                "not ok 1 - api/network_vif # TO"
                "DO why");
    sample_check(&s, &v);
    ck_assert_int_eq(v.findings.nr, 0);
}
END_TEST

START_TEST(a_waiver_excuses_and_is_listed)
{
    put_bad(_i);
    say_verdict(VERDICT_WAIVED);
    sample_put(&s, "waivers.tsv", "api/network_vif\t2026-06-15\tme\tknown\n");
    sample_check(&s, &v);
    ck_assert_int_eq(v.findings.nr, 0);
    ck_assert_int_eq(v.waived.nr, 1);
    ck_assert_str_eq(v.waived.rows[0].test, "api/network_vif");
}
END_TEST

START_TEST(a_waiver_with_a_star_excuses_many)
{
    put_bad(_i);
    say_verdict(VERDICT_WAIVED);
    sample_put(&s, "waivers.tsv", "api/network*\t2026-12-31\tme\tknown\n");
    sample_check(&s, &v);
    ck_assert_int_eq(v.findings.nr, 0);
    ck_assert_int_eq(v.judgement.waived, 1);
}
END_TEST

START_TEST(a_waiver_ends)
{
    put_bad(_i);
    say_verdict(VERDICT_WAIVED);
    sample_put(&s, "waivers.tsv", "api/network_vif\t2026-06-14\tme\tknown\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "blocker", NULL, "api/network_vif"));
    ck_assert(sample_found(&v, "verdict", NULL, NULL));
}
END_TEST

START_TEST(waivers_may_be_declined)
{
    put_bad(_i);
    say_verdict(VERDICT_WAIVED);
    sample_put(&s, "waivers.tsv", "api/network_vif\t2026-12-31\tme\tknown\n");
    s.options.no_waivers = true;
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "waived", NULL, "api/network_vif"));
}
END_TEST

START_TEST(a_test_that_was_not_run_blocks)
{
    say_verdict(VERDICT_FAILED);
    sample_put(&s, "results.tsv", "api/network_vlan\tpassed\t0.1\t\n");
    sample_put(&s, "junit.xml",
               "  <testcase classname=\"api\" name=\"network_vlan\"/>\n");
    sample_put(&s, "results.tap", "ok 1 - api/network_vlan\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "blocker", NULL, "api/network_vif"));
    ck_assert_int_eq(v.judgement.missing, 1);
    ck_assert_int_eq(v.findings.nr, 1);
}
END_TEST

START_TEST(a_test_removed_from_results_and_list_is_noticed)
{
    sample_put(&s, "results.tsv", "api/network_vlan\tpassed\t0.1\t\n");
    sample_put(&s, "required.tsv", "api/network_vlan\n");
    sample_put(&s, "junit.xml",
               "  <testcase classname=\"api\" name=\"network_vlan\"/>\n");
    sample_put(&s, "results.tap", "ok 1 - api/network_vlan\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "required", "required.tsv", NULL));
}
END_TEST

START_TEST(another_suite_is_named)
{
    s.options.suite = bytes_of("file conformance/api/rpc.c\tabd\n"
                               "file conformance/api/xml.c\tabd\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "suite", "suite.tsv", NULL));
    ck_assert_int_eq(v.findings.nr, 4); /* 2 files, the list, the version */
    verify_fini(&v);
    s.options.any_suite = true;
    sample_check(&s, &v);
    ck_assert_int_eq(v.findings.nr, 0);
}
END_TEST

START_TEST(a_target_that_does_not_fit_the_profile_is_named)
{
    sample_put(&s, "PRODUCT.yaml",
               "verdict: \"passed\"\ntarget: \"xen\"\nprofile: \"core\"\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "product", "PRODUCT.yaml", NULL));
}
END_TEST

START_TEST(a_platform_needs_its_own_tests)
{
    sample_put(&s, "PRODUCT.yaml",
               "verdict: \"passed\"\ntarget: \"platform\"\n"
               "profile: \"platform\"\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "required", NULL, "boot/ours/dom0_init"));
    ck_assert(sample_found(&v, "required", NULL, "record/taken"));
    ck_assert(sample_found(&v, "required", NULL, "api/network_vif"));
}
END_TEST

/* --- Hostile archives --- */

/* A tar with its member raw/a.json under another name, and so on. */
static void check_header(size_t at, const char *bytes, size_t nr)
{
    char *tar, *file, *head;
    size_t tar_nr, file_nr;

    sample_tar(&s, s.private_pem, &tar, &tar_nr);
    head = memmem(tar, tar_nr, "raw/a.json\0", sizeof("raw/a.json\0"));
    ck_assert_ptr_nonnull(head);
    /* The manifest names it too, before: the header is on a block. */
    while ((head - tar) % 512) {
        head = memmem(head + 1, tar_nr - (size_t)(head + 1 - tar), "raw/a.json",
                      sizeof("raw/a.json"));
        ck_assert_ptr_nonnull(head);
    }
    memcpy(head + at, bytes, nr);
    sample_seal(s.private_pem, (struct bytes){tar, tar_nr}, &file, &file_nr);
    sample_verify(&s, &v, (struct bytes){file, file_nr});
    ck_assert_int_ge(v.findings.nr, 1);
    ck_assert_str_eq(v.findings.rows[0].check, "archive");
    ck_assert_str_eq(v.findings.rows[0].file, "tar");
    ck_assert(v.findings.rows[0].has_offset);
    ck_assert_int_ge(v.findings.rows[0].offset, head - tar);
    ck_assert_int_lt(v.findings.rows[0].offset, head - tar + 512);
    free(tar);
    free(file);
}

static const struct {
    size_t at, nr;
    const char *bytes;
} headers[] = {
    {0, 12, "../../passwd"},  /* above */
    {0, 11, "/etc/passwd"},   /* absolute */
    {0, 11, "raw//a.json"},   /* an empty part */
    {0, 11, "raw/./.json"},   /* a hidden one */
    {0, 10, "raw\\a.json"},   /* another separator */
    {0, 10, "raw/\x1b[2J.x"}, /* steers terminals */
    {100, 7, "0004755"},      /* mode */
    {108, 7, "0001000"},      /* owner */
    {124, 11, "00000000077"}, /* size: the next header is not there */
    {124, 11, "77777777777"}, /* beyond the end */
    {124, 11, "\x80\0\0\0\0\0\0\0\0\0\1"}, /* GNU's binary sizes */
    {136, 11, "00000000001"},              /* time */
    {156, 1, "1"},                         /* a hard link */
    {156, 1, "2"},                         /* a symbolic link */
    {156, 1, "3"},                         /* a device */
    {156, 1, "5"},                         /* a folder */
    {156, 1, "x"},                         /* pax records */
    {156, 1, "L"},                         /* GNU long name */
    {157, 11, "/etc/passwd"},              /* what is linked to */
    {265, 4, "root"},                      /* user */
    {345, 3, "../"},                       /* prefix */
    {500, 1, "x"},                         /* behind */
};

enum {
    HEADERS_NR = sizeof(headers) / sizeof(headers[0]),
};

START_TEST(a_hostile_header_is_refused_with_its_offset)
{
    check_header(headers[_i].at, headers[_i].bytes, headers[_i].nr);
}
END_TEST

START_TEST(noise_behind_the_end_is_refused)
{
    char *tar, *file;
    size_t tar_nr, file_nr;

    sample_tar(&s, s.private_pem, &tar, &tar_nr);
    tar[tar_nr - 1] = 'x';
    sample_seal(s.private_pem, (struct bytes){tar, tar_nr}, &file, &file_nr);
    sample_verify(&s, &v, (struct bytes){file, file_nr});
    ck_assert(sample_found(&v, "archive", "tar", NULL));
    ck_assert_int_eq(v.findings.rows[0].offset, (long long)tar_nr - 1);
    free(tar);
    free(file);
}
END_TEST

START_TEST(a_bomb_is_refused_before_it_is_unpacked)
{
    /* A frame that says that it holds 1 TiB, and then a block of zeros. */
    static const unsigned char frame[] = {
        0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 0x03, 0, 0, 0};
    struct bytes file = {(const char *)frame, sizeof(frame)};

    sample_verify(&s, &v, file);
    ck_assert(sample_found(&v, "archive", "bundle", NULL));
    ck_assert_ptr_null(v.container.tar);
}
END_TEST

START_TEST(nothing_and_noise_are_no_bundles)
{
    sample_verify(&s, &v, bytes_of(""));
    ck_assert(sample_found(&v, "seal", "bundle", NULL));
    verify_fini(&v);
    sample_verify(&s, &v,
                  bytes_of("this is a letter, not a bundle, and it is "
                           "longer than a seal is, so it is read"));
    ck_assert(sample_found(&v, "archive", "bundle", NULL));
}
END_TEST

START_TEST(two_members_of_a_name_are_refused)
{
    ck_assert_int_eq(archive_add(&s.parts, "raw/a.json", bytes_of("[]")), 0);
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "archive", "tar", NULL));
}
END_TEST

START_TEST(results_twice_or_in_disorder_are_named)
{
    sample_put(&s, "results.tsv",
               "api/network_vlan\tpassed\t0.1\t\n"
               "api/network_vif\tpassed\t0.1\t\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "table", "results.tsv", "api/network_vif"));
    verify_fini(&v);
    sample_put(&s, "results.tsv", "api/network_vif\tpassed\n");
    sample_check(&s, &v);
    ck_assert(sample_found(&v, "table", "results.tsv", NULL));
}
END_TEST

static Suite *suite(void)
{
    Suite *out = suite_create("refusal");
    TCase *t = tcase_create("refusal");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, what_did_not_pass_blocks, 0, BAD_NR);
    tcase_add_loop_test(t, a_verdict_that_the_results_do_not_give_is_named, 0,
                        BAD_NR);
    tcase_add_test(t, what_differs_with_a_reason_does_not_block);
    tcase_add_loop_test(t, a_waiver_excuses_and_is_listed, 0, BAD_NR);
    tcase_add_loop_test(t, a_waiver_with_a_star_excuses_many, 0, BAD_NR);
    tcase_add_loop_test(t, a_waiver_ends, 0, BAD_NR);
    tcase_add_loop_test(t, waivers_may_be_declined, 0, BAD_NR);
    tcase_add_test(t, a_test_that_was_not_run_blocks);
    tcase_add_test(t, a_test_removed_from_results_and_list_is_noticed);
    tcase_add_test(t, another_suite_is_named);
    tcase_add_test(t, a_target_that_does_not_fit_the_profile_is_named);
    tcase_add_test(t, a_platform_needs_its_own_tests);
    tcase_add_loop_test(t, a_hostile_header_is_refused_with_its_offset, 0,
                        HEADERS_NR);
    tcase_add_test(t, noise_behind_the_end_is_refused);
    tcase_add_test(t, a_bomb_is_refused_before_it_is_unpacked);
    tcase_add_test(t, nothing_and_noise_are_no_bundles);
    tcase_add_test(t, two_members_of_a_name_are_refused);
    tcase_add_test(t, results_twice_or_in_disorder_are_named);
    suite_add_tcase(out, t);
    return out;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

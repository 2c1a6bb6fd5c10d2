/* Whatever is done to a bundle without the key is seen and named. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"
#include "sample.h"

static struct sample s;
static struct verification v;

static void setup(void)
{
    sample_init(&s);
}

static void teardown(void)
{
    sample_fini(&s);
}

/* Verifies what was made of a tar by somebody with another key. */
static void check_tar(const char *key, char *tar, size_t nr)
{
    char *file;
    size_t file_nr;

    sample_seal(key, (struct bytes){tar, nr}, &file, &file_nr);
    sample_verify(&s, &v, (struct bytes){file, file_nr});
    free(file);
}

/* The same tar with one part spoilt by `spoil`, sealed by a stranger. */
static void check_spoilt(void (*spoil)(char *tar, size_t nr))
{
    char *tar, *stranger, *half;
    size_t nr;

    ck_assert_int_eq(key_generate(&stranger, &half), 0);
    sample_tar(&s, s.private_pem, &tar, &nr);
    spoil(tar, nr);
    check_tar(stranger, tar, nr);
    free(tar);
    free(stranger);
    free(half);
}

static char *find_text(char *tar, size_t nr, const char *text)
{
    char *at = memmem(tar, nr, text, strlen(text));

    ck_assert_ptr_nonnull(at);
    return at;
}

START_TEST(untouched_verifies)
{
    sample_check(&s, &v);
    for (int i = 0; i < v.findings.nr; i++)
        finding_print(stderr, &v.findings.rows[i]);
    ck_assert_int_eq(v.findings.nr, 0);
    ck_assert_str_eq(v.judgement.verdict, VERDICT_PASSED);
    ck_assert_ptr_eq(v.who, &s.key);
    verify_fini(&v);
}
END_TEST

START_TEST(same_parts_make_the_same_bytes)
{
    char *a, *b;
    size_t a_nr, b_nr;

    sample_file(&s, s.private_pem, &a, &a_nr);
    sample_file(&s, s.private_pem, &b, &b_nr);
    ck_assert(bytes_same((struct bytes){a, a_nr}, (struct bytes){b, b_nr}));
    free(a);
    free(b);
}
END_TEST

START_TEST(every_altered_byte_is_found)
{
    char *file;
    size_t nr;

    sample_file(&s, s.private_pem, &file, &nr);
    for (size_t i = 0; i < nr; i++) {
        file[i] ^= 1 << (i % 8);
        sample_verify(&s, &v, (struct bytes){file, nr});
        ck_assert_msg(v.findings.nr > 0, "byte %zu", i);
        verify_fini(&v);
        file[i] ^= 1 << (i % 8);
    }
    free(file);
}
END_TEST

START_TEST(every_shorter_file_is_refused)
{
    char *file, *copy;
    size_t nr;

    sample_file(&s, s.private_pem, &file, &nr);
    for (size_t i = 0; i < nr; i++) {
        copy = malloc(i + 1); /* so that reading behind it is noticed */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, file, i);
        sample_verify(&s, &v, (struct bytes){copy, i});
        ck_assert_msg(sample_found(&v, "seal", "bundle", NULL), "%zu bytes", i);
        verify_fini(&v);
        free(copy);
    }
    free(file);
}
END_TEST

START_TEST(every_altered_byte_of_the_tar_is_found)
{
    char *tar, *stranger, *half;
    size_t nr;

    ck_assert_int_eq(key_generate(&stranger, &half), 0);
    sample_tar(&s, s.private_pem, &tar, &nr);
    for (size_t i = 0; i < nr; i += 7) {
        tar[i] ^= 1;
        check_tar(stranger, tar, nr);
        ck_assert_msg(sample_found(&v, "seal", NULL, NULL), "byte %zu", i);
        ck_assert_msg(v.findings.nr >= 2, "byte %zu is not named", i);
        verify_fini(&v);
        tar[i] ^= 1;
    }
    free(tar);
    free(stranger);
    free(half);
}
END_TEST

static const char *const members[] = {
    BUNDLE_KEY,    "PRODUCT.yaml", "junit.xml", "raw/a.json",  "required.tsv",
    "results.tap", "results.tsv",  "suite.tsv", "waivers.tsv",
};

enum {
    MEMBERS_NR = sizeof(members) / sizeof(members[0]),
};

/* A tar of the parts in which one member was changed after signing. */
static void check_member(int nr, struct bytes data, bool remove)
{
    struct archive a = {0};
    struct findings f = {0};
    char *tar, *other, *file;
    size_t tar_nr, other_nr, file_nr;

    sample_tar(&s, s.private_pem, &tar, &tar_nr);
    archive_read(&a, (struct bytes){tar, tar_nr}, "tar", &f);
    ck_assert_int_eq(f.nr, 0);
    for (int i = 0; i < a.nr; i++)
        if (strcmp(a.members[i].name, members[nr]) == 0) {
            if (remove)
                a.members[i] = a.members[--a.nr];
            else
                a.members[i].data = data;
            break;
        }
    archive_write(&a, &other, &other_nr);
    sample_seal(s.private_pem, (struct bytes){other, other_nr}, &file,
                &file_nr);
    sample_verify(&s, &v, (struct bytes){file, file_nr});
    ck_assert_msg(sample_found(&v, "manifest", members[nr], NULL), "%s",
                  members[nr]);
    verify_fini(&v);
    archive_fini(&a);
    free(tar);
    free(other);
    free(file);
}

START_TEST(an_altered_member_is_named)
{
    check_member(_i, bytes_of("another\n"), false);
    ck_assert_int_eq(v.findings.nr, 0);
}
END_TEST

START_TEST(a_removed_member_is_named)
{
    check_member(_i, (struct bytes){NULL, 0}, true);
    ck_assert_int_eq(v.findings.nr, 0);
}
END_TEST

START_TEST(an_added_member_is_named)
{
    char *tar, *other, *file;
    size_t tar_nr, other_nr, file_nr;
    struct archive a = {0};
    struct findings f = {0};

    sample_tar(&s, s.private_pem, &tar, &tar_nr);
    archive_read(&a, (struct bytes){tar, tar_nr}, "tar", &f);
    ck_assert_int_eq(archive_add(&a, "raw/b.json", bytes_of("{}")), 0);
    archive_write(&a, &other, &other_nr);
    sample_seal(s.private_pem, (struct bytes){other, other_nr}, &file,
                &file_nr);
    sample_verify(&s, &v, (struct bytes){file, file_nr});
    ck_assert(sample_found(&v, "manifest", "raw/b.json", NULL));
    verify_fini(&v);
    archive_fini(&a);
    free(tar);
    free(other);
    free(file);
}
END_TEST

static void fail_in_junit(char *tar, size_t nr)
{
    memcpy(find_text(tar, nr, "vlan\" time=\"0.1\"/>"), "vla!", 4);
}

static void fail_in_tap(char *tar, size_t nr)
{
    memcpy(find_text(tar, nr, "- api/network_vlan\n"), "- api/network_vlab",
           18);
}

static void edit_result(char *tar, size_t nr)
{
    memcpy(find_text(tar, nr, "passed\t0.1\t\napi"), "failed", 6);
}

START_TEST(an_edited_result_is_named_with_its_test)
{
    check_spoilt(fail_in_junit);
    ck_assert(sample_found(&v, "manifest", "junit.xml", NULL));
    ck_assert(sample_found(&v, "result", "junit.xml", "api/network_vlan"));
    verify_fini(&v);
    check_spoilt(edit_result);
    ck_assert(sample_found(&v, "manifest", "results.tsv", NULL));
    ck_assert(sample_found(&v, "result", "junit.xml", "api/network_vif"));
    ck_assert(sample_found(&v, "result", "results.tap", "api/network_vif"));
    ck_assert(sample_found(&v, "blocker", NULL, "api/network_vif"));
    verify_fini(&v);
    check_spoilt(fail_in_tap);
    ck_assert(sample_found(&v, "result", "results.tap", "api/network_vlan"));
    verify_fini(&v);
}
END_TEST

START_TEST(another_key_is_told)
{
    char *stranger, *half, *file;
    size_t nr;

    ck_assert_int_eq(key_generate(&stranger, &half), 0);
    sample_file(&s, stranger, &file, &nr);
    sample_verify(&s, &v, (struct bytes){file, nr});
    ck_assert(sample_found(&v, "key", BUNDLE_KEY, NULL));
    ck_assert_ptr_null(v.who);
    ck_assert_int_eq(v.findings.nr, 1); /* it is whole otherwise */
    verify_fini(&v);
    free(file);
    free(stranger);
    free(half);
}
END_TEST

static Suite *suite(void)
{
    Suite *out = suite_create("tampering");
    TCase *t = tcase_create("tampering");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, untouched_verifies);
    tcase_add_test(t, same_parts_make_the_same_bytes);
    tcase_add_test(t, every_altered_byte_is_found);
    tcase_add_test(t, every_shorter_file_is_refused);
    tcase_add_test(t, every_altered_byte_of_the_tar_is_found);
    tcase_add_loop_test(t, an_altered_member_is_named, 0, MEMBERS_NR);
    tcase_add_loop_test(t, a_removed_member_is_named, 0, MEMBERS_NR);
    tcase_add_test(t, an_added_member_is_named);
    tcase_add_test(t, an_edited_result_is_named_with_its_test);
    tcase_add_test(t, another_key_is_told);
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

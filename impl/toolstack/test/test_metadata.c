/* Tests of the header of databases in volumes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metadata.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static int parse(const char *text, struct metadata_info *info)
{
    char header[METADATA_HEADER] = {0};

    (void)snprintf(header, sizeof(header), "%s", text); /* fits */
    return metadata_parse(header, info);
}

START_TEST(a_header_says_what_follows)
{
    struct metadata_info info;

    ck_assert_int_eq(parse(METADATA_MAGIC " 7 1234 " UUID "\n", &info), 0);
    ck_assert_uint_eq(info.generation, 7);
    ck_assert_uint_eq(info.len, 1234);
    ck_assert_str_eq(info.pool, UUID);
}
END_TEST

static const char *const wrong[] = {
    "",
    "something else 7 1234 " UUID,
    METADATA_MAGIC,
    METADATA_MAGIC " 7 1234",
    METADATA_MAGIC " 7 1234 0123",
    METADATA_MAGIC " 7 999999999999 " UUID,
    METADATA_MAGIC " 7 -1 " UUID,
    METADATA_MAGIC " seven 1234 " UUID,
};

START_TEST(another_header_is_refused)
{
    struct metadata_info info;

    ck_assert_int_lt(parse(wrong[_i], &info), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metadata");
    TCase *tcase = tcase_create("metadata");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, a_header_says_what_follows);
    tcase_add_loop_test(tcase, another_header_is_refused, 0,
                        sizeof(wrong) / sizeof(wrong[0]));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

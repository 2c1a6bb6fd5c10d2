/* Command lines, right and wrong ones. */
#include "options/options.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct values {
    bool quiet;
    const char *name;
    int nr;
    double share;
    int taken;
};

static int take(void *values, const char *text)
{
    ((struct values *)values)->taken++;
    return strcmp(text, "bad") ? 0 : -1;
}

static const struct option_row rows[] = {
    {"quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL},
    {"name", OPTION_TEXT, offsetof(struct values, name), NULL},
    {"nr", OPTION_INT, offsetof(struct values, nr), NULL},
    {"share", OPTION_REAL, offsetof(struct values, share), NULL},
    {"each", OPTION_TAKE, 0, take},
};
static const struct option_set set = {"test", "test 1", "usage: test", rows,
                                      sizeof(rows) / sizeof(*rows)};

START_TEST(values_go_where_rows_say)
{
    char *args[] = {"test", "one",    "--quiet", "--name=x", "--nr",
                    "-7",   "two",    "--share", "0.25",     "--each",
                    "a",    "--each", "b",       NULL};
    struct values v = {0};
    int at = options_read(&set, &v, 13, args);

    ck_assert_int_eq(at, 11);
    ck_assert_str_eq(args[at], "one");
    ck_assert_str_eq(args[at + 1], "two");
    ck_assert(v.quiet);
    ck_assert_str_eq(v.name, "x");
    ck_assert_int_eq(v.nr, -7);
    ck_assert_double_eq(v.share, 0.25);
    ck_assert_int_eq(v.taken, 2);
}
END_TEST

static char *const wrong[] = {"--nope",     "--nr=1x", "--nr=99999999999",
                              "--nr=1.5",   "--nr=",   "--share=nan",
                              "--each=bad", "--name",  "--quiet=1"};

START_TEST(wrong_usage_is_refused)
{
    char *args[] = {"test", wrong[_i], NULL};
    struct values v = {0};

    ck_assert_int_lt(options_read(&set, &v, 2, args), 0);
}
END_TEST

static char *const prints[] = {"--help", "--version"};

START_TEST(help_ends_the_program)
{
    char *args[] = {"test", prints[_i], NULL};
    struct values v = {0};

    (void)options_read(&set, &v, 2, args); /* exits with 0 */
    ck_abort_msg("it went on");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("options");
    TCase *c = tcase_create("options");
    SRunner *r;
    int failed;

    tcase_add_test(c, values_go_where_rows_say);
    tcase_add_loop_test(c, wrong_usage_is_refused, 0,
                        sizeof(wrong) / sizeof(*wrong));
    tcase_add_loop_exit_test(c, help_ends_the_program, EXIT_SUCCESS, 0,
                             sizeof(prints) / sizeof(*prints));
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

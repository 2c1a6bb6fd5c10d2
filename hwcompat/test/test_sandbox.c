/* The sandbox of the AML tools: what goes in, what comes out, what is stopped. */
#include "aml/sandbox.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sandbox box;

static void box_open(void)
{
    ck_assert_int_eq(sandbox_open(&box), 0);
}

static void box_close(void)
{
    char dir[SANDBOX_PATH_BYTES];

    memcpy(dir, box.dir, sizeof(dir));
    sandbox_close(&box);
    ck_assert_int_ne(access(dir, F_OK), 0);
}

static struct sandbox_run shell(const char *script)
{
    char *args[] = {"sh", "-c", (char *)script, NULL};
    struct sandbox_run r;

    ck_assert_int_eq(sandbox_start(&box, args, NULL, &r), 0);
    sandbox_wait(&r, 1);
    return r;
}

START_TEST(output_and_status_come_back)
{
    struct sandbox_run r = shell("echo said; echo also >&2; exit 3");

    ck_assert_int_eq(r.end, SANDBOX_EXIT);
    ck_assert_int_eq(r.status, 3);
    ck_assert_str_eq(r.out, "said\nalso\n");
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(files_go_in_and_out)
{
    struct sandbox_run r;
    size_t len;
    char *text;

    ck_assert_int_eq(sandbox_write(&box, "in", "words", 5), 0);
    r = shell("cat in in >out");
    ck_assert_int_eq(r.status, 0);
    text = sandbox_read(&box, "out", 8, &len);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, "wordswor");
    free(text);
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    struct sandbox_run r = shell("ln -s /etc/passwd out");
    size_t len;

    ck_assert_ptr_null(sandbox_read(&box, "out", 100, &len));
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(a_crash_is_told)
{
    struct sandbox_run r = shell("kill -SEGV $$");

    ck_assert_int_eq(r.end, SANDBOX_SIGNAL);
    ck_assert_int_eq(r.status, 11);
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(endless_output_is_stopped)
{
    struct sandbox_run r = shell("exec cat /dev/zero");

    ck_assert_int_eq(r.end, SANDBOX_OUTPUT);
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(memory_and_files_have_limits)
{
    struct sandbox_run r = shell("ulimit -v; ulimit -c; ulimit -f");

    ck_assert_str_eq(r.out, "2097152\n0\n131072\n");
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(it_has_no_rights)
{
    struct sandbox_run r = shell("test $(id -u) = 0 || echo nobody");

    ck_assert_str_eq(r.out, "nobody\n");
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(it_sees_nothing_of_our_environment)
{
    struct sandbox_run r;

    ck_assert_int_eq(setenv("SECRET_OF_OURS", "x", 1), 0);
    r = shell("env");
    ck_assert_ptr_null(strstr(r.out, "SECRET"));
    sandbox_run_fini(&r);
}
END_TEST

START_TEST(what_is_not_there_is_not_had)
{
    ck_assert(sandbox_has("sh"));
    ck_assert(!sandbox_has("no-such-program"));
}
END_TEST

static Suite *sandbox_suite(void)
{
    Suite *s = suite_create("sandbox");
    TCase *c = tcase_create("sandbox");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, box_open, box_close);
    tcase_add_test(c, output_and_status_come_back);
    tcase_add_test(c, files_go_in_and_out);
    tcase_add_test(c, a_link_is_not_followed);
    tcase_add_test(c, a_crash_is_told);
    tcase_add_test(c, endless_output_is_stopped);
    tcase_add_test(c, memory_and_files_have_limits);
    tcase_add_test(c, it_has_no_rights);
    tcase_add_test(c, it_sees_nothing_of_our_environment);
    tcase_add_test(c, what_is_not_there_is_not_had);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(sandbox_suite());
    int failed;

    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

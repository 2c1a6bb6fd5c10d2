/*
 * One Check suite from lists of tests.
 */
#include "run.h"

#include <signal.h>

#define TIMEOUT_S 60

int test_run_more(const char *name, const TTest *const *tests, unsigned int nr,
                  const struct test_more *more)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, TIMEOUT_S);
    for (unsigned int i = 0; i < nr; i++)
        tcase_add_test(tc, tests[i]);
    if (more && more->looped)
        tcase_add_loop_test(tc, more->looped, 0, (int)more->rounds);
    for (unsigned int i = 0; more && i < more->aborting_nr; i++)
        tcase_add_test_raise_signal(tc, more->aborting[i], SIGABRT);
    suite_add_tcase(s, tc);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

int test_run(const char *name, const TTest *const *tests, unsigned int nr)
{
    return test_run_more(name, tests, nr, NULL);
}

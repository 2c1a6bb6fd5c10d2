/*
 * Dates: known moments, and the days around leap days.
 */
#include <check.h>
#include <stdlib.h>

#include "base/calendar.h"

static const struct {
    struct calendar date;
    uint64_t seconds;
} moments[] = {
    {{1970, 1, 1, 0, 0, 0}, 0},
    {{1970, 1, 2, 0, 0, 1}, 86401},
    {{1999, 12, 31, 23, 59, 59}, 946684799},
    {{2000, 2, 29, 12, 0, 0}, 951825600},
    {{2000, 3, 1, 0, 0, 0}, 951868800},
    {{2026, 11, 20, 15, 0, 0}, 1795186800},
    {{2100, 3, 1, 0, 0, 0}, 4107542400},
};

START_TEST(moments_are_counted_right)
{
    ck_assert_uint_eq(calendar_seconds(&moments[_i].date), moments[_i].seconds);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("calendar");
    TCase *t = tcase_create("moments");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, moments_are_counted_right, 0, ARRAY_SIZE(moments));
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

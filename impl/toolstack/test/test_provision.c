/* Orders of disks: what is read, and what is refused. */
#include "provision.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct arena arena;
static struct disk_order orders[DISK_ORDERS_MAX];

static int decode(const char *text)
{
    arena_init(&arena);
    return disk_orders_decode(&arena, text, orders);
}

START_TEST(disks_are_read_in_order)
{
    ck_assert_int_eq(
        decode("<provision><disk device=\"0\" size=\"8\" sr=\"u\" "
               "bootable=\"true\" type=\"user\"/> <disk sr=\"v\" size=\"9\" "
               "bootable=\"false\" device=\"1\"></disk></provision>"),
        2);
    ck_assert_str_eq(orders[0].device, "0");
    ck_assert_str_eq(orders[0].type, "user");
    ck_assert_str_eq(orders[1].sr, "v");
    ck_assert_str_eq(orders[1].type, "system");
    arena_fini(&arena);
}
END_TEST

START_TEST(no_disks_are_none)
{
    ck_assert_int_eq(decode(" <provision></provision>"), 0);
    arena_fini(&arena);
    ck_assert_int_eq(decode("<provision/>"), 0);
    arena_fini(&arena);
}
END_TEST

static const char *const refused[] = {
    "",
    "<disk/>",
    "<provision>",
    "<provision><disk device=\"0\"/></provision>",
    "<provision><disk device=\"0\" size=\"8\" sr=\"u\" bootable=\"true\"",
    "<provision><disk device=\"0\" size=\"8\" sr=\"u\" bootable=\"true\"/>",
    "<provision><disk device=0 size=\"8\" sr=\"u\" bootable=\"true\"/>"
    "</provision>",
};

START_TEST(anything_else_is_refused)
{
    ck_assert_int_eq(decode(refused[_i]), -EINVAL);
    arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("provision");
    TCase *t = tcase_create("all");
    SRunner *runner;
    int failed;

    tcase_add_test(t, disks_are_read_in_order);
    tcase_add_test(t, no_disks_are_none);
    tcase_add_loop_test(t, anything_else_is_refused, 0,
                        sizeof(refused) / sizeof(refused[0]));
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

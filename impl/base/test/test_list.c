/*
 * Lists: order, removal, walking while removing.
 */
#include "base/list.h"

#include <check.h>

struct item {
    int value;
    struct list link;
};

static int values(const struct list *head)
{
    int n = 0;

    list_for_each (l, head)
        n = n * 10 + list_entry(l, struct item, link)->value;
    return n;
}

START_TEST(nodes_keep_the_order_they_were_put_in)
{
    struct list head = LIST_INIT(head);
    struct item i[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};

    ck_assert(list_empty(&head));
    list_add_before(&head, &i[1].link);
    list_add_before(&head, &i[2].link);
    list_add_after(&head, &i[0].link);
    list_add_after(&i[2].link, &i[3].link);
    ck_assert(!list_empty(&head));
    ck_assert_int_eq(values(&head), 1234);
}
END_TEST

START_TEST(a_node_taken_out_is_empty_and_may_be_again)
{
    struct list head = LIST_INIT(head);
    struct item i[3] = {{.value = 1}, {.value = 2}, {.value = 3}};

    for (int n = 0; n < 3; n++)
        list_add_before(&head, &i[n].link);
    list_del(&i[1].link);
    list_del(&i[1].link);
    ck_assert(list_empty(&i[1].link));
    ck_assert_int_eq(values(&head), 13);
}
END_TEST

START_TEST(a_walk_may_remove_what_it_stands_on)
{
    struct list head;
    struct item i[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    int seen = 0;

    list_init(&head);
    for (int n = 0; n < 3; n++)
        list_add_before(&head, &i[n].link);
    list_for_each_safe(l, next, &head)
    {
        seen++;
        list_del(l);
    }
    ck_assert_int_eq(seen, 3);
    ck_assert(list_empty(&head));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("list");
    TCase *tc = tcase_create("list");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(tc, nodes_keep_the_order_they_were_put_in);
    tcase_add_test(tc, a_node_taken_out_is_empty_and_may_be_again);
    tcase_add_test(tc, a_walk_may_remove_what_it_stands_on);
    suite_add_tcase(s, tc);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

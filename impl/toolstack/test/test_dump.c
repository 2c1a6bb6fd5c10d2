/* Values as dumps write them, and what finds references again. */
#include "dbtext.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refmap.h"

static struct arena arena;

static const struct type text = {SHAPE_ONE, .elem = {.kind = BASE_STRING}};
static const struct type number = {SHAPE_ONE, .elem = {.kind = BASE_INT}};
static const struct type set = {SHAPE_SET, .elem = {.kind = BASE_STRING}};
static const struct type map = {SHAPE_MAP, .elem = {.kind = BASE_STRING}};
static const struct type sets = {SHAPE_MAP_OF_SETS, .elem = {.kind = BASE_INT}};

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_fini(&arena);
}

static const char *encoded(struct value v)
{
    struct buf out = {0};
    const char *copy;

    dbtext_encode(&out, &v);
    copy = arena_strndup(&arena, out.data, out.len);
    buf_fini(&out);
    return copy;
}

START_TEST(maps_and_sets_have_the_usual_form)
{
    const struct value items[] = {value_string("a'b"), value_string("\\")};
    const struct member members[] = {{"k", value_string("v")},
                                     {"l", value_string("")}};

    ck_assert_str_eq(encoded(value_set(items, 2)), "('a\\'b' '\\\\')");
    ck_assert_str_eq(encoded(value_map(members, 2)), "(('k' 'v') ('l' ''))");
    ck_assert_str_eq(encoded(value_set(NULL, 0)), "()");
    ck_assert_str_eq(encoded(value_bool(true)), "true");
    ck_assert_str_eq(encoded(value_string("it's")), "it's");
}
END_TEST

START_TEST(what_goes_out_comes_in)
{
    static const struct {
        const struct type *type;
        const char *text;
    } cases[] = {
        {&text, "it's (text)"},
        {&number, "-12"},
        {&set, "('a' 'b\\'c' '')"},
        {&map, "(('k' 'v') ('l' '(x)'))"},
        {&sets, "(('k' ('1' '2')) ('l' ()))"},
    };
    struct value v;

    ck_assert_int_eq(dbtext_decode(&arena, cases[_i].type, cases[_i].text, &v),
                     0);
    ck_assert_str_eq(encoded(v), cases[_i].text);
}
END_TEST

START_TEST(what_is_broken_is_refused)
{
    static const struct {
        const struct type *type;
        const char *text;
    } cases[] = {
        {&number, ""},
        {&number, "1x"},
        {&set, ""},
        {&set, "('a'"},
        {&set, "'a')"},
        {&set, "('a')('b')"},
        {&set, "(('a'))"},
        {&map, "('k' 'v')"},
        {&map, "(('k'))"},
        {&map, "(('k' ('v')))"},
        {&sets, "(('k' '1'))"},
        {&set, "x"},
        {&sets, "(('k' ('x')))"},
    };
    struct value v;

    ck_assert_int_ne(dbtext_decode(&arena, cases[_i].type, cases[_i].text, &v),
                     0);
}
END_TEST

START_TEST(nesting_is_bounded)
{
    char deep[10001];
    struct value v;

    memset(deep, '(', 5000);
    memset(deep + 5000, ')', 5000);
    deep[10000] = '\0';
    ck_assert_int_ne(dbtext_decode(&arena, &set, deep, &v), 0);
}
END_TEST

START_TEST(attributes_keep_every_space)
{
    static const char odd[] = " a  b\t\n%.%";
    struct buf out = {0};

    dbtext_protect(&out, odd);
    buf_putc(&out, '\0');
    ck_assert_str_eq(out.data, "%.a%.%.b%t%n%%.%%");
    ck_assert_str_eq(dbtext_unprotect(&arena, out.data), odd);
    buf_fini(&out);
}
END_TEST

START_TEST(references_are_found_among_many)
{
    struct refmap m;

    refmap_init(&m, &arena);
    for (int i = 0; i < 5000; i++)
        refmap_put(&m, arena_printf(&arena, "Ref:%d", i), &map);
    refmap_put(&m, "Ref:7", &set);
    ck_assert_uint_eq(m.nr, 5000);
    ck_assert_ptr_eq(refmap_find(&m, "Ref:4999"), &map);
    ck_assert_ptr_eq(refmap_find(&m, "Ref:7"), &set);
    ck_assert_ptr_null(refmap_find(&m, "Ref:5000"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dump");
    TCase *tcase = tcase_create("dump");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, maps_and_sets_have_the_usual_form);
    tcase_add_loop_test(tcase, what_goes_out_comes_in, 0, 5);
    tcase_add_loop_test(tcase, what_is_broken_is_refused, 0, 13);
    tcase_add_test(tcase, nesting_is_bounded);
    tcase_add_test(tcase, attributes_keep_every_space);
    tcase_add_test(tcase, references_are_found_among_many);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

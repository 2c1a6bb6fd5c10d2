/* JSON in and out. */
#include "json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_fini(&arena);
}

/* What a text becomes when it is read and written again; NULL: refused. */
static const char *again(const char *text)
{
    struct value v;
    struct buf out = {0};
    const char *copy;

    if (json_decode(&arena, text, strlen(text), &v))
        return NULL;
    json_encode(&out, &v);
    copy = arena_strndup(&arena, out.data, out.len);
    buf_fini(&out);
    return copy;
}

static const struct {
    const char *in, *out;
} round_trips[] = {
    {"{}", "{}"},
    {" [ 1 , -2 , 9007199254740993 ] ", "[1,-2,9007199254740993]"},
    {"[1.0, 0.5, 1e3, -0.25]", "[1.0,0.5,1000.0,-0.25]"},
    {"{\"a\": [true, false, null], \"b\": {\"c\": \"d\"}}",
     "{\"a\":[true,false,null],\"b\":{\"c\":\"d\"}}"},
    {"\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
    {"\"\\n\\t\\\\\\\"\\u0001\"", "\"\\n\\t\\\\\\\"\\u0001\""},
};

START_TEST(values_survive_a_round_trip)
{
    const char *out = again(round_trips[_i].in);

    ck_assert_ptr_nonnull(out);
    ck_assert_str_eq(out, round_trips[_i].out);
}
END_TEST

static const char *const malformed[] = {
    "",      "x",       "{",          "[1,]",
    "[1 2]", "{\"a\"}", "{\"a\":1,}", "{1:2}",
    "\"abc", "\"\\q\"", "\"\\u12\"",  "\"\\ud800\"",
    "[1] 2", "+1",      "1.2.3",      "99999999999999999999",
    "1e999", "tru",     "[true",      "\"\\u0000\"",
    "nullx",
};

START_TEST(malformed_text_is_refused)
{
    ck_assert_ptr_null(again(malformed[_i]));
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    char text[4001];

    memset(text, '[', 2000);
    memset(text + 2000, ']', 2000);
    text[4000] = '\0';
    ck_assert_ptr_null(again(text));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, values_survive_a_round_trip, 0,
                        sizeof(round_trips) / sizeof(round_trips[0]));
    tcase_add_loop_test(tcase, malformed_text_is_refused, 0,
                        sizeof(malformed) / sizeof(malformed[0]));
    tcase_add_test(tcase, deep_nesting_is_refused);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

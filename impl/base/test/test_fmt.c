/*
 * Formatted text and string helpers.
 */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/string.h"

static void same(const char *want, int n, const char *got)
{
    ck_assert_str_eq(want, got);
    ck_assert_int_eq(n, (int)strlen(want));
}

#define SAME(want, ...)                                      \
    do {                                                     \
        char got_[128];                                      \
        int n_ = fmt_print(got_, sizeof(got_), __VA_ARGS__); \
        same(want, n_, got_);                                \
    } while (0)

START_TEST(integers_print_as_in_c)
{
    SAME("-5 7 2147483648", "%d %i %u", -5, 7, 2147483648U);
    SAME("ff FF 0xff", "%x %X %#x", 255, 255, 255);
    SAME("-9223372036854775808", "%ld", LONG_MIN);
    SAME("18446744073709551615", "%llu", ~0ULL);
    SAME("255 -1", "%hhu %hhd", 0x1ff, 0xff);
    SAME("12", "%zu", (size_t)12);
}
END_TEST

START_TEST(width_and_precision_pad)
{
    SAME("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    SAME("[  0x2a][-0042]", "[%#6x][%05d]", 42, -42);
    SAME("[  ab][ab  ][abc]", "[%4s][%-4s][%.3s]", "ab", "ab", "abcdef");
    SAME("[   7][0007]", "[%*d][%.*d]", 4, 7, 4, 7);
    SAME("x%", "%c%%", 'x');
}
END_TEST

START_TEST(pointers_and_null_strings_print)
{
    SAME("0x1000 (null)", "%p %s", (void *)0x1000, (char *)NULL);
}
END_TEST

START_TEST(long_text_is_cut_and_terminated)
{
    char buf[4] = "zzz";

    ck_assert_int_eq(6, fmt_print(buf, sizeof(buf), "%s", "abcdef"));
    ck_assert_str_eq("abc", buf);
    ck_assert_int_eq(6, fmt_print(buf, 0, "%s", "abcdef"));
    ck_assert_str_eq("abc", buf);
}
END_TEST

START_TEST(numbers_are_parsed_with_their_end)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
        char end;
    } rows[] = {
        {"0", true, 0, '\0'},
        {"1024M", true, 1024, 'M'},
        {"0x1Fg", true, 0x1f, 'g'},
        {"18446744073709551615,", true, UINT64_MAX, ','},
        {"18446744073709551616", false, 0, '\0'},
        {"x", false, 0, 'x'},
        {"0x", false, 0, '\0'},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *end = NULL;
        uint64_t v = 1;

        ck_assert_int_eq(rows[i].ok, str_number(rows[i].text, &end, &v));
        ck_assert_int_eq(rows[i].end, *end);
        if (rows[i].ok)
            ck_assert_uint_eq(rows[i].value, v);
    }
}
END_TEST

START_TEST(strings_compare_and_copy_bounded)
{
    char buf[4];

    ck_assert(str_equal("ab", "ab"));
    ck_assert(!str_equal("ab", "abc"));
    ck_assert(str_starts("console=com1", "console="));
    ck_assert(!str_starts("con", "console"));
    ck_assert(str_copy(buf, sizeof(buf), "abc"));
    ck_assert(!str_copy(buf, sizeof(buf), "abcd"));
    ck_assert_str_eq("abc", buf);
    ck_assert_uint_eq(2, str_length("abc", 2));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fmt");
    TCase *t = tcase_create("fmt");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, integers_print_as_in_c);
    tcase_add_test(t, width_and_precision_pad);
    tcase_add_test(t, pointers_and_null_strings_print);
    tcase_add_test(t, long_text_is_cut_and_terminated);
    tcase_add_test(t, numbers_are_parsed_with_their_end);
    tcase_add_test(t, strings_compare_and_copy_bounded);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

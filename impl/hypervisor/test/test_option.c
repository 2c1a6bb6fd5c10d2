/*
 * Options of the command line: kinds, refusals, what is passed over.
 */
#include "double/double.h"
#include "run.h"

#include "hv/option.h"

#include <string.h>

/* What the console said, and how many words were refused. */
struct refusal {
    const char *cmdline;
    const char *line;
};

static const struct refusal refusals[] = {
    {"bogus=1", "unknown option 'bogus' ignored"},
    {"bogus", "unknown option 'bogus' ignored"},
    {"no-bogus", "unknown option 'no-bogus' ignored"},
    {"no-maxcpus", "unknown option 'no-maxcpus' ignored"},
    {"no-smp=1", "unknown option 'no-smp' ignored"},
    {"=5", "unknown option '' ignored"},
    {"smp=perhaps", "bad value 'perhaps' of option 'smp' ignored"},
    {"smp=", "bad value '' of option 'smp' ignored"},
    {"maxcpus", "bad value '' of option 'maxcpus' ignored"},
    {"maxcpus=", "bad value '' of option 'maxcpus' ignored"},
    {"maxcpus=4x", "bad value '4x' of option 'maxcpus' ignored"},
    {"maxcpus=-1", "bad value '-1' of option 'maxcpus' ignored"},
    {"maxcpus=99999999999999999999",
     "bad value '99999999999999999999' of option 'maxcpus' ignored"},
    {"console", "bad value '' of option 'console' ignored"},
    {"loglvl=info /boot/touchstone.elf",
     "unknown option '/boot/touchstone.elf' ignored"},
};

START_TEST(what_is_wrong_is_named_and_ignored)
{
    const struct refusal *r = &refusals[_i];

    ck_assert_uint_eq(option_parse(r->cmdline), 1);
    ck_assert_msg(strstr(double_serial(), r->line) != NULL, "%s: %s",
                  r->cmdline, double_serial());
    ck_assert(opt_smp);
    ck_assert_uint_eq(opt_maxcpus, 0);
    ck_assert_str_eq(opt_console, "com1");
}
END_TEST

START_TEST(a_list_is_joined_and_has_an_end)
{
    char long_list[OPT_LIST_MAX + 16] = "quirk=";

    ck_assert_uint_eq(option_parse("quirk=a quirk=no-b,c"), 0);
    ck_assert_str_eq(opt_quirk, "a,no-b,c");
    for (unsigned int i = 0; i < OPT_LIST_MAX / 100 + 1; i++) {
        memset(long_list + 6, 'x', 100);
        (void)option_parse(long_list);
    }
    ck_assert_uint_lt(strlen(opt_quirk), OPT_LIST_MAX);
    ck_assert_uint_eq(option_parse(long_list), 1);
    ck_assert_uint_eq(option_parse("quirk"), 1);
}
END_TEST

START_TEST(switches_have_many_spellings)
{
    static const char *const on[] = {"smp",     "smp=1",    "smp=on",
                                     "smp=yes", "smp=true", "smp=enable"};
    static const char *const off[] = {"no-smp", "smp=0",     "smp=off",
                                      "smp=no", "smp=false", "smp=disable"};

    for (unsigned int i = 0; i < ARRAY_SIZE(on); i++) {
        opt_smp = false;
        ck_assert_uint_eq(option_parse(on[i]), 0);
        ck_assert(opt_smp);
        ck_assert_uint_eq(option_parse(off[i]), 0);
        ck_assert(!opt_smp);
    }
}
END_TEST

START_TEST(numbers_are_decimal_or_hexadecimal)
{
    ck_assert_uint_eq(option_parse("maxcpus=12"), 0);
    ck_assert_uint_eq(opt_maxcpus, 12);
    ck_assert_uint_eq(option_parse("maxcpus=0x1f"), 0);
    ck_assert_uint_eq(opt_maxcpus, 31);
}
END_TEST

START_TEST(texts_are_kept_up_to_their_size)
{
    char line[OPT_STRING_MAX + 32] = "console=";

    ck_assert_uint_eq(option_parse("com1=115200,8n1,0x3f8,4 console=com2"), 0);
    ck_assert_str_eq(opt_com1, "115200,8n1,0x3f8,4");
    ck_assert_str_eq(opt_console, "com2");
    memset(line + 8, 'a', OPT_STRING_MAX);
    ck_assert_uint_eq(option_parse(line), 1);
    ck_assert_str_eq(opt_console, "com2");
}
END_TEST

START_TEST(a_word_of_any_length_is_survived)
{
    static char line[4000];

    memset(line, 'b', sizeof(line) - 1);
    ck_assert_uint_eq(option_parse(line), 1);
    ck_assert_uint_eq(strlen(option_cmdline()), 1023);
}
END_TEST

START_TEST(the_last_one_wins)
{
    ck_assert_uint_eq(option_parse("maxcpus=1 maxcpus=2"), 0);
    ck_assert_uint_eq(opt_maxcpus, 2);
}
END_TEST

START_TEST(a_path_in_front_is_passed_over)
{
    ck_assert_uint_eq(option_parse("/boot/touchstone.elf  maxcpus=3\t"), 0);
    ck_assert_uint_eq(opt_maxcpus, 3);
    ck_assert_uint_eq(option_parse("touchstone.elf"), 0);
}
END_TEST

START_TEST(what_follows_two_dashes_is_not_ours)
{
    ck_assert_uint_eq(option_parse("maxcpus=3 -- bogus maxcpus=4"), 0);
    ck_assert_uint_eq(opt_maxcpus, 3);
    ck_assert_str_eq(option_cmdline(), "maxcpus=3 -- bogus maxcpus=4");
}
END_TEST

START_TEST(an_empty_line_is_fine)
{
    ck_assert_uint_eq(option_parse(""), 0);
    ck_assert_uint_eq(option_parse("   "), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        switches_have_many_spellings,
        a_list_is_joined_and_has_an_end,
        numbers_are_decimal_or_hexadecimal,
        texts_are_kept_up_to_their_size,
        a_word_of_any_length_is_survived,
        the_last_one_wins,
        a_path_in_front_is_passed_over,
        what_follows_two_dashes_is_not_ours,
        an_empty_line_is_fine,
    };
    const struct test_more more = {.looped = what_is_wrong_is_named_and_ignored,
                                   .rounds = ARRAY_SIZE(refusals)};

    return test_run_more("option", tests, ARRAY_SIZE(tests), &more);
}

/* XML-RPC in and out. */
#include "xmlrpc.h"

#include <check.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define CALL(params)                                                         \
    "<?xml "                                                                 \
    "version=\"1.0\"?><methodCall><methodName>m</methodName><params>" params \
    "</params></methodCall>"
#define PARAM(v) CALL("<param><value>" v "</value></param>")

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_fini(&arena);
    xmlCleanupParser();
}

/* The parameters of a call, as JSON; NULL: refused. */
static const char *params_of(const char *text)
{
    const char *method, *copy;
    struct value params;
    struct buf out = {0};

    if (xmlrpc_decode(&arena, text, strlen(text), &method, &params))
        return NULL;
    json_encode(&out, &params);
    copy = arena_strndup(&arena, out.data, out.len);
    buf_fini(&out);
    return copy;
}

static const struct {
    const char *in, *out;
} calls[] = {
    {CALL(""), "[]"},
    {PARAM("plain"), "[\"plain\"]"},
    {PARAM("<string>  sp  </string>"), "[\"  sp  \"]"},
    {PARAM("<i4>5</i4>"), "[5]"},
    {PARAM("<i8>-5</i8>"), "[-5]"},
    {PARAM("<boolean>1</boolean>"), "[true]"},
    {PARAM("<double>1.5</double>"), "[1.5]"},
    {PARAM("<nil/>"), "[null]"},
    {PARAM(" <array> <data> <value>a</value> </data> </array> "), "[[\"a\"]]"},
    {PARAM("<struct><member><name>k</name><value><int>1</int></value>"
           "</member></struct>"),
     "[{\"k\":1}]"},
    {PARAM("a &amp; &lt;b&gt; <![CDATA[<x>]]>"), "[\"a & <b> <x>\"]"},
};

START_TEST(calls_are_read)
{
    const char *out = params_of(calls[_i].in);

    ck_assert_ptr_nonnull(out);
    ck_assert_str_eq(out, calls[_i].out);
}
END_TEST

static const char *const malformed[] = {
    "",
    "x",
    "<x/>",
    "<methodCall></methodCall>",
    PARAM("<int>x</int>"),
    PARAM("<int> 1 </int>"),
    PARAM("<int>99999999999999999999</int>"),
    PARAM("<bogus>1</bogus>"),
    PARAM("<int>1</int><int>2</int>"),
    PARAM("<struct><member><value>1</value></member></struct>"),
    PARAM("<struct><member><name>k</name></member></struct>"),
    CALL("<value>1</value>"),
    "<!DOCTYPE x [<!ENTITY a \"b\">]>" PARAM("&a;"),
};

START_TEST(malformed_calls_are_refused)
{
    ck_assert_ptr_null(params_of(malformed[_i]));
}
END_TEST

START_TEST(control_characters_are_left_out)
{
    struct value v = value_string("a\x01\t<&>\"b");
    struct buf out = {0};

    xmlrpc_value(&out, &v);
    buf_putc(&out, '\0');
    ck_assert_str_eq(out.data, "<value>a\t&lt;&amp;&gt;&quot;b</value>");
    buf_fini(&out);
}
END_TEST

/* A comment sends a body to the other reader. */
#define COMMENT "<!-- c -->"
#define BODY(c, v)                                                        \
    c "<methodCall>\n <methodName>m</methodName><params><param><value>" v \
      "</value></param></params></methodCall>\n"

static const char *const both[][2] = {
#define BOTH(v)                       \
    {                                 \
        BODY("", v), BODY(COMMENT, v) \
    }
    BOTH("a &lt;&gt;&amp;&quot;&apos; b"),
    BOTH("<string>x</string>"),
    BOTH(" <i4>1</i4> "),
    BOTH("<nil/>"),
    BOTH("<string/>"),
    BOTH("<string></string>"),
    BOTH("<array><data><value>1</value></data></array>"),
    BOTH("<struct><member><name>a</name><value/></member></struct>"),
    BOTH("<i4>1</i4><i4>2</i4>"),
    BOTH("<i4>x</i4>"),
    BOTH("<unknown/>"),
    BOTH("a > b"),
    BOTH("]]>"),
    BOTH("&nbsp;"),
    BOTH("&#65;"),
    BOTH("<i4>1</int>"),
    BOTH("\xc3\xa9"),
    BOTH("\xff"),
    BOTH("\x01"),
    BOTH("a\r\nb"),
    BOTH("<string x='y'>z</string>"),
    BOTH("<![CDATA[<]]>"),
    BOTH("</value></param></params></methodCall><x>"),
#undef BOTH
};

START_TEST(both_readers_read_the_same)
{
    const char *quick = params_of(both[_i][0]), *slow = params_of(both[_i][1]);

    ck_assert_msg(!quick == !slow, "%s", both[_i][0]);
    if (quick)
        ck_assert_str_eq(quick, slow);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xmlrpc");
    TCase *tcase = tcase_create("xmlrpc");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, calls_are_read, 0,
                        sizeof(calls) / sizeof(calls[0]));
    tcase_add_loop_test(tcase, malformed_calls_are_refused, 0,
                        sizeof(malformed) / sizeof(malformed[0]));
    tcase_add_test(tcase, control_characters_are_left_out);
    tcase_add_loop_test(tcase, both_readers_read_the_same, 0,
                        sizeof(both) / sizeof(both[0]));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Heads of requests, and chunked bodies. */
#include "http_head.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 4096,
};

static char text[TEXT_MAX];
static struct http_head head;

/* 0 or the status that refuses it. */
static int parse(const char *from)
{
    size_t len = strlen(from);

    memcpy(text, from, len + 1);
    ck_assert_uint_eq(http_head_len(text, len), len);
    return http_head_parse(text, len, &head);
}

START_TEST(a_plain_request_is_read)
{
    ck_assert_int_eq(parse("POST /a?b=c HTTP/1.1\r\nHost: x\r\n"
                           "Content-Length:  12 \r\n\r\n"),
                     0);
    ck_assert_str_eq(head.method, "POST");
    ck_assert_str_eq(head.target, "/a?b=c");
    ck_assert_int_eq(head.length, 12);
    ck_assert(head.keep_alive);
    ck_assert_str_eq(http_header_find(&head, "HOST"), "x");
    ck_assert_ptr_null(http_header_find(&head, "y"));
}
END_TEST

START_TEST(the_version_and_connection_say_whether_to_close)
{
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n"), 0);
    ck_assert(!head.keep_alive);
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
                     0);
    ck_assert(head.keep_alive);
    ck_assert_int_eq(parse("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n"),
                     0);
    ck_assert(!head.keep_alive);
}
END_TEST

START_TEST(a_whole_url_loses_its_authority)
{
    ck_assert_int_eq(parse("GET http://h:80/p HTTP/1.1\r\n\r\n"), 0);
    ck_assert_str_eq(head.target, "/p");
}
END_TEST

static const struct {
    const char *head;
    int status;
} refused[] = {
    {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nContent-Length: 1\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
     "Content-Length: 1\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
    {"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nContent-Length: \r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413},
    {"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\nA: b\n\n", 400},
    {"GET / HTTP/1.1\r\nA: b\n\r\n", 400},
    {"GET /\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\n\r\n", 400},
    {"G(T / HTTP/1.1\r\n\r\n", 400},
    {"ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/2.0\r\n\r\n", 505},
    {"GET / HTTP/1.1 x\r\n\r\n", 400},
    {"\x16\x03\x01\r\n\r\n", 400},
};

START_TEST(what_two_readers_could_read_differently_is_refused)
{
    ck_assert_int_eq(parse(refused[_i].head), refused[_i].status);
}
END_TEST

START_TEST(equal_lengths_are_one)
{
    ck_assert_int_eq(parse("PUT / HTTP/1.1\r\nContent-Length: 7\r\n"
                           "content-length: 7\r\n\r\n"),
                     0);
    ck_assert_int_eq(head.length, 7);
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
    char many[TEXT_MAX] = "GET / HTTP/1.1\r\n";

    for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
        memcpy(strchr(many, '\0'), "A: b\r\n", 7);
    memcpy(strchr(many, '\0'), "\r\n", 3);
    ck_assert_int_eq(parse(many), 431);
}
END_TEST

START_TEST(an_incomplete_head_waits)
{
    const char *whole = "GET / HTTP/1.1\r\nA: b\r\n\r\n";

    for (size_t len = 0; len < strlen(whole); len++)
        ck_assert_uint_eq(http_head_len(whole, len), 0);
    ck_assert_uint_eq(http_head_len(whole, strlen(whole)), strlen(whole));
}
END_TEST

/* The content, however the body is cut; NULL: refused or not over. */
static const char *dechunk(const char *body, size_t piece)
{
    struct http_chunks c = {0};
    size_t len = strlen(body), nr = 0;

    for (size_t at = 0; at < len && !c.done;) {
        size_t used, run_len, n = len - at < piece ? len - at : piece;
        const char *run;

        if (http_chunks_next(&c, body + at, n, &used, &run, &run_len))
            return NULL;
        memcpy(text + nr, run, run_len);
        nr += run_len;
        at += used;
    }
    text[nr] = '\0';
    return c.done ? text : NULL;
}

START_TEST(chunks_are_joined_wherever_they_are_cut)
{
    const char *body = "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n";

    for (size_t piece = 1; piece < strlen(body); piece++)
        ck_assert_str_eq(dechunk(body, piece), "abc0123456789");
}
END_TEST

START_TEST(bad_chunks_are_refused)
{
    static const char *const bad[] = {
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "\r\nabc\r\n",
        "g\r\n",
        "3\r\nabc0\r\n\r\n",
        "fffffffffffffffffff\r\n",
        "-1\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "0\r\n\n",
        "3\rx\nabc\r\n0\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!dechunk(bad[i], 1), "%s", bad[i]);
}
END_TEST

START_TEST(bytes_that_were_not_used_come_again)
{
    struct http_chunks c = {0};
    size_t used, run_len;
    const char *run, *body = "3\r\nabc\r\n0\r\n\r\n";

    ck_assert_int_eq(
        http_chunks_next(&c, body, strlen(body), &used, &run, &run_len), 0);
    ck_assert_uint_eq(run_len, 3);
    http_chunks_undo(&c, 2);
    used -= 2;
    ck_assert_int_eq(http_chunks_next(&c, body + used, strlen(body) - used,
                                      &used, &run, &run_len),
                     0);
    ck_assert_uint_eq(run_len, 2);
    ck_assert_int_eq(run[0], 'b');
}
END_TEST

int main(void)
{
    Suite *s = suite_create("http_head");
    TCase *t = tcase_create("http_head");
    SRunner *runner;
    int failed;

    tcase_add_test(t, a_plain_request_is_read);
    tcase_add_test(t, the_version_and_connection_say_whether_to_close);
    tcase_add_test(t, a_whole_url_loses_its_authority);
    tcase_add_loop_test(t, what_two_readers_could_read_differently_is_refused,
                        0, sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(t, equal_lengths_are_one);
    tcase_add_test(t, too_many_headers_are_refused);
    tcase_add_test(t, an_incomplete_head_waits);
    tcase_add_test(t, chunks_are_joined_wherever_they_are_cut);
    tcase_add_test(t, bad_chunks_are_refused);
    tcase_add_test(t, bytes_that_were_not_used_come_again);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

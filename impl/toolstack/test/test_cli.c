/* The thin CLI: its table, its arguments, and conversations with a client. */
#include "cli.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_command.h"
#include "cli_frame.h"
#include "cli_recipe.h"
#include "cli_record.h"
#include "fixture.h"

enum {
    COMMANDS = 675,
};

static struct fixture fixture;

/* A client: what it will say, and what it has been told. */
struct talk {
    struct buf says, told;
    size_t at;
    int waits;  /* that end without a change, after a while each */
    int writes; /* until it is gone; 0: it stays */
};

static int talk_read(void *ctx, void *data, size_t len)
{
    struct talk *t = ctx;

    if (len > t->says.len - t->at)
        return -ECONNRESET;
    memcpy(data, t->says.data + t->at, len);
    t->at += len;
    return 0;
}

static int talk_write(void *ctx, const void *data, size_t len)
{
    struct talk *t = ctx;

    if (t->writes && --t->writes == 0)
        return -EPIPE;
    buf_add(&t->told, data, len);
    return 0;
}

static void talk_lock(void *ctx)
{
    (void)ctx;
}

static int talk_wait(void *ctx, int64_t ms)
{
    struct talk *t = ctx;

    fixture.now_ms += 10 * ms;
    return t->waits-- > 0 ? 0 : -ESHUTDOWN;
}

static void set_up(void)
{
    fixture_init(&fixture);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

/* All texts that the client was told, "!" before errors, and the status. */
static const char *transcript(const struct buf *told)
{
    const char *at = told->data + CLI_GREETING_BYTES;
    struct buf out = {0};
    const char *text;

    while (at < told->data + told->len) {
        uint32_t order = cli_get32(at + 8);

        if (order == ORDER_EXIT)
            buf_printf(&out, "=%u", cli_get32(at + 12));
        else
            buf_puts(&out, order == ORDER_PRINT_ERROR ? "!" : "");
        if (order == ORDER_PRINT || order == ORDER_PRINT_ERROR)
            buf_add(&out, at + 16, cli_get32(at + 12));
        at += 4 + cli_get32(at);
    }
    text = arena_strndup(&fixture.arena, out.data, out.len);
    buf_fini(&out);
    return text;
}

static const char *run_with(struct talk *t, const char *body)
{
    const struct endpoint at = {.ts = &fixture.ts};
    const struct cli_io io = {.read = talk_read,
                              .write = talk_write,
                              .lock = talk_lock,
                              .unlock = talk_lock,
                              .wait = talk_wait,
                              .ctx = t};
    const char *text;

    if (cli_serve(&at, NULL, &io, body, strlen(body)))
        return "lost";
    text = transcript(&t->told);
    return text;
}

static const char *run(const char *body)
{
    struct talk t = {0};
    const char *text;

    cli_greet(&t.says);
    text = run_with(&t, body);
    buf_fini(&t.says);
    buf_fini(&t.told);
    return text;
}

#define LOGIN "\nusername=root\npassword=x"

static const struct {
    const char *body, *transcript;
} lines[] = {
    {"nope" LOGIN, "!Unknown command: nope\n!For usage run: 'xe help'\n=1"},
    {"vm-param-get\nuuid=x" LOGIN,
     "!Required parameter not found: param-name\n!For usage run: 'xe help'\n"
     "=1"},
    {"vm=x" LOGIN, "!Syntax error: \n!For usage run: 'xe help'\n=1"},
    {"vm-list\n-x" LOGIN, "!Syntax error: \n!For usage run: 'xe help'\n=1"},
    {"vm-list\nusername=root\npassword=",
     "!Authentication failed\n!For usage run: 'xe help'\n=1"},
    {"vm-list\nusername=\npassword=",
     "!Username/password must be specified\n!For usage run: 'xe help'\n=1"},
    {"vm-list" LOGIN, "=0"},
    {"vm-list\r\n--minimal\r" LOGIN, "=0"},
    {"pool-list\n--minimal\nparams=name-label" LOGIN, "=0"},
    {"secret-param-list\nuuid=x" LOGIN,
     "!The uuid you supplied was invalid.\n!type: secret\nuuid: x\n=1"},
    {"vm-start\nvm=a" LOGIN, "!Error: No matching VMs found\n=1"},
    {"host-disable\nhost=a\"b" LOGIN, "!Error: No matching hosts found\n=1"},
    {"vm-reset-powerstate" LOGIN,
     "!Error: This operation is dangerous and may cause data loss. This "
     "operation must be forced (use --force).\n=1"},
    {"vm-set-uefi-mode\nuuid=x\nmode=X" LOGIN,
     "!Error: Expected one of 'setup', 'user', got x\n=1"},
    {"help\nnope", "Unknown command 'nope'=0"},
};

START_TEST(lines_are_answered)
{
    const char *text = run(lines[_i].body);

    if (strstr(lines[_i].body, "--minimal")) /* one line, whatever is there */
        ck_assert_ptr_nonnull(strstr(text, "=0"));
    else
        ck_assert_str_eq(text, lines[_i].transcript);
}
END_TEST

START_TEST(every_command_names_what_exists)
{
    struct cli_memory memory;
    struct cli c = {.ts = &fixture.ts, .memory = &memory};
    const char *const *names;
    int nr;

    cli_memory_init(&memory);
    names = cli_command_names(&c, &nr);
    ck_assert_int_eq(nr, COMMANDS);
    for (int i = 0; i < nr; i++) {
        struct cli_command command;

        ck_assert_msg(cli_command_find(&c, names[i], &command), "%s", names[i]);
        if (command.call)
            ck_assert_msg(cli_recipe_check(&c, command.call) == 0, "%s: %s",
                          names[i], command.call);
        ck_assert_msg(i == 0 || strcmp(names[i - 1], names[i]) < 0, "%s",
                      names[i]);
    }
    cli_memory_fini(&memory);
}
END_TEST

/* The message that writes the field exists, and its getter too. */
static void check_field(struct cli *c, const struct cli_record *r,
                        const struct cli_field *f)
{
    if (f->get[0] == '@')
        ck_assert_ptr_nonnull(cli_getter_find(f->get + 1));
    if (*f->put)
        ck_assert_msg(cli_put_check(c, r, f) == 0, "%s %s", r->prefix, f->name);
}

START_TEST(every_field_can_be_written_as_it_says)
{
    struct cli_memory memory;
    struct cli c = {.ts = &fixture.ts, .memory = &memory};
    const struct cli_record *r;

    cli_memory_init(&memory);
    for (int i = 0; (r = cli_record_at(i)); i++)
        for (const struct cli_field *f = cli_field_first(r); f;
             f = cli_field_next(f))
            check_field(&c, r, f);
    cli_memory_fini(&memory);
}
END_TEST

/* Whatever is listed shows all of its fields. */
START_TEST(all_classes_can_be_listed)
{
    const struct cli_record *r;

    (void)fixture_call(&fixture, "secret.create",
                       "[\"$s\",{\"value\":\"v\",\"other_config\":{}}]");
    for (int i = 0; (r = cli_record_at(i)); i++) {
        char body[128];
        const char *text;

        if (!*r->prefix)
            continue;
        (void)snprintf(body, sizeof(body), "%s-list\nparams=all" LOGIN,
                       r->prefix);
        text = run(body);
        ck_assert_msg(strstr(text, "=0") != NULL, "%s: %s", r->prefix, text);
    }
}
END_TEST

START_TEST(a_client_that_says_nothing_is_left)
{
    struct talk t = {0};

    ck_assert_str_eq(run_with(&t, "vm-list"), "lost");
    buf_fini(&t.told);
}
END_TEST

/* Nothing happens, and nobody is there to be told: that is noticed. */
START_TEST(a_client_that_goes_away_ends_its_wait)
{
    struct talk t = {.waits = 1000, .writes = 2};

    (void)fixture_call(&fixture, "secret.create",
                       "[\"$s\",{\"value\":\"v\",\"other_config\":{}}]");
    cli_greet(&t.says);
    ck_assert_str_eq(run_with(&t, "event-wait\nclass=secret\nvalue=w" LOGIN),
                     "lost");
    ck_assert_int_gt(t.waits, 900);
    buf_fini(&t.says);
    buf_fini(&t.told);
}
END_TEST

START_TEST(a_client_that_is_none_is_left)
{
    struct talk t = {0};

    for (int i = 0; i < CLI_GREETING_BYTES; i++)
        buf_putc(&t.says, 'x');
    ck_assert_str_eq(run_with(&t, "vm-list"), "lost");
    buf_fini(&t.says);
    buf_fini(&t.told);
}
END_TEST

/* The words of a client's frame. */
static void say(struct buf *out, const uint32_t *words, uint32_t nr)
{
    uint32_t len = nr * 4;

    buf_add(out, &len, 4);
    buf_add(out, words, len);
}

START_TEST(a_file_is_asked_for_and_used)
{
    static const uint32_t ok[] = {10, REPLY_OK};
    static const uint32_t chunk[] = {11, REPLY_CHUNK, 3};
    static const uint32_t end[] = {11, REPLY_END};
    struct talk t = {0};
    const char *text;

    cli_greet(&t.says);
    say(&t.says, ok, 2);
    say(&t.says, chunk, 3);
    buf_puts(&t.says, "abc");
    say(&t.says, end, 2);
    text = run_with(&t, "host-license-add\nlicense-file=f" LOGIN);
    ck_assert_ptr_nonnull(strstr(text, "=1"));
    ck_assert_uint_eq(t.at, t.says.len); /* all of it was read */
    buf_fini(&t.says);
    buf_fini(&t.told);
}
END_TEST

START_TEST(a_chunk_that_is_too_large_is_refused)
{
    static const uint32_t ok[] = {10, REPLY_OK};
    static const uint32_t chunk[] = {11, REPLY_CHUNK, 0xfffffff0};
    struct talk t = {0};
    const char *text;

    cli_greet(&t.says);
    say(&t.says, ok, 2);
    say(&t.says, chunk, 3);
    text = run_with(&t, "host-license-add\nlicense-file=f" LOGIN);
    ck_assert_ptr_nonnull(strstr(text, "maximum allowed"));
    buf_fini(&t.says);
    buf_fini(&t.told);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *tc = tcase_create("cli");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, lines_are_answered, 0,
                        sizeof(lines) / sizeof(lines[0]));
    tcase_add_test(tc, every_command_names_what_exists);
    tcase_add_test(tc, every_field_can_be_written_as_it_says);
    tcase_add_test(tc, all_classes_can_be_listed);
    tcase_add_test(tc, a_client_that_says_nothing_is_left);
    tcase_add_test(tc, a_client_that_goes_away_ends_its_wait);
    tcase_add_test(tc, a_client_that_is_none_is_left);
    tcase_add_test(tc, a_file_is_asked_for_and_used);
    tcase_add_test(tc, a_chunk_that_is_too_large_is_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* How commands fail, and what a person reads then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_frame.h"
#include "cli_run.h"

static const struct error_text {
    const char *code;
    const char *params; /* separated by | */
    const char *text;
} texts[] = {
#define ERROR_TEXT(code, params, text) {#code, params, text},
#include "error_texts.def"
#undef ERROR_TEXT
};

static int compare_code(const void *code, const void *row)
{
    return strcmp(code, ((const struct error_text *)row)->code);
}

static const struct error_text *text_find(const char *code)
{
    return bsearch(code, texts, sizeof(texts) / sizeof(texts[0]),
                   sizeof(texts[0]), compare_code);
}

static int fail(struct cli *c, enum cli_failure failure, const char *text)
{
    c->failure = failure;
    c->text = text;
    return CLI_FAILED;
}

int cli_fail(struct cli *c, const char *format, ...)
{
    struct buf text = {0};
    char line[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args); /* cut is fine */
    va_end(args);
    buf_fini(&text);
    return fail(c, FAILURE_TEXT, arena_strdup(cli_arena(c), line));
}

int cli_fail_usage(struct cli *c, const char *what, const char *text)
{
    return fail(c, FAILURE_USAGE,
                *what ? arena_printf(cli_arena(c), "%s: %s", what, text)
                      : text);
}

int cli_fail_field(struct cli *c, const char *name)
{
    return fail(c, FAILURE_FIELD, name);
}

int cli_fail_internal(struct cli *c, const char *text)
{
    const char *words[] = {"INTERNAL_ERROR", text};

    c->words = value_strings(cli_arena(c), words, 2);
    return fail(c, FAILURE_API, NULL);
}

int cli_fail_exit(struct cli *c, int status)
{
    c->status = status;
    return fail(c, FAILURE_SOLD, NULL);
}

void cli_forgive(struct cli *c)
{
    if (c->failure != FAILURE_LOST)
        c->failure = FAILURE_NONE;
}

bool cli_failed_with(const struct cli *c, const char *code)
{
    return c->failure == FAILURE_API && strcmp(c->words.items[0].s, code) == 0;
}

/* One line per parameter: its name, and what it says. */
static void add_params(struct cli *c, const struct error_text *e,
                       const char *separator, struct buf *out)
{
    bool each_vm = strcmp(e->code, "VMS_FAILED_TO_COOPERATE") == 0;
    const char *name = e->params;

    for (uint32_t i = 1; i < c->words.nr || *name; i++) {
        size_t len = strcspn(name, "|");
        const char *value = i < c->words.nr
                                ? cli_readable(c, c->words.items[i].s)
                                : "<unknown>";

        if (each_vm)
            buf_puts(out, "VM");
        else if (len)
            buf_add(out, name, len);
        else
            buf_puts(out, "<extra>");
        cli_join(out, ": ", value, separator, NULL);
        name += len + (name[len] == '|');
    }
}

/* CODE: [ parameter; parameter ] */
static void add_plain(struct cli *c, struct buf *out)
{
    cli_join(out, c->words.items[0].s, ": [ ", NULL);
    for (uint32_t i = 1; i < c->words.nr; i++)
        cli_join(out, i > 1 ? "; " : "", c->words.items[i].s, NULL);
    buf_puts(out, " ]");
}

const char *cli_failure_text(struct cli *c)
{
    const struct error_text *e;
    struct buf out = {0};
    const char *text;

    if (c->failure != FAILURE_API)
        return c->text ? c->text : "";
    e = text_find(c->words.items[0].s);
    if (!e) {
        add_plain(c, &out);
    } else {
        cli_join(&out, e->text, "\n", NULL);
        add_params(c, e, "\n", &out);
        if (c->words.nr > 1 || *e->params)
            out.len--; /* the last line has no end */
    }
    text = arena_strndup(cli_arena(c), out.data, out.len);
    buf_fini(&out);
    return text;
}

static void print_unknown_error(struct cli *c)
{
    const char **params =
        arena_alloc(cli_arena(c), (c->words.nr + 1) * sizeof(*params));

    for (uint32_t i = 1; i < c->words.nr; i++)
        params[i - 1] = cli_readable(c, c->words.items[i].s);
    cli_order_error(&c->out, c->words.items[0].s, params, c->words.nr - 1);
}

static void print_usage(struct cli *c)
{
    cli_complain(c, "%s\n", c->text);
    cli_complain(c, "For usage run: 'xe help'\n");
}

static void print_api_error(struct cli *c)
{
    const struct error_text *e = text_find(c->words.items[0].s);
    struct buf lines = {0};

    if (cli_failed_with(c, "SESSION_AUTHENTICATION_FAILED")) {
        bool nobody = c->words.nr < 2 || !*c->words.items[1].s;

        (void)cli_fail_usage(c, "",
                             nobody ? "Username/password must be specified"
                                    : "Authentication failed");
        print_usage(c);
    } else if (!e) {
        print_unknown_error(c);
    } else {
        cli_complain(c, "%s\n", e->text);
        add_params(c, e, "\n", &lines);
        if (lines.len)
            cli_complain(c, "%.*s", (int)lines.len, lines.data);
    }
    buf_fini(&lines);
}

static void print_text(struct cli *c)
{
    cli_complain(c, "Error: %s\n", c->text);
}

static void print_field(struct cli *c)
{
    cli_order_error(&c->out, "Missing parameter", &c->text, 1);
}

static void print_nothing(struct cli *c)
{
    (void)c;
}

void cli_failure_print(struct cli *c)
{
    static void (*const printers[])(struct cli *) = {
        [FAILURE_NONE] = print_nothing, [FAILURE_API] = print_api_error,
        [FAILURE_TEXT] = print_text,    [FAILURE_USAGE] = print_usage,
        [FAILURE_FIELD] = print_field,  [FAILURE_SOLD] = print_nothing,
        [FAILURE_LOST] = print_nothing,
    };

    printers[c->failure](c);
}

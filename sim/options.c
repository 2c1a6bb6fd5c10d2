/* Reads the command line by the table of options. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum option_kind {
    KIND_NUMBER,
    KIND_TEXT,
    KIND_FLAG,
};

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset; /* of its field */
    const char *argument;
    uint64_t otherwise, most;
    const char *help;
};

static const struct option_row rows[] = {
#define OPTION_NUMBER(n, f, a, o, m, h) \
    {n, KIND_NUMBER, offsetof(struct options, f), a, o, m, h},
#define OPTION_TEXT(n, f, a, h) \
    {n, KIND_TEXT, offsetof(struct options, f), a, 0, 0, h},
#define OPTION_FLAG(n, f, h) \
    {n, KIND_FLAG, offsetof(struct options, f), NULL, 0, 0, h},
#include "options.def"
#undef OPTION_NUMBER
#undef OPTION_TEXT
#undef OPTION_FLAG
};

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
    FIRST_VALUE = 256, /* of getopt_long, past every character */
};

static uint64_t *number_of(struct options *o, const struct option_row *row)
{
    return (uint64_t *)((char *)o + row->offset);
}

static const char **text_of(struct options *o, const struct option_row *row)
{
    return (const char **)((char *)o + row->offset);
}

static bool *flag_of(struct options *o, const struct option_row *row)
{
    return (bool *)((char *)o + row->offset);
}

static bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number <= most;
}

/* 0, or -EINVAL. */
static int take(struct options *o, const struct option_row *row,
                const char *text)
{
    if (row->kind == KIND_FLAG) {
        *flag_of(o, row) = true;
        return 0;
    }
    if (row->kind == KIND_TEXT && *text) {
        *text_of(o, row) = text;
        return 0;
    }
    if (row->kind == KIND_NUMBER &&
        parse_number(text, row->most, number_of(o, row)))
        return 0;
    fprintf(stderr, "touchstone sim: '--%s %s' makes no sense\n", row->name,
            text);
    return -EINVAL;
}

int options_parse(struct options *o, int argc, char **argv)
{
    struct option known[ROWS_NR + 1] = {{0}};
    int c, rc = 0;

    *o = (struct options){0};
    for (int i = 0; i < ROWS_NR; i++) {
        known[i] = (struct option){
            rows[i].name,
            rows[i].kind == KIND_FLAG ? no_argument : required_argument, NULL,
            FIRST_VALUE + i};
        if (rows[i].kind == KIND_NUMBER)
            *number_of(o, &rows[i]) = rows[i].otherwise;
    }
    while (!rc && (c = getopt_long(argc, argv, "", known, NULL)) > 0)
        rc =
            c < FIRST_VALUE ? -EINVAL : take(o, &rows[c - FIRST_VALUE], optarg);
    return !rc && optind < argc ? -EINVAL : rc;
}

void options_usage(FILE *out)
{
    fputs("usage: touchstone sim [OPTION...]\n\n", out);
    for (int i = 0; i < ROWS_NR; i++) {
        const char *argument = rows[i].argument ? rows[i].argument : "";
        int width = (int)(strlen(rows[i].name) + strlen(argument)) + 3;

        fprintf(out, "  --%s %s%*s%s\n", rows[i].name, argument,
                width < 25 ? 25 - width : 1, "", rows[i].help);
    }
}

/* In single quotes, unless plain. */
static void print_word(const char *text, FILE *out)
{
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_./:,=+@%-") == strlen(text)) {
        fputs(text, out);
        return;
    }
    putc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            putc(*text, out);
    putc('\'', out);
}

void options_print(const struct options *o, FILE *out)
{
    struct options copy = *o;

    fputs("touchstone sim", out);
    for (int i = 0; i < ROWS_NR; i++) {
        const struct option_row *row = &rows[i];

        if (row->kind == KIND_NUMBER &&
            *number_of(&copy, row) != row->otherwise)
            fprintf(out, " --%s %llu", row->name,
                    (unsigned long long)*number_of(&copy, row));
        if (row->kind == KIND_FLAG && *flag_of(&copy, row))
            fprintf(out, " --%s", row->name);
        if (row->kind != KIND_TEXT || !*text_of(&copy, row))
            continue;
        fprintf(out, " --%s ", row->name);
        print_word(*text_of(&copy, row), out);
    }
}

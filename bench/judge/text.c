/* JSON text before it is a tree: limits, and words that JSON does not have. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum {
    READ_BYTES = 65536,
};

int run_fail(struct run_error *e, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(e->text, sizeof(e->text), format, ap); /* or cut */
    va_end(ap);
    return rc;
}

int run_read(FILE *in, char **text, size_t *len, struct run_error *e)
{
    char *all = NULL, *more;

    *len = 0;
    do {
        more = realloc(all, *len + READ_BYTES + 1);
        if (!more) {
            free(all);
            return run_fail(e, -ENOMEM, "no memory");
        }
        all = more;
        *len += fread(all + *len, 1, READ_BYTES, in);
    } while (!feof(in) && !ferror(in) && *len <= RUN_BYTES_MAX);
    if (ferror(in) || *len > RUN_BYTES_MAX) {
        free(all);
        return ferror(in)
                   ? run_fail(e, -EIO, "cannot be read")
                   : run_fail(e, -E2BIG, "more than %d bytes", RUN_BYTES_MAX);
    }
    all[*len] = 0;
    *text = all;
    return 0;
}

/* Copying a text: where it stands. */
struct copier {
    const char *from;
    size_t at, len, out;
    char *to;
    bool string;
    int depth;
    size_t nodes;
};

/* What Python writes for what is no number. */
static const char *const words[] = {"NaN", "-Infinity", "Infinity"};

static size_t word_length(const struct copier *c)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        size_t len = strlen(words[i]);

        if (len <= c->len - c->at &&
            memcmp(c->from + c->at, words[i], len) == 0)
            return len;
    }
    return 0;
}

static void copy_string(struct copier *c)
{
    char x = c->from[c->at];

    c->string = x != '"';
    c->to[c->out++] = x;
    c->at++;
    if (x == '\\' && c->at < c->len)
        c->to[c->out++] = c->from[c->at++];
}

static void copy_outside(struct copier *c)
{
    char x = c->from[c->at];
    size_t word = word_length(c);

    if (word) {
        memcpy(c->to + c->out, "null", 4);
        c->out += 4;
        c->at += word;
        return;
    }
    c->string = x == '"';
    c->depth += (x == '[' || x == '{') - (x == ']' || x == '}');
    c->nodes += x == '[' || x == '{' || x == ',';
    c->to[c->out++] = x;
    c->at++;
}

/* --- UTF-8 (RFC 3629) --------------------------------------------------------- */
/* By first byte: how many follow, and between what the second one lies. */
static const struct lead {
    unsigned char from, to, more, low, high;
} leads[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
        const struct lead *l = &leads[i];

        if (*at < l->from || *at > l->to)
            continue;
        if (l->more >= left)
            return 0;
        for (size_t k = 1; k <= l->more; k++)
            if (at[k] < (k == 1 ? l->low : 0x80) ||
                at[k] > (k == 1 ? l->high : 0xbf))
                return 0;
        return l->more + 1u;
    }
    return 0;
}

static int text_check(const char *text, size_t len, struct run_error *e)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t step;

    for (size_t i = 0; i < len; i += step) {
        step = character(at + i, len - i);
        if (!step)
            return run_fail(e, -EINVAL, "offset %zu: not UTF-8", i);
    }
    return 0;
}

int run_parse(const char *text, size_t len, cJSON **out, struct run_error *e)
{
    struct copier c = {.from = text, .len = len};
    const char *end = NULL;
    int rc = text_check(text, len, e);

    *out = NULL;
    if (rc)
        return rc;
    /* A word of three letters becomes one of four. */
    c.to = malloc(len + len / 3 + 2);
    if (!c.to)
        return run_fail(e, -ENOMEM, "no memory");
    while (c.at < c.len && !rc) {
        if (c.string)
            copy_string(&c);
        else
            copy_outside(&c);
        if (c.depth > RUN_DEPTH_MAX || c.nodes > RUN_NODES_MAX)
            rc = run_fail(e, -E2BIG, "offset %zu: too %s", c.at,
                          c.depth > RUN_DEPTH_MAX ? "deep" : "many values");
    }
    if (!rc) {
        *out = cJSON_ParseWithLengthOpts(c.to, c.out, &end, false);
        if (!*out)
            rc = run_fail(e, -EINVAL, "offset %td: not JSON",
                          end ? end - c.to : 0);
    }
    free(c.to);
    return rc;
}

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

int run_parse(const char *text, size_t len, cJSON **out, struct run_error *e)
{
    struct copier c = {.from = text, .len = len};
    const char *end = NULL;
    int rc = 0;

    *out = NULL;
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

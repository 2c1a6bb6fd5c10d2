/* JSON: a tokeniser that feeds a builder, and a writer that walks a value. */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "rendering.h"

enum {
    NUMBER_MAX = 64,
};

struct reader {
    const char *at, *end;
    struct arena *arena;
    struct builder builder;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
        r->at++;
}

static int hex4(const char *s, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)s[i];
        unsigned digit;

        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (c | 32) - 'a' + 10u;
        else
            return -EINVAL;
        *code = *code << 4 | digit;
    }
    return 0;
}

static char *utf8_put(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* At "uXXXX", or two of them that make one character. */
static int read_unicode(struct reader *r, char **to)
{
    unsigned code, low;

    if (r->end - r->at < 5 || hex4(r->at + 1, &code))
        return -EINVAL;
    r->at += 5;
    if (code >= 0xd800 && code < 0xdc00) {
        if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u' ||
            hex4(r->at + 2, &low) || low < 0xdc00 || low > 0xdfff)
            return -EINVAL;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        r->at += 6;
    }
    if (code == 0)
        return -EINVAL;
    *to = utf8_put(*to, code);
    return 0;
}

static int read_escape(struct reader *r, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *p;

    if (++r->at == r->end)
        return -EINVAL;
    if (*r->at == 'u')
        return read_unicode(r, to);
    p = *r->at ? strchr(from, *r->at) : NULL;
    if (!p)
        return -EINVAL;
    *(*to)++ = into[p - from];
    r->at++;
    return 0;
}

/* At the opening quote. The text never gets longer than its source. */
static int read_string(struct reader *r, const char **text)
{
    const char *close = ++r->at;
    char *to;

    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return -EINVAL;
    to = arena_alloc(r->arena, (size_t)(close - r->at) + 1);
    *text = to;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\0')
            return -EINVAL;
        if (*r->at != '\\')
            *to++ = *r->at++;
        else if (read_escape(r, &to))
            return -EINVAL;
    }
    r->at++;
    return 0;
}

static int read_number(struct reader *r)
{
    char text[NUMBER_MAX], *end;
    size_t len = 0;
    bool real = false;
    long long i;

    while (r->at < r->end && len < sizeof(text) - 1 && *r->at &&
           strchr("+-0123456789.eE", *r->at)) {
        real |= strchr(".eE", *r->at) != NULL;
        text[len++] = *r->at++;
    }
    text[len] = '\0';
    errno = 0;
    i = real ? 0 : strtoll(text, &end, 10);
    if (errno == ERANGE && !real)
        return -EINVAL;
    if (real) {
        double f = strtod(text, &end);

        if (isinf(f))
            return -EINVAL;
        builder_put(&r->builder, value_float(f));
    } else {
        builder_put(&r->builder, value_int(i));
    }
    return len && *end == '\0' && text[0] != '+' ? 0 : -EINVAL;
}

static int read_word(struct reader *r)
{
    static const struct {
        const char *word;
        struct value value;
    } words[] = {{"true", {.kind = VALUE_BOOL, .b = true}},
                 {"false", {.kind = VALUE_BOOL, .b = false}},
                 {"null", {.kind = VALUE_NIL}}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].word);

        if ((size_t)(r->end - r->at) < len ||
            memcmp(r->at, words[i].word, len) != 0)
            continue;
        r->at += len;
        builder_put(&r->builder, words[i].value);
        return 0;
    }
    return -EINVAL;
}

/* A scalar, or the opening of a container. */
static int read_value(struct reader *r)
{
    const char *text;

    if (r->at == r->end)
        return -EINVAL;
    switch (*r->at) {
    case '{':
    case '[':
        builder_begin(&r->builder, *r->at++ == '{');
        return 0;
    case '"':
        if (read_string(r, &text))
            return -EINVAL;
        builder_put(&r->builder, value_string(text));
        return 0;
    case 't':
    case 'f':
    case 'n':
        return read_word(r);
    default:
        return read_number(r);
    }
}

static int read_key(struct reader *r)
{
    const char *key;

    if (r->at == r->end || *r->at != '"' || read_string(r, &key))
        return -EINVAL;
    skip_space(r);
    if (r->at == r->end || *r->at++ != ':')
        return -EINVAL;
    skip_space(r);
    builder_key(&r->builder, key);
    return 0;
}

/* Inside a container: its end, or the next item. */
static int read_item(struct reader *r)
{
    struct builder *b = &r->builder;
    bool map = b->open[b->depth].map;

    skip_space(r);
    if (r->at == r->end)
        return -EINVAL;
    if (*r->at == (map ? '}' : ']')) {
        r->at++;
        builder_end(b);
        return 0;
    }
    if (b->open[b->depth].nr) {
        if (*r->at++ != ',')
            return -EINVAL;
        skip_space(r);
    }
    if (map && read_key(r))
        return -EINVAL;
    return read_value(r);
}

int json_decode(struct arena *a, const char *text, size_t len, struct value *v)
{
    struct reader r = {.at = text, .end = text + len, .arena = a};
    int rc;

    builder_init(&r.builder, a);
    skip_space(&r);
    rc = read_value(&r);
    while (!rc && !r.builder.failed && !r.builder.done)
        rc = read_item(&r);
    skip_space(&r);
    if (rc || r.builder.failed || r.at != r.end)
        return -EINVAL;
    *v = r.builder.root;
    return 0;
}

/* Bytes that a string may hold as they are. */
static const bool plain[256] = {
    [' '] = true,
    ['!'] = true,
    ['#' ... '['] = true,
    [']' ... 255] = true,
};

/* What stands for a byte that is not plain. */
static void put_escape(struct buf *out, char c)
{
    static const char names[] = "\"\"\\\\\nn\rr\tt\bb\ff";
    const char *p = names;

    while (*p && *p != c)
        p += 2;
    if (*p)
        buf_printf(out, "\\%c", p[1]);
    else
        buf_printf(out, "\\u%04x", (unsigned char)c);
}

void json_string(struct buf *out, const char *s)
{
    buf_putc(out, '"');
    for (;;) {
        const char *from = s;

        while (plain[(unsigned char)*s])
            s++;
        buf_add(out, from, (size_t)(s - from));
        if (!*s)
            break;
        put_escape(out, *s++);
    }
    buf_putc(out, '"');
}

void json_float(struct buf *out, double f)
{
    char text[NUMBER_MAX];

    if (isnan(f) || isinf(f)) {
        buf_puts(out, "null");
        return;
    }
    (void)snprintf(text, sizeof(text), "%.16g", f); /* always fits */
    buf_puts(out, text);
    if (!strpbrk(text, ".e"))
        buf_puts(out, ".0");
}

static void write_begin(void *ctx, const struct value *v)
{
    buf_putc(ctx, v->kind == VALUE_MAP ? '{' : '[');
}

static void write_end(void *ctx, const struct value *v)
{
    buf_putc(ctx, v->kind == VALUE_MAP ? '}' : ']');
}

static void write_key(void *ctx, const char *key)
{
    json_string(ctx, key);
    buf_putc(ctx, ':');
}

static void write_next(void *ctx)
{
    buf_putc(ctx, ',');
}

static void write_scalar(void *ctx, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        buf_printf(ctx, "%lld", (long long)v->i);
        break;
    case VALUE_BOOL:
        buf_puts(ctx, v->b ? "true" : "false");
        break;
    case VALUE_FLOAT:
        json_float(ctx, v->f);
        break;
    case VALUE_NIL:
        buf_puts(ctx, "null");
        break;
    case VALUE_RENDERED: /* at most an answer with records in it */
        rendering_write(v->rendering, DIALECT_JSON, json_encode, ctx);
        break;
    default:
        json_string(ctx, v->s);
    }
}

void json_encode(struct buf *out, const struct value *v)
{
    static const struct value_visitor writing = {.begin = write_begin,
                                                 .end = write_end,
                                                 .key = write_key,
                                                 .next = write_next,
                                                 .scalar = write_scalar};

    value_walk(v, &writing, out);
}

/* Values as a dump of the database writes them. */
#include "dbtext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "xmlrpc.h"

/* --- Out -------------------------------------------------------------------- */

static void put_plain(struct buf *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        buf_printf(out, "%lld", (long long)v->i);
        break;
    case VALUE_BOOL:
        buf_puts(out, v->b ? "true" : "false");
        break;
    case VALUE_FLOAT:
        buf_printf(out, "%.18g", v->f);
        break;
    case VALUE_STRING:
    case VALUE_DATE:
        buf_puts(out, v->s);
        break;
    default:
        break;
    }
}

/* A backslash keeps quotes and backslashes. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
    buf_putc(out, '\'');
}

static void begin_cb(void *ctx, const struct value *v)
{
    (void)v;
    buf_putc(ctx, '(');
}

static void end_cb(void *ctx, const struct value *v)
{
    (void)v;
    buf_putc(ctx, ')');
}

static void key_cb(void *ctx, const char *key)
{
    buf_putc(ctx, '(');
    put_quoted(ctx, key);
    buf_putc(ctx, ' ');
}

static void key_end_cb(void *ctx)
{
    buf_putc(ctx, ')');
}

static void next_cb(void *ctx)
{
    buf_putc(ctx, ' ');
}

static void scalar_cb(void *ctx, const struct value *v)
{
    struct buf text = {0};

    put_plain(&text, v);
    buf_putc(&text, '\0');
    put_quoted(ctx, text.data);
    buf_fini(&text);
}

void dbtext_encode(struct buf *out, const struct value *v)
{
    static const struct value_visitor visitor = {.begin = begin_cb,
                                                 .end = end_cb,
                                                 .key = key_cb,
                                                 .key_end = key_end_cb,
                                                 .next = next_cb,
                                                 .scalar = scalar_cb};

    if (v->kind == VALUE_SET || v->kind == VALUE_MAP)
        value_walk(v, &visitor, out);
    else
        put_plain(out, v);
}

/* --- In --------------------------------------------------------------------- */

/* The quoted text at *at, which is left behind it; NULL: it does not end. */
static const char *take_quoted(struct arena *a, const char **at)
{
    const char *from = ++*at;
    char *out, *to;

    while (**at && **at != '\'')
        *at += **at == '\\' && (*at)[1] ? 2 : 1;
    if (!**at)
        return NULL;
    out = to = arena_alloc(a, (size_t)(*at - from) + 1);
    for (; from < *at; from++) {
        if (*from == '\\' && from + 1 < *at)
            from++;
        *to++ = *from;
    }
    ++*at;
    return out;
}

/* Lists in lists, as sets in sets. */
static int parse_lists(struct arena *a, const char *text, struct value *v)
{
    struct builder *b = arena_alloc(a, sizeof(*b));
    const char *at = text, *quoted;

    builder_init(b, a);
    while (*at && !b->failed) {
        switch (*at) {
        case '(':
            builder_begin(b, false);
            at++;
            break;
        case ')':
            if (!b->depth)
                return -EINVAL;
            builder_end(b);
            at++;
            break;
        case '\'':
            quoted = take_quoted(a, &at);
            if (!quoted)
                return -EINVAL;
            builder_put(b, value_string(quoted));
            break;
        case ' ':
            at++;
            break;
        default:
            return -EINVAL;
        }
    }
    *v = b->root;
    return b->failed || !b->done || v->kind != VALUE_SET ? -EINVAL : 0;
}

static int decode_one(const struct base *base, const char *text,
                      struct value *v)
{
    char *end = NULL;

    switch (base->kind) {
    case BASE_INT:
        *v = value_int(strtoll(text, &end, 10));
        break;
    case BASE_FLOAT:
        *v = value_float(strtod(text, &end));
        break;
    case BASE_BOOL:
        *v = value_bool(strcmp(text, "true") == 0);
        return v->b || strcmp(text, "false") == 0 ? 0 : -EINVAL;
    case BASE_DATE:
        *v = value_date(text);
        return 0;
    default:
        *v = value_string(text);
        return 0;
    }
    return !*text || *end ? -EINVAL : 0;
}

/* The items of a list, each of one type. */
static int decode_items(struct arena *a, const struct base *base,
                        const struct value *list, struct value *v)
{
    struct value *items = arena_alloc(a, sizeof(*items) * (list->nr + 1));

    for (uint32_t i = 0; i < list->nr; i++)
        if (list->items[i].kind != VALUE_STRING ||
            decode_one(base, list->items[i].s, &items[i]))
            return -EINVAL;
    *v = value_set(items, list->nr);
    return 0;
}

static int decode_member(struct arena *a, const struct type *type,
                         const struct value *pair, struct member *m)
{
    if (pair->kind != VALUE_SET || pair->nr != 2 ||
        pair->items[0].kind != VALUE_STRING)
        return -EINVAL;
    m->key = pair->items[0].s;
    if (type->shape == SHAPE_MAP_OF_SETS)
        return pair->items[1].kind == VALUE_SET
                   ? decode_items(a, &type->elem, &pair->items[1], &m->value)
                   : -EINVAL;
    if (pair->items[1].kind != VALUE_STRING)
        return -EINVAL;
    return decode_one(&type->elem, pair->items[1].s, &m->value);
}

int dbtext_decode(struct arena *a, const struct type *type, const char *text,
                  struct value *v)
{
    struct member *members;
    struct value list;

    if (type->shape == SHAPE_ONE || type->shape == SHAPE_OPTION)
        return decode_one(&type->elem, text, v);
    if (parse_lists(a, text, &list))
        return -EINVAL;
    if (type->shape == SHAPE_SET)
        return decode_items(a, &type->elem, &list, v);
    members = arena_alloc(a, sizeof(*members) * (list.nr + 1));
    for (uint32_t i = 0; i < list.nr; i++)
        if (decode_member(a, type, &list.items[i], &members[i]))
            return -EINVAL;
    *v = value_map(members, list.nr);
    return 0;
}

/* --- Attributes --------------------------------------------------------------- */

static const struct {
    char c, stand_in;
} protected[] = {{' ', '.'}, {'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}, {'%', '%'}};

enum {
    PROTECTED = sizeof(protected) / sizeof(protected[0]),
};

void dbtext_protect(struct buf *out, const char *text)
{
    struct buf safe = {0};

    for (; *text; text++) {
        size_t i = 0;

        while (i < PROTECTED && protected[i].c != *text)
            i++;
        if (i < PROTECTED) {
            buf_putc(&safe, '%');
            buf_putc(&safe, protected[i].stand_in);
        } else {
            buf_putc(&safe, *text);
        }
    }
    buf_putc(&safe, '\0');
    xmlrpc_text(out, safe.data);
    buf_fini(&safe);
}

char *dbtext_unprotect(struct arena *a, const char *text)
{
    char *out = arena_alloc(a, strlen(text) + 1), *to = out;

    for (; *text; text++) {
        size_t i = 0;

        while (i < PROTECTED &&
               (*text != '%' || protected[i].stand_in != text[1]))
            i++;
        if (i < PROTECTED) {
            *to++ = protected[i].c;
            text++;
        } else {
            *to++ = *text;
        }
    }
    return out;
}

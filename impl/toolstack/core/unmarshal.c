/* Checks and converts parameters; error texts are those that clients know. */
#include "unmarshal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"

static const char *shown_one(struct arena *a, const struct value *v);

static void shown_begin(void *ctx, const struct value *v)
{
    buf_putc(ctx, v->kind == VALUE_MAP ? '{' : '[');
}

static void shown_end(void *ctx, const struct value *v)
{
    buf_putc(ctx, v->kind == VALUE_MAP ? '}' : ']');
}

static void shown_key(void *ctx, const char *key)
{
    buf_printf(ctx, "%s:", key);
}

static void shown_next(void *ctx)
{
    buf_puts(ctx, "; ");
}

static void shown_scalar(void *ctx, const struct value *v)
{
    struct arena a;

    arena_init(&a);
    buf_puts(ctx, shown_one(&a, v));
    arena_fini(&a);
}

/* A value as error texts show it. */
static const char *shown(struct arena *a, const struct value *v)
{
    static const struct value_visitor showing = {.begin = shown_begin,
                                                 .end = shown_end,
                                                 .key = shown_key,
                                                 .next = shown_next,
                                                 .scalar = shown_scalar};
    struct buf b = {0};
    const char *text;

    value_walk(v, &showing, &b);
    text = arena_strndup(a, b.data, b.len);
    buf_fini(&b);
    return text;
}

static const char *shown_one(struct arena *a, const struct value *v)
{
    switch (v->kind) {
    case VALUE_STRING:
        return arena_printf(a, "S(%s)", v->s);
    case VALUE_INT:
        return arena_printf(a, "I(%lld)", (long long)v->i);
    case VALUE_FLOAT:
        return arena_printf(a, "F(%.16g)", v->f);
    case VALUE_BOOL:
        return v->b ? "B(true)" : "B(false)";
    case VALUE_DATE:
        return arena_printf(a, "D(%s)", v->s);
    default:
        return "N";
    }
}

static int expected(struct request *r, const char *what, const struct value *in)
{
    return request_internal(
        r, arena_printf(r->arena, "Failure(\"Expected %s, got '%s'\")", what,
                        shown(r->arena, in)));
}

static int take_string(struct request *r, const struct value *in,
                       struct value *out)
{
    if (in->kind != VALUE_STRING)
        return expected(r, "string", in);
    *out = *in;
    return 0;
}

static int take_int(struct request *r, const struct value *in,
                    struct value *out)
{
    char *end;
    int base;

    if (in->kind == VALUE_INT) {
        *out = value_int(in->i);
        return 0;
    }
    if (in->kind != VALUE_STRING)
        return expected(r, "int64", in);
    errno = 0;
    base = strncasecmp(in->s + (*in->s == '-'), "0x", 2) == 0 ? 16 : 10;
    *out = value_int(strtoll(in->s, &end, base));
    if (!*in->s || *end || errno || strchr(" \t\n\r+", *in->s))
        return request_internal(r, "Failure(\"Int64.of_string\")");
    return 0;
}

static int take_float(struct request *r, const struct value *in,
                      struct value *out)
{
    char *end;

    if (in->kind == VALUE_FLOAT) {
        *out = *in;
        return 0;
    }
    if (in->kind == VALUE_INT) {
        *out = value_float((double)in->i);
        return 0;
    }
    if (in->kind != VALUE_STRING)
        return expected(r, "float", in);
    *out = value_float(strtod(in->s, &end));
    if (!*in->s || *end || strchr(" \t\n\r", *in->s))
        return request_internal(r, "Failure(\"float_of_string\")");
    return 0;
}

static int take_bool(struct request *r, const struct value *in,
                     struct value *out)
{
    if (in->kind != VALUE_BOOL)
        return expected(r, "bool", in);
    *out = *in;
    return 0;
}

/* 20260131T12:34:56Z, with or without dashes, fraction and zone. */
static bool looks_like_date(const char *s)
{
    int digits = 0;

    if (!strchr(s, 'T'))
        return false;
    for (; *s; s++) {
        if (*s >= '0' && *s <= '9')
            digits++;
        else if (!strchr("-:TZ.+", *s))
            return false;
    }
    return digits >= 14;
}

/* The form that the API writes: no dashes, no fraction. */
static const char *compact_date(struct arena *a, const char *s)
{
    char *out = arena_printf(a, "%sZ", s), *to = out;
    bool time = false;

    for (; *s && *s != '.'; s++) {
        time |= *s == 'T';
        if (*s != '-' || time)
            *to++ = *s;
    }
    if (to == out || to[-1] != 'Z')
        *to++ = 'Z';
    *to = '\0';
    return out;
}

static int take_date(struct request *r, const struct value *in,
                     struct value *out)
{
    if (in->kind != VALUE_DATE && in->kind != VALUE_STRING)
        return expected(r, "DateTime", in);
    if (!looks_like_date(in->s))
        return request_internal(
            r,
            arena_printf(r->arena, "Invalid_argument(\"date_of_iso8601: %s\")",
                         in->s));
    *out = value_date(compact_date(r->arena, in->s));
    return 0;
}

static int take_enum(struct request *r, const struct base *base,
                     const struct value *in, struct value *out)
{
    const char *member;

    if (in->kind != VALUE_STRING)
        return expected(r, "string", in);
    member = base->enumeration
                 ? enumeration_find(r->arena, base->enumeration, in->s)
                 : NULL;
    if (!member)
        return request_internal(r, "Failure(\"Unknown tag/contents\")");
    *out = value_string(member);
    return 0;
}

static int take_record(struct request *r, const struct value *in,
                       struct value *out)
{
    if (in->kind != VALUE_MAP)
        return request_internal(r, "Failure(\"bad __structure\")");
    *out = *in;
    return 0;
}

static int take_base(struct request *r, const struct base *base,
                     const struct value *in, struct value *out)
{
    switch (base->kind) {
    case BASE_INT:
        return take_int(r, in, out);
    case BASE_FLOAT:
        return take_float(r, in, out);
    case BASE_BOOL:
        return take_bool(r, in, out);
    case BASE_DATE:
        return take_date(r, in, out);
    case BASE_ENUM:
        return take_enum(r, base, in, out);
    case BASE_RECORD:
        return take_record(r, in, out);
    default:
        return take_string(r, in, out);
    }
}

static int take_set(struct request *r, const struct base *base,
                    const struct value *in, struct value *out)
{
    struct value *items;

    if (in->kind != VALUE_SET)
        return request_internal(
            r, arena_printf(r->arena,
                            "Failure(\"Expecting Rpc.Enum, but found '%s'\")",
                            shown(r->arena, in)));
    items = arena_alloc(r->arena, in->nr * sizeof(*items));
    for (uint32_t i = 0; i < in->nr; i++)
        if (take_base(r, base, &in->items[i], &items[i]))
            return API_FAILED;
    *out = value_set(items, in->nr);
    return 0;
}

static int take_map(struct request *r, const struct type *type,
                    const struct value *in, struct value *out)
{
    struct member *members;

    if (in->kind != VALUE_MAP)
        return request_internal(
            r, arena_printf(r->arena,
                            "Failure(\"Expecting Rpc.Dict, but found '%s'\")",
                            shown(r->arena, in)));
    members = arena_alloc(r->arena, in->nr * sizeof(*members));
    for (uint32_t i = 0; i < in->nr; i++) {
        struct value key = value_string(in->members[i].key), typed;
        const struct value *item = &in->members[i].value;

        members[i].key = key.s;
        if (take_base(r, &type->key, &key, &typed))
            return API_FAILED;
        if (type->shape == SHAPE_MAP_OF_SETS
                ? take_set(r, &type->elem, item, &members[i].value)
                : take_base(r, &type->elem, item, &members[i].value))
            return API_FAILED;
    }
    *out = value_map(members, in->nr);
    return 0;
}

int unmarshal(struct request *r, const struct type *type,
              const struct value *in, struct value *out)
{
    switch (type->shape) {
    case SHAPE_SET:
        return take_set(r, &type->elem, in, out);
    case SHAPE_MAP:
    case SHAPE_MAP_OF_SETS:
        return take_map(r, type, in, out);
    case SHAPE_OPTION:
        if (in->kind == VALUE_NIL) {
            *out = *in;
            return 0;
        }
        return take_base(r, &type->elem, in, out);
    default:
        return take_base(r, &type->elem, in, out);
    }
}

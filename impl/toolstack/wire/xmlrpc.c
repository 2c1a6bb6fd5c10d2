/*
 * XML-RPC: elements drive a builder. They come from a quick scanner, or, where
 * that gives up, from libxml2's SAX interface.
 *
 * No entity but the five predefined ones is known, so that none can expand;
 * libxml2 bounds the depth of elements, the builder that of values.
 */
#include "xmlrpc.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "rendering.h"
#include "xml_scan.h"

enum element {
    EL_NONE,
    EL_CALL,
    EL_METHOD,
    EL_PARAMS,
    EL_PARAM,
    EL_VALUE,
    EL_ARRAY,
    EL_DATA,
    EL_STRUCT,
    EL_MEMBER,
    EL_NAME,
    EL_STRING,
    EL_INT,
    EL_BOOL,
    EL_DOUBLE,
    EL_DATE,
    EL_NIL,
};

static const struct {
    const char *name;
    enum element element, parent;
    bool text; /* its text counts */
} elements[] = {
    {"methodCall", EL_CALL, EL_NONE, false},
    {"methodName", EL_METHOD, EL_CALL, true},
    {"params", EL_PARAMS, EL_CALL, false},
    {"param", EL_PARAM, EL_PARAMS, false},
    {"value", EL_VALUE, EL_PARAM, true},
    {"value", EL_VALUE, EL_NONE, true}, /* a value alone */
    {"value", EL_VALUE, EL_DATA, true},
    {"value", EL_VALUE, EL_MEMBER, true},
    {"array", EL_ARRAY, EL_VALUE, false},
    {"data", EL_DATA, EL_ARRAY, false},
    {"struct", EL_STRUCT, EL_VALUE, false},
    {"member", EL_MEMBER, EL_STRUCT, false},
    {"name", EL_NAME, EL_MEMBER, true},
    {"string", EL_STRING, EL_VALUE, true},
    {"int", EL_INT, EL_VALUE, true},
    {"i4", EL_INT, EL_VALUE, true},
    {"i8", EL_INT, EL_VALUE, true},
    {"boolean", EL_BOOL, EL_VALUE, true},
    {"double", EL_DOUBLE, EL_VALUE, true},
    {"dateTime.iso8601", EL_DATE, EL_VALUE, true},
    {"nil", EL_NIL, EL_VALUE, false},
};

enum {
    ELEMENTS_MAX = 6 * VALUE_DEPTH_MAX,
};

struct call_reader {
    struct arena *arena;
    struct builder builder;
    struct buf text;
    const char *method;
    bool failed, wants_text;
    int depth;
    enum element open[ELEMENTS_MAX];
    bool typed[ELEMENTS_MAX]; /* a <value> has seen a child */
};

static void start_element(void *ctx, const xmlChar *name,
                          const xmlChar **attributes)
{
    struct call_reader *r = ctx;
    enum element parent = r->depth ? r->open[r->depth] : EL_NONE;

    (void)attributes;
    if (r->failed || r->depth + 1 >= ELEMENTS_MAX)
        goto fail;
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (elements[i].parent != parent ||
            strcmp(elements[i].name, (const char *)name) != 0)
            continue;
        if (parent == EL_VALUE) {
            if (r->typed[r->depth])
                goto fail;
            r->typed[r->depth] = true;
        }
        r->depth++;
        r->open[r->depth] = elements[i].element;
        r->typed[r->depth] = false;
        r->wants_text = elements[i].text;
        r->text.len = 0;
        if (elements[i].element == EL_PARAMS || elements[i].element == EL_DATA)
            builder_begin(&r->builder, false);
        if (elements[i].element == EL_STRUCT)
            builder_begin(&r->builder, true);
        return;
    }
fail:
    r->failed = true;
}

/* A number's whole text, or failure. */
static void put_number(struct call_reader *r, const char *text, bool real)
{
    char *end;

    errno = 0;
    if (real) {
        builder_put(&r->builder, value_float(strtod(text, &end)));
    } else {
        builder_put(&r->builder, value_int(strtoll(text, &end, 10)));
        r->failed |= errno == ERANGE;
    }
    r->failed |= !*text || *end || strchr(" \t\n\r", *text);
}

static void put_scalar(struct call_reader *r, enum element element,
                       const char *text)
{
    switch (element) {
    case EL_INT:
        put_number(r, text, false);
        break;
    case EL_DOUBLE:
        put_number(r, text, true);
        break;
    case EL_BOOL:
        builder_put(&r->builder, value_bool(strcmp(text, "0") != 0));
        break;
    case EL_DATE:
        builder_put(&r->builder, value_date(text));
        break;
    case EL_NIL:
        builder_put(&r->builder, (struct value){.kind = VALUE_NIL});
        break;
    default:
        builder_put(&r->builder, value_string(text));
    }
}

static void end_element(void *ctx, const xmlChar *name)
{
    struct call_reader *r = ctx;
    enum element element = r->depth ? r->open[r->depth] : EL_NONE;
    const char *text;

    (void)name;
    if (r->failed || !r->depth)
        return;
    text = r->wants_text && r->text.len
               ? arena_strndup(r->arena, r->text.data, r->text.len)
               : "";
    switch (element) {
    case EL_METHOD:
        r->method = text;
        break;
    case EL_NAME:
        builder_key(&r->builder, text);
        break;
    case EL_MEMBER: /* its value takes the name */
        r->failed |= r->builder.open[r->builder.depth].key != NULL;
        break;
    case EL_PARAMS:
    case EL_DATA:
    case EL_STRUCT:
        builder_end(&r->builder);
        break;
    case EL_VALUE:
        if (!r->typed[r->depth])
            put_scalar(r, EL_STRING, text);
        break;
    case EL_STRING:
    case EL_INT:
    case EL_BOOL:
    case EL_DOUBLE:
    case EL_DATE:
    case EL_NIL:
        put_scalar(r, element, text);
        break;
    default:
        break;
    }
    r->wants_text = false;
    r->text.len = 0;
    r->depth--;
}

static void characters(void *ctx, const xmlChar *text, int len)
{
    struct call_reader *r = ctx;

    if (r->wants_text)
        buf_add(&r->text, text, (size_t)len);
}

static xmlEntityPtr get_entity(void *ctx, const xmlChar *name)
{
    (void)ctx;
    return xmlGetPredefinedEntity(name);
}

static void ignore_message(void *ctx, const char *format, ...)
{
    (void)ctx;
    (void)format;
}

/* 0, or -EINVAL. */
static void scanned_start(void *ctx, const char *name)
{
    start_element(ctx, (const xmlChar *)name, NULL);
}

static void scanned_end(void *ctx, const char *name)
{
    end_element(ctx, (const xmlChar *)name);
}

static void scanned_text(void *ctx, const char *text, size_t len)
{
    characters(ctx, (const xmlChar *)text, (int)len);
}

static void reader_init(struct call_reader *r, struct arena *a)
{
    memset(r, 0, sizeof(*r));
    r->arena = a;
    builder_init(&r->builder, a);
}

static int decode(struct arena *a, const char *text, size_t len,
                  struct call_reader *r)
{
    static const struct xml_events events = {scanned_start, scanned_end,
                                             scanned_text};
    xmlSAXHandler sax = {.startElement = start_element,
                         .endElement = end_element,
                         .characters = characters,
                         .cdataBlock = characters,
                         .ignorableWhitespace = characters,
                         .getEntity = get_entity,
                         .error = ignore_message,
                         .warning = ignore_message};
    int rc;

    if (len > INT32_MAX)
        return -EINVAL;
    reader_init(r, a);
    rc = xml_scan(text, len, &events, r);
    buf_fini(&r->text);
    if (rc) { /* not that plain: from the beginning */
        reader_init(r, a);
        rc = xmlSAXUserParseMemory(&sax, r, text, (int)len);
        buf_fini(&r->text);
    }
    return rc || r->failed || r->builder.failed || !r->builder.done ? -EINVAL
                                                                    : 0;
}

int xmlrpc_decode(struct arena *a, const char *text, size_t len,
                  const char **method, struct value *params)
{
    struct call_reader r;

    if (decode(a, text, len, &r) || !r.method)
        return -EINVAL;
    *method = r.method;
    *params = r.builder.root;
    return 0;
}

int xmlrpc_decode_value(struct arena *a, const char *text, size_t len,
                        struct value *v)
{
    struct call_reader r;

    if (decode(a, text, len, &r) || r.method)
        return -EINVAL;
    *v = r.builder.root;
    return 0;
}

/* Bytes that are text as they are; other control characters are left out. */
static const bool plain[256] = {
    ['\t'] = true,         ['\n'] = true, ['\r'] = true,
    [' '] = true,          ['!'] = true,  ['#' ... '%'] = true,
    ['\'' ... ';'] = true, ['='] = true,  ['?' ... 255] = true,
};

static const char *const entities[256] = {
    ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;"};

void xmlrpc_text(struct buf *out, const char *s)
{
    for (;;) {
        const char *from = s;

        while (plain[(unsigned char)*s])
            s++;
        buf_add(out, from, (size_t)(s - from));
        if (!*s)
            break;
        if (entities[(unsigned char)*s])
            buf_puts(out, entities[(unsigned char)*s]);
        s++;
    }
}

static void write_scalar(void *ctx, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        if (v->nr == INT_AS_I4)
            buf_printf(ctx, "<value><i4>%lld</i4></value>", (long long)v->i);
        else
            buf_printf(ctx, "<value>%lld</value>", (long long)v->i);
        break;
    case VALUE_BOOL:
        buf_printf(ctx, "<value><boolean>%d</boolean></value>", v->b);
        break;
    case VALUE_FLOAT:
        buf_printf(ctx, "<value><double>%.16g</double></value>", v->f);
        break;
    case VALUE_DATE:
        buf_printf(ctx,
                   "<value><dateTime.iso8601>%s</dateTime.iso8601></value>",
                   v->s);
        break;
    case VALUE_NIL:
        buf_puts(ctx, "<value><nil/></value>");
        break;
    case VALUE_RENDERED: /* at most an answer with records in it */
        rendering_write(v->rendering, DIALECT_XML, xmlrpc_value, ctx);
        break;
    default:
        buf_puts(ctx, "<value>");
        xmlrpc_text(ctx, v->s);
        buf_puts(ctx, "</value>");
    }
}

static void write_begin(void *ctx, const struct value *v)
{
    buf_puts(ctx,
             v->kind == VALUE_MAP ? "<value><struct>" : "<value><array><data>");
}

static void write_end(void *ctx, const struct value *v)
{
    buf_puts(ctx, v->kind == VALUE_MAP ? "</struct></value>"
                                       : "</data></array></value>");
}

static void write_key(void *ctx, const char *key)
{
    buf_puts(ctx, "<member><name>");
    xmlrpc_text(ctx, key);
    buf_puts(ctx, "</name>");
}

static void write_key_end(void *ctx)
{
    buf_puts(ctx, "</member>");
}

void xmlrpc_value(struct buf *out, const struct value *v)
{
    static const struct value_visitor writing = {.begin = write_begin,
                                                 .end = write_end,
                                                 .key = write_key,
                                                 .key_end = write_key_end,
                                                 .scalar = write_scalar};

    value_walk(v, &writing, out);
}

void xmlrpc_response(struct buf *out, const struct value *v)
{
    buf_puts(out, "<?xml version=\"1.0\"?><methodResponse><params><param>");
    xmlrpc_value(out, v);
    buf_puts(out, "</param></params></methodResponse>");
}

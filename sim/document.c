/* YAML, of which JSON is the easy part, to values: libyaml finds the events. */
#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "buf.h"
#include "builder.h"
#include "json.h"

struct reader {
    struct arena *arena;
    struct builder builder;
    bool key_next[VALUE_DEPTH_MAX]; /* of the map that is open at a depth */
    const char *why;
};

static bool in_map(const struct reader *r)
{
    const struct builder *b = &r->builder;

    return b->depth > 0 && b->open[b->depth].map;
}

/* After a value: a map wants a key again. */
static void value_done(struct reader *r)
{
    if (in_map(r))
        r->key_next[r->builder.depth] = true;
}

static bool is_null(const char *text)
{
    return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static struct value plain_value(const char *text)
{
    char *end;
    long long i;
    double f;

    if (is_null(text))
        return (struct value){.kind = VALUE_NIL};
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return value_bool(*text == 't');
    if (strspn(text, "+-.0123456789eE") != strlen(text))
        return value_string(text);
    errno = 0;
    i = strtoll(text, &end, 10);
    if (!*end && !errno)
        return value_int(i);
    f = strtod(text, &end);
    return *end ? value_string(text) : value_float(f);
}

static void scalar(struct reader *r, const yaml_event_t *event)
{
    const char *from = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    char *text = arena_strndup(r->arena, from, len);

    if (strlen(text) != len) {
        r->why = "a NUL in a text";
    } else if (in_map(r) && r->key_next[r->builder.depth]) {
        builder_key(&r->builder, text);
        r->key_next[r->builder.depth] = false;
    } else {
        builder_put(&r->builder,
                    event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                        ? plain_value(text)
                        : value_string(text));
        value_done(r);
    }
}

static void container(struct reader *r, bool map)
{
    if (in_map(r) && r->key_next[r->builder.depth]) {
        r->why = "a key that is no text";
        return;
    }
    builder_begin(&r->builder, map);
    if (!r->builder.failed)
        r->key_next[r->builder.depth] = map;
}

static void take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        scalar(r, event);
        break;
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        container(r, event->type == YAML_MAPPING_START_EVENT);
        break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        builder_end(&r->builder);
        value_done(r);
        break;
    case YAML_ALIAS_EVENT:
        r->why = "an alias";
        break;
    default:
        break;
    }
    if (!r->why && r->builder.failed)
        r->why = "too deep, or more than one document";
}

static const char *reason(struct reader *r, const yaml_parser_t *p, bool broken)
{
    return arena_printf(r->arena, "line %zu: %s",
                        (broken ? p->problem_mark.line : p->mark.line) + 1,
                        broken ? p->problem ? p->problem : "not UTF-8"
                               : r->why);
}

int document_parse(struct arena *a, const char *text, size_t len,
                   struct value *v, const char **why)
{
    struct reader *r = arena_alloc(a, sizeof(*r));
    yaml_parser_t parser;
    yaml_event_t event;
    bool last = false;
    int rc = 0;

    if (json_decode(a, text, len, v) == 0)
        return 0;
    r->arena = a;
    builder_init(&r->builder, a);
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    while (!rc && !last) {
        if (!yaml_parser_parse(&parser, &event)) {
            *why = reason(r, &parser, true);
            rc = -EINVAL;
            break;
        }
        take_event(r, &event);
        last = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (r->why) {
            *why = reason(r, &parser, false);
            rc = -EINVAL;
        }
    }
    yaml_parser_delete(&parser);
    *v = r->builder.done ? r->builder.root : value_map(NULL, 0);
    return rc;
}

int document_load(struct arena *a, const char *path, struct value *v,
                  const char **why)
{
    struct buf text = {0};
    FILE *f = fopen(path, "re");
    char chunk[4096];
    size_t nr;
    int rc;

    if (!f) {
        rc = -errno;
        *why = arena_strdup(a, strerror(-rc));
        return rc;
    }
    while (text.len <= DOCUMENT_BYTES_MAX &&
           (nr = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(&text, chunk, nr);
    if (ferror(f) || text.len > DOCUMENT_BYTES_MAX) {
        rc = ferror(f) ? -EIO : -EFBIG;
        *why = arena_strdup(a, strerror(-rc));
    } else {
        rc = document_parse(a, text.data ? text.data : "", text.len, v, why);
    }
    fclose(f);
    buf_fini(&text);
    return rc;
}

/* Parses the types, parameters and defaults of the tables. */
#include "model_type.h"

#include <assert.h>
#include <string.h>

#include "json.h"
#include "model_tables.h"

static const struct {
    const char *name;
    enum base_kind kind;
} plain[] = {
    {"string", BASE_STRING}, {"secretstring", BASE_STRING}, {"int", BASE_INT},
    {"float", BASE_FLOAT},   {"bool", BASE_BOOL},           {"void", BASE_VOID},
    {"datetime", BASE_DATE},
};

static const struct enumeration *named(const char *name)
{
    for (int i = 0; i < enumeration_rows_nr; i++)
        if (strcmp(enumeration_rows[i].name, name) == 0)
            return &enumeration_rows[i];
    return NULL;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t len = strlen(s), n = strlen(tail);

    return len >= n && strcmp(s + len - n, tail) == 0;
}

/* The text without its last `n` bytes. */
static char *chop(struct arena *a, const char *s, size_t n)
{
    return arena_strndup(a, s, strlen(s) - n);
}

static struct base base_parse(struct arena *a, const char *text)
{
    if (strncmp(text, "enum ", 5) == 0)
        return (struct base){.kind = BASE_ENUM,
                             .of = arena_strdup(a, text + 5),
                             .enumeration = named(text + 5)};
    if (ends_with(text, " ref"))
        return (struct base){.kind = BASE_REF, .of = chop(a, text, 4)};
    if (ends_with(text, " record"))
        return (struct base){.kind = BASE_RECORD, .of = chop(a, text, 7)};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (strcmp(plain[i].name, text) == 0)
            return (struct base){.kind = plain[i].kind};
    /* What only results have, such as an event batch. */
    return (struct base){.kind = BASE_VOID};
}

static struct type map_parse(struct arena *a, const char *text)
{
    const char *arrow = strstr(text, " -> ");
    char *elem;
    struct type t = {.shape = SHAPE_MAP};

    assert(arrow);
    t.key = base_parse(a, arena_strndup(a, text, (size_t)(arrow - text)));
    elem = arena_strdup(a, arrow + 4);
    if (ends_with(elem, " set")) {
        t.shape = SHAPE_MAP_OF_SETS;
        elem = chop(a, elem, 4);
    }
    t.elem = base_parse(a, elem);
    return t;
}

struct type type_parse(struct arena *a, const char *text)
{
    struct type t = {.shape = SHAPE_ONE};

    if (text[0] == '(' && ends_with(text, ") map"))
        return map_parse(a, chop(a, text + 1, 5));
    if (ends_with(text, " set")) {
        t.shape = SHAPE_SET;
        text = chop(a, text, 4);
    } else if (ends_with(text, " option")) {
        t.shape = SHAPE_OPTION;
        text = chop(a, text, 7);
    }
    t.elem = base_parse(a, text);
    return t;
}

const struct value *default_parse(struct arena *a, const struct type *type,
                                  const char *json)
{
    struct value *v = arena_alloc(a, sizeof(*v));
    bool one = type->shape == SHAPE_ONE;
    int rc = json_decode(a, json, strlen(json), v);

    assert(rc == 0);
    if (one && type->elem.kind == BASE_FLOAT && v->kind == VALUE_INT)
        *v = value_float((double)v->i);
    if (one && type->elem.kind == BASE_DATE)
        v->kind = VALUE_DATE;
    return v;
}

static void param_parse(struct arena *a, char *text, struct param *p)
{
    char *equals = strstr(text, " = "), *space;

    if (equals)
        *equals = '\0';
    space = strrchr(text, ' ');
    assert(space);
    *space = '\0';
    p->name = space + 1;
    p->type = type_parse(a, text);
    if (equals)
        p->fallback = default_parse(a, &p->type, equals + 3);
}

int params_parse(struct arena *a, const char *text, struct param *params)
{
    int nr = 0;

    while (*text) {
        const char *end = strstr(text, "; ");
        size_t len = end ? (size_t)(end - text) : strlen(text);

        assert(nr < PARAMS_MAX);
        params[nr] = (struct param){0};
        param_parse(a, arena_strndup(a, text, len), &params[nr++]);
        text += len + (end ? 2 : 0);
    }
    return nr;
}

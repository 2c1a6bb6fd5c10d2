/* Values of the API as words, and words as values. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cli_record.h"

static const struct {
    const char *table, *api, *shown;
} conversions[] = {
#define CONVERSION(table, api, shown) {#table, api, shown},
#define READER(table, complaint)
#include "conversions.def"
#undef CONVERSION
#undef READER
};

static const struct {
    const char *table, *complaint;
} readers[] = {
#define CONVERSION(table, api, shown)
#define READER(table, complaint) {#table, complaint},
#include "conversions.def"
#undef CONVERSION
#undef READER
};

const char *cli_convert(const char *table, const char *word)
{
    for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++)
        if (strcmp(conversions[i].table, table) == 0 &&
            strcmp(conversions[i].api, word) == 0)
            return conversions[i].shown;
    return word;
}

const char *cli_lower(struct cli *c, const char *word)
{
    char *text = arena_strdup(cli_arena(c), word);

    for (char *s = text; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    return text;
}

/* Expected one of 'a', 'b', got c */
static int refuse_word(struct cli *c, const struct enumeration *e,
                       const char *word)
{
    struct buf list = {0};
    int rc;

    for (const char *at = e->values; *at;) {
        size_t len = strcspn(at, " ");

        buf_printf(&list, "%s'%.*s'", list.len ? ", " : "", (int)len, at);
        at += len;
        at += strspn(at, " ");
    }
    rc = cli_fail(c, "Expected one of %.*s, got %s", (int)list.len, list.data,
                  cli_lower(c, word));
    buf_fini(&list);
    return rc;
}

int cli_read_word(struct cli *c, const char *table, const struct enumeration *e,
                  const char *word, const char **api)
{
    const char *found;

    for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++)
        if (strcmp(conversions[i].table, table) == 0 &&
            strcasecmp(conversions[i].shown, word) == 0) {
            *api = conversions[i].api;
            return 0;
        }
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (strcmp(readers[i].table, table) == 0)
            return cli_fail(c, "%s %s", readers[i].complaint,
                            cli_lower(c, word));
    found = enumeration_find(cli_arena(c), e, word);
    if (!found)
        return refuse_word(c, e, word);
    *api = found;
    return 0;
}

static const char *show_ref(struct cli *c, const struct value *v)
{
    const char *uuid = cli_uuid_of(c, v->s);

    return *uuid ? uuid : CLI_NO_OBJECT;
}

static const char *show_one(struct cli *c, const struct base *base,
                            const struct value *v, const char *table)
{
    switch (v->kind) {
    case VALUE_INT:
        return arena_printf(cli_arena(c), "%" PRId64, v->i);
    case VALUE_BOOL:
        return v->b ? "true" : "false";
    case VALUE_FLOAT:
        return arena_printf(cli_arena(c), "%.3f", v->f);
    case VALUE_STRING:
        if (base->kind == BASE_REF)
            return show_ref(c, v);
        return *table ? cli_convert(table, v->s) : v->s;
    case VALUE_DATE:
        return v->s;
    default:
        return "";
    }
}

struct value cli_show(struct cli *c, const struct type *type,
                      const struct value *v, const char *table)
{
    struct value *items;
    struct member *members;

    if (v->kind == VALUE_SET) {
        items = arena_alloc(cli_arena(c), (v->nr + 1) * sizeof(*items));
        for (uint32_t i = 0; i < v->nr; i++)
            items[i] =
                value_string(show_one(c, &type->elem, &v->items[i], table));
        return value_set(items, v->nr);
    }
    if (v->kind != VALUE_MAP)
        return value_string(show_one(c, &type->elem, v, table));
    members = arena_alloc(cli_arena(c), (v->nr + 1) * sizeof(*members));
    for (uint32_t i = 0; i < v->nr; i++) {
        const struct value *one = &v->members[i].value;

        members[i].key = type->key.kind == BASE_ENUM
                             ? cli_convert(table, v->members[i].key)
                             : v->members[i].key;
        members[i].value = value_string(show_one(c, &type->elem, one, table));
    }
    return value_map(members, v->nr);
}

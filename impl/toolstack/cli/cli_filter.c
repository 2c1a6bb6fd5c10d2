/* Filters on rows: by a field, by a key of a map, by a member of a set. */
#include <string.h>

#include "cli_record.h"

bool cli_is_common_param(const char *name)
{
    return cli_names_have("server password port username minimal force "
                          "multiple all message-priority trace",
                          name);
}

/* What a filter's key means. */
struct aim {
    const struct cli_field *field;
    const char *rest; /* after the field's name and a separator; or NULL */
};

/* The longest field with this flag that the name begins with, and a dash. */
static const struct cli_field *prefix_find(const struct cli_record *r,
                                           const char *name, char flag)
{
    const struct cli_field *best = NULL;

    for (const struct cli_field *f = cli_field_first(r); f;
         f = cli_field_next(f)) {
        size_t len = strlen(f->name);

        if (cli_field_is(f, flag) && strncmp(name, f->name, len) == 0 &&
            name[len] == '-' && (!best || len > strlen(best->name)))
            best = f;
    }
    return best;
}

/* 0 or CLI_FAILED. */
int cli_aim(struct cli *c, const struct cli_record *r, const char *name,
            const struct cli_field **field, const char **rest)
{
    const char *colon = strchr(name, ':');

    *rest = NULL;
    *field = cli_field_find(r, name);
    if (*field)
        return 0;
    if (colon) {
        *field = cli_field_find(
            r, arena_strndup(cli_arena(c), name, (size_t)(colon - name)));
        *rest = colon + 1;
        if (*field && !cli_field_is(*field, 'S') && !cli_field_is(*field, 'M'))
            return cli_fail(c, "Field '%s' is not a set or map",
                            (*field)->name);
    } else {
        *field = prefix_find(r, name, 'M');
        if (!*field)
            *field = prefix_find(r, name, 'S');
        if (*field)
            *rest = name + strlen((*field)->name) + 1;
    }
    return *field ? 0 : cli_fail(c, "Unknown field '%s'", name);
}

static bool same(const struct cli_field *f, const char *a, const char *b)
{
    return (cli_field_is(f, 'c') ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

static bool has_member(const struct cli_field *f, const struct value *v,
                       const char *text)
{
    for (uint32_t i = 0; i < v->nr && v->kind == VALUE_SET; i++)
        if (same(f, v->items[i].s, text))
            return true;
    return false;
}

static bool has_pair(const struct cli_field *f, const struct value *v,
                     const char *key, const char *text)
{
    for (uint32_t i = 0; i < v->nr && v->kind == VALUE_MAP; i++)
        if (same(f, v->members[i].key, key))
            return strcmp(v->members[i].value.s, text) == 0;
    return false;
}

static int matches(struct cli *c, const struct cli_row *row,
                   const struct aim *aim, const char *text, bool *yes)
{
    struct value v;
    const char *shown;

    if (!aim->rest) {
        if (cli_field_text(c, row, aim->field, &shown))
            return CLI_FAILED;
        *yes = same(aim->field, shown, text);
        return 0;
    }
    *yes = false;
    if (cli_field_value(c, row, aim->field, &v)) {
        cli_forgive(c);
        return c->failure ? CLI_FAILED : 0;
    }
    *yes = cli_field_is(aim->field, 'S')
               ? has_member(aim->field, &v, text)
               : has_pair(aim->field, &v, aim->rest, text);
    return 0;
}

int cli_filter(struct cli *c, struct cli_row *rows, int *nr, const char *key,
               const char *value)
{
    struct aim aim;
    int kept = 0;

    if (!*nr)
        return 0;
    if (cli_aim(c, rows[0].record, key, &aim.field, &aim.rest))
        return CLI_FAILED;
    if (aim.rest && cli_field_is(aim.field, 'S') &&
        strcmp(aim.rest, "contains") != 0)
        return cli_fail(c, "Invalid syntax for set filtering (should be "
                           "set-param:contains=key)");
    for (int i = 0; i < *nr; i++) {
        bool yes;

        if (matches(c, &rows[i], &aim, value, &yes))
            return CLI_FAILED;
        if (yes)
            rows[kept++] = rows[i];
    }
    *nr = kept;
    return 0;
}

/* Rows: tables of fields, and what a field of an object says. */
#include "cli_record.h"

#include <assert.h>
#include <string.h>

static const struct cli_record records[] = {
#define RECORD(prefix, class_name, whose, filters, shown) \
    {prefix, class_name, whose, filters, shown},
#include "records.def"
#undef RECORD
};

static const struct cli_field fields[] = {
#define FIELD(whose, name, get, put, flags) {whose, name, get, put, flags},
#include "fields.def"
#include "fields_more.def"
#undef FIELD
};

enum {
    RECORDS = sizeof(records) / sizeof(records[0]),
    FIELDS = sizeof(fields) / sizeof(fields[0]),
};

const struct cli_record *cli_record_at(int nr)
{
    return nr < RECORDS ? &records[nr] : NULL;
}

const struct cli_record *cli_record_find(const char *prefix)
{
    int i = 0;

    while (strcmp(records[i].prefix, prefix) != 0)
        assert(++i < RECORDS);
    return &records[i];
}

const struct cli_record *cli_record_of(const char *whose)
{
    int i = 0;

    while (strcmp(records[i].whose, whose) != 0)
        assert(++i < RECORDS);
    return &records[i];
}

const struct cli_field *cli_field_first(const struct cli_record *r)
{
    int i = 0;

    while (strcmp(fields[i].whose, r->whose) != 0)
        assert(++i < FIELDS);
    return &fields[i];
}

const struct cli_field *cli_field_next(const struct cli_field *f)
{
    const struct cli_field *next = f + 1;

    return next < fields + FIELDS && strcmp(next->whose, f->whose) == 0 ? next
                                                                        : NULL;
}

const struct cli_field *cli_field_find(const struct cli_record *r,
                                       const char *name)
{
    const struct cli_field *f = cli_field_first(r);

    while (f && strcmp(f->name, name) != 0)
        f = cli_field_next(f);
    return f;
}

bool cli_field_is(const struct cli_field *f, char flag)
{
    return strchr(f->flags, flag) != NULL;
}

bool cli_field_is_map_rw(const struct cli_field *f)
{
    return f->put[0] == 'm' || strcmp(f->put, "M") == 0;
}

bool cli_field_adds(const struct cli_field *f)
{
    return strchr(f->put, '+') != NULL;
}

bool cli_field_sets(const struct cli_field *f)
{
    return *f->put && !strchr("mMpc+", f->put[0]);
}

/* Roles that are made of others are those that a subject can have. */
bool cli_row_counts(const struct cli_row *row)
{
    const struct value *subroles = value_find(&row->fields, "subroles");

    return strcmp(row->record->whose, "role") != 0 || !subroles || subroles->nr;
}

int cli_rows(struct cli *c, const struct cli_record *record, const char *expr,
             struct cli_row **rows, int *nr)
{
    struct value all;

    if (cli_ask(c,
                arena_printf(cli_arena(c), "%s.get_all_records_where",
                             record->class_name),
                &all, expr, NULL))
        return CLI_FAILED;
    *rows = arena_alloc(cli_arena(c), (all.nr + 1) * sizeof(**rows));
    *nr = 0;
    for (uint32_t i = 0; i < all.nr; i++) {
        struct cli_row row = {record, all.members[i].key, all.members[i].value};

        if (cli_row_counts(&row))
            (*rows)[(*nr)++] = row;
    }
    return 0;
}

int cli_row_get(struct cli *c, const struct cli_record *record, const char *ref,
                struct cli_row *row)
{
    *row = (struct cli_row){.record = record, .ref = ref};
    return cli_ask(
        c, arena_printf(cli_arena(c), "%s.get_record", record->class_name),
        &row->fields, ref, NULL);
}

/* The parts of a `get` column. */
struct path {
    bool labels, values;
    const char *first, *second; /* second may be NULL */
    const char *otherwise, *table;
};

static void path_parse(struct cli *c, const char *get, struct path *p)
{
    char *text = arena_strdup(cli_arena(c), get + (get[0] == ',')), *at;

    *p = (struct path){.otherwise = CLI_NO_OBJECT, .table = ""};
    if ((at = strchr(text, '|'))) {
        *at = '\0';
        p->table = at + 1;
    }
    if ((at = strchr(text, '?'))) {
        *at = '\0';
        p->otherwise = at + 1;
    }
    if ((at = strchr(text, ':'))) {
        p->labels = strncmp(text, "name:", 5) == 0;
        p->values = !p->labels;
        text = at + 1;
    }
    p->first = text;
    if ((at = strchr(text, '.'))) {
        *at = '\0';
        p->second = at + 1;
    }
}

static const struct type *field_type(const char *class_name, const char *name)
{
    const struct class *class = class_find(class_name);
    int nr = field_index(class, name);

    assert(nr >= 0);
    return &class->fields[nr]->type;
}

static const char *label_or_none(struct cli *c, const char *ref)
{
    const char *label = cli_label_of(c, ref);

    return label ? label : CLI_NO_OBJECT;
}

static struct value labels(struct cli *c, const struct value *v)
{
    struct value *items;

    if (v->kind != VALUE_SET)
        return value_string(label_or_none(c, v->s));
    items = arena_alloc(cli_arena(c), (v->nr + 1) * sizeof(*items));
    for (uint32_t i = 0; i < v->nr; i++)
        items[i] = value_string(label_or_none(c, v->items[i].s));
    return value_set(items, v->nr);
}

/* A map's values as a set. */
static struct value values(struct cli *c, const struct value *map)
{
    struct value *items =
        arena_alloc(cli_arena(c), (map->nr + 1) * sizeof(*items));

    for (uint32_t i = 0; i < map->nr; i++)
        items[i] = map->members[i].value;
    return value_set(items, map->nr);
}

/* A field of the object that a field refers to. */
static int follow(struct cli *c, const struct type *type, const char *ref,
                  const char *field, struct value *v)
{
    struct value record;

    if (cli_ask(c, arena_printf(cli_arena(c), "%s.get_record", type->elem.of),
                &record, ref, NULL))
        return CLI_FAILED;
    *v = *value_find(&record, field);
    return 0;
}

int cli_field_value(struct cli *c, const struct cli_row *row,
                    const struct cli_field *f, struct value *v)
{
    struct path path;
    const struct type *type;
    const struct value *found;

    if (f->get[0] == '@')
        return cli_getter_find(f->get + 1)(c, row, v);
    path_parse(c, f->get, &path);
    type = field_type(row->record->class_name, path.first);
    found = value_find(&row->fields, path.first);
    assert(found);
    *v = *found;
    if (path.second) {
        if (follow(c, type, found->s, path.second, v)) {
            cli_forgive(c);
            *v = value_string(path.otherwise);
            return c->failure ? CLI_FAILED : 0;
        }
        type = field_type(type->elem.of, path.second);
    }
    *v = path.labels ? labels(c, v) : cli_show(c, type, v, path.table);
    if (path.values)
        *v = values(c, v);
    return 0;
}

const char *cli_value_text(struct cli *c, const struct value *v,
                           const char *separator)
{
    struct buf out = {0};
    const char *text;

    if (v->kind == VALUE_STRING)
        return v->s;
    for (uint32_t i = 0; i < v->nr; i++) {
        buf_puts(&out, i ? separator : "");
        if (v->kind == VALUE_MAP)
            cli_join(&out, v->members[i].key, ": ", v->members[i].value.s,
                     NULL);
        else
            buf_puts(&out, v->items[i].s);
    }
    text = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "";
    buf_fini(&out);
    return text;
}

int cli_field_text(struct cli *c, const struct cli_row *row,
                   const struct cli_field *f, const char **text)
{
    struct value v;

    if (cli_field_value(c, row, f, &v)) {
        if (!cli_failed_with(c, "HANDLE_INVALID"))
            return CLI_FAILED;
        cli_forgive(c);
        *text = "<invalid reference>";
        return 0;
    }
    *text = cli_value_text(c, &v, f->get[0] == ',' ? ", " : "; ");
    return 0;
}

int cli_field_text_of(struct cli *c, const struct cli_row *row,
                      const char *name, const char **text)
{
    const struct cli_field *f = cli_field_find(row->record, name);

    return f ? cli_field_text(c, row, f, text) : cli_fail_field(c, name);
}

static const char *marker(const struct cli_field *f)
{
    if (cli_field_is(f, 'S'))
        return cli_field_adds(f) ? "SRW" : "SRO";
    if (cli_field_is(f, 'M'))
        return cli_field_is_map_rw(f) ? "MRW" : "MRO";
    return cli_field_sets(f) ? " RW" : " RO";
}

int cli_field_line(struct cli *c, const struct cli_row *row,
                   const struct cli_field *f, bool cheap,
                   struct cli_lines *lines)
{
    const char *text = "<expensive field>";

    if (!(cheap && cli_field_is(f, 'x')) && cli_field_text(c, row, f, &text))
        return CLI_FAILED;
    cli_row_line(c, lines,
                 arena_printf(cli_arena(c), "%s (%s)%s", f->name, marker(f),
                              cli_field_is(f, 'd') ? " [DEPRECATED]" : ""),
                 text);
    return 0;
}

bool cli_names_have(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = names; *at;) {
        size_t word = strcspn(at, " ,");

        if (word == len && strncmp(at, name, len) == 0)
            return true;
        at += word;
        at += *at != '\0';
    }
    return false;
}

int cli_row_lines(struct cli *c, const struct cli_row *row, const char *names,
                  struct cli_lines *lines)
{
    for (const struct cli_field *f = cli_field_first(row->record); f;
         f = cli_field_next(f))
        if ((!*names || cli_names_have(names, f->name)) &&
            cli_field_line(c, row, f, false, lines))
            return CLI_FAILED;
    return 0;
}

/* The commands that every class has: NAME-list, NAME-param-get and so on. */
#include "cli_generic.h"

#include <string.h>

#include "cli_record.h"

enum {
    OUTPUT_BYTES = 1 << 20, /* that wait to be sent */
};

/* A session on another database, if the command names one. */
static int open_database(struct cli *c, const char **before)
{
    const char *vdi_uuid = cli_param(c, "database:vdi-uuid"), *vdi;
    const char *file = cli_param(c, "database:filename"), *session;

    *before = NULL;
    if (vdi_uuid && file)
        return cli_fail(c,
                        "xapi can query a DB vdi or a DB file, but not both.");
    if (!vdi_uuid && !file)
        return 0;
    if (file) {
        if (cli_ask_text(c, "session.create_from_db_file", &session, file,
                         NULL))
            return CLI_FAILED;
    } else if (cli_by_uuid(c, "VDI", vdi_uuid, &vdi) ||
               cli_ask_text(c, "VDI.open_database", &session, vdi, NULL)) {
        return CLI_FAILED;
    }
    *before = c->session;
    c->session = session;
    return 0;
}

static void close_database(struct cli *c, const char *before)
{
    enum cli_failure failure = c->failure;
    const char *text = c->text;
    struct value words = c->words;

    if (!before)
        return;
    (void)cli_ask(c, "session.logout", NULL, NULL); /* it may have expired */
    c->session = before;
    c->failure = failure;
    c->text = text;
    c->words = words;
}

/* A list while it is made, object by object. */
struct listing {
    const struct cli_record *record;
    const char *names, *ref;
    bool all;
    int rows;
    bool empty_row;     /* then --minimal prints nothing */
    struct buf minimal; /* first fields */
};

/* The table's own filters, then the client's. */
static int filter_one(struct cli *c, struct cli_row *row, int *nr)
{
    const char *filters = row->record->filters;
    struct value own = cli_words(c, filters, ' ');

    for (uint32_t i = 0; i < own.nr && *filters; i++) {
        struct value pair = cli_words(c, own.items[i].s, '=');

        if (cli_filter(c, row, nr, pair.items[0].s, pair.items[1].s))
            return CLI_FAILED;
    }
    for (int i = 0; i < c->params_nr; i++) {
        const struct cli_param *p = &c->params[i];

        if (strcmp(p->name, "params") == 0 || cli_is_common_param(p->name) ||
            strncmp(p->name, "database:", 9) == 0)
            continue;
        if (cli_filter(c, row, nr, p->name, p->value))
            return CLI_FAILED;
    }
    return 0;
}

static int add_row(struct cli *c, const struct cli_row *row, const char *names,
                   struct cli_table *table)
{
    struct cli_lines *lines = cli_table_row(c, table);

    for (const struct cli_field *f = cli_field_first(row->record); f;
         f = cli_field_next(f))
        if (!cli_field_is(f, 'h') &&
            (!*names || cli_names_have(names, f->name)) &&
            cli_field_line(c, row, f, true, lines))
            return CLI_FAILED;
    return 0;
}

static void note_minimal(struct listing *l, const struct cli_lines *lines)
{
    l->empty_row |= !lines->first;
    if (l->rows++)
        buf_putc(&l->minimal, ',');
    if (lines->first)
        cli_add_escaped(&l->minimal, lines->first->value);
}

static int list_one(struct cli *c, void *ctx)
{
    struct listing *l = ctx;
    struct cli_table table = {0};
    struct cli_row row;
    int nr = 1;

    if (cli_row_get(c, l->record, l->ref, &row)) {
        if (!cli_failed_with(c, "HANDLE_INVALID"))
            return CLI_FAILED;
        cli_forgive(c); /* it went while others were printed */
        return 0;
    }
    if (!cli_row_counts(&row))
        return 0;
    if (filter_one(c, &row, &nr))
        return CLI_FAILED;
    if (!nr && !l->all)
        return 0;
    if (add_row(c, &row, l->names, &table))
        return CLI_FAILED;
    if (c->minimal)
        note_minimal(l, table.first);
    else
        cli_print_table(c, &table);
    return c->out.len > OUTPUT_BYTES ? cli_flush(c) : 0;
}

static int list(struct cli *c, const struct cli_record *r)
{
    const char *params = cli_param(c, "params");
    struct listing l = {.record = r};
    struct value refs;
    int rc = 0;

    if (cli_flag(c, "all", false, &l.all) ||
        cli_ask(c, arena_printf(cli_arena(c), "%s.get_all", r->class_name),
                &refs, NULL))
        return CLI_FAILED;
    l.names = params && strcmp(params, "all") == 0 ? ""
              : params                             ? (*params ? params : ",")
                                                   : r->shown;
    for (uint32_t i = 0; i < refs.nr && !rc; i++) {
        l.ref = refs.items[i].s;
        rc = cli_scratch(c, list_one, &l);
    }
    if (!rc && c->minimal && l.rows && !l.empty_row)
        cli_join_piece(c, &l.minimal);
    buf_fini(&l.minimal);
    return rc;
}

static int get_row(struct cli *c, const struct cli_record *r,
                   struct cli_row *row)
{
    const char *ref;

    if (cli_param_ref(c, r->class_name, "uuid", &ref))
        return CLI_FAILED;
    return cli_row_get(c, r, ref, row);
}

static int param_list(struct cli *c, const struct cli_record *r)
{
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct cli_row row;

    if (get_row(c, r, &row))
        return CLI_FAILED;
    for (const struct cli_field *f = cli_field_first(r); f;
         f = cli_field_next(f))
        if (!cli_field_is(f, 'h') && cli_field_line(c, &row, f, false, lines))
            return CLI_FAILED;
    cli_print_table(c, &table);
    return 0;
}

static int find_field(struct cli *c, const struct cli_record *r,
                      const struct cli_field **f)
{
    const char *name = cli_param_or(c, "param-name", "");

    *f = cli_field_find(r, name);
    return *f ? 0 : cli_fail_field(c, name);
}

static int param_get(struct cli *c, const struct cli_record *r)
{
    const char *key = cli_param(c, "param-key"), *text;
    const struct cli_field *f;
    struct cli_row row;
    struct value map;
    const struct value *found;

    if (get_row(c, r, &row) || find_field(c, r, &f))
        return CLI_FAILED;
    if (!key || !cli_field_is(f, 'M')) {
        if (cli_field_text(c, &row, f, &text))
            return CLI_FAILED;
        cli_print(c, text);
        return 0;
    }
    if (cli_field_value(c, &row, f, &map))
        return CLI_FAILED;
    found = map.kind == VALUE_MAP ? value_find(&map, key) : NULL;
    if (!found)
        return cli_fail(c, "Key %s not found in map", key);
    cli_print(c, found->s);
    return 0;
}

static bool is_settable(const char *name)
{
    return strcmp(name, "uuid") != 0 && !cli_is_common_param(name);
}

/* Gathers what is written to a map as a whole. */
static int put_whole_map(struct cli *c, const struct cli_row *row,
                         const struct cli_field *field)
{
    struct value map = value_map(NULL, 0);

    for (int i = 0; i < c->params_nr; i++) {
        const struct cli_field *f;
        const char *rest;

        if (!is_settable(c->params[i].name))
            continue;
        if (cli_aim(c, row->record, c->params[i].name, &f, &rest))
            return CLI_FAILED;
        if (f == field && rest)
            map = value_map_with(cli_arena(c), &map, rest,
                                 value_string(c->params[i].value));
    }
    return cli_put_map(c, row, field, &map);
}

static int put_one(struct cli *c, const struct cli_row *row,
                   const struct cli_param *p, const struct cli_field **whole)
{
    const struct cli_field *f;
    const char *rest;

    if (cli_aim(c, row->record, p->name, &f, &rest))
        return CLI_FAILED;
    if (!rest)
        return cli_put(c, row, f, p->value);
    if (cli_field_is(f, 'S'))
        return cli_fail(c, "Cannot param-set on set fields");
    if (f->put[0] == 'M') {
        *whole = f;
        return 0;
    }
    return cli_put_key(c, row, f, rest, p->value);
}

static int param_set(struct cli *c, const struct cli_record *r)
{
    const struct cli_field *whole = NULL;
    struct cli_row row;

    if (get_row(c, r, &row))
        return CLI_FAILED;
    for (int i = 0; i < c->params_nr; i++)
        if (is_settable(c->params[i].name) &&
            put_one(c, &row, &c->params[i], &whole))
            return CLI_FAILED;
    return whole ? put_whole_map(c, &row, whole) : 0;
}

static int add_pairs(struct cli *c, const struct cli_row *row,
                     const struct cli_field *f)
{
    for (int i = 0; i < c->params_nr; i++) {
        const struct cli_param *p = &c->params[i];

        if (is_settable(p->name) && strcmp(p->name, "param-name") != 0 &&
            strcmp(p->name, "param-key") != 0 &&
            cli_add(c, row, f, p->name, p->value))
            return CLI_FAILED;
    }
    return 0;
}

static int param_add(struct cli *c, const struct cli_record *r)
{
    const char *key = cli_param(c, "param-key");
    const struct cli_field *f;
    struct cli_row row;

    if (get_row(c, r, &row) || find_field(c, r, &f))
        return CLI_FAILED;
    if (cli_field_adds(f))
        return key ? cli_add(c, &row, f, key, NULL)
                   : cli_fail(c, "When adding a key to a set, use the syntax: "
                                 "*-param-add param-name=<name> "
                                 "param-key=<key>");
    if (cli_field_is_map_rw(f))
        return add_pairs(c, &row, f);
    if (cli_field_is(f, 'S') || cli_field_is(f, 'M'))
        return cli_fail(c, "Parameter is read-only");
    return cli_fail(c, "Can only add to parameters of type Set or Map");
}

static int param_remove(struct cli *c, const struct cli_record *r)
{
    const char *key = cli_param_or(c, "param-key", "");
    const struct cli_field *f;
    struct cli_row row;
    struct value v;

    if (get_row(c, r, &row) || find_field(c, r, &f))
        return CLI_FAILED;
    if (!cli_field_is(f, 'S') && !cli_field_is(f, 'M'))
        return cli_fail(c, "Can only remove from parameters of type Set or "
                           "Map");
    if (!cli_field_adds(f) && !cli_field_is_map_rw(f))
        return cli_fail(c, "Cannot remove parameters from read-only map");
    if (cli_field_value(c, &row, f, &v))
        return CLI_FAILED;
    if (v.kind == VALUE_SET && !value_has(&v, key))
        return cli_fail(c, "Key %s is not in the set", key);
    if (v.kind == VALUE_MAP && !value_find(&v, key))
        return cli_fail(c, "Key %s is not in map", key);
    return cli_remove(c, &row, f, key);
}

static int clear_members(struct cli *c, const struct cli_row *row,
                         const struct cli_field *f)
{
    struct value v;

    if (cli_field_value(c, row, f, &v))
        return CLI_FAILED;
    for (uint32_t i = 0; i < v.nr && v.kind != VALUE_STRING; i++)
        if (cli_remove(c, row, f,
                       v.kind == VALUE_SET ? v.items[i].s : v.members[i].key))
            return CLI_FAILED;
    return 0;
}

static int param_clear(struct cli *c, const struct cli_record *r)
{
    static const struct value nothing = {.kind = VALUE_MAP};
    const struct cli_field *f;
    struct cli_row row;

    if (get_row(c, r, &row) || find_field(c, r, &f))
        return CLI_FAILED;
    if (cli_field_adds(f))
        return clear_members(c, &row, f);
    if (f->put[0] == 'c' || f->put[0] == 'M' || strcmp(f->put, "mc") == 0)
        return cli_put_map(c, &row, f, &nothing);
    if (cli_field_is_map_rw(f))
        return clear_members(c, &row, f);
    if (!cli_field_sets(f))
        return cli_fail(c, "Can only clear RW parameters");
    if (cli_put(c, &row, f, "")) {
        cli_forgive(c);
        return c->failure ? CLI_FAILED
                          : cli_fail(c, "Cannot clear this parameter");
    }
    return 0;
}

static const struct {
    const char *suffix;
    int (*run)(struct cli *c, const struct cli_record *r);
    bool database;
} verbs[] = {
    [VERB_LIST] = {"list", list, true},
    [VERB_PARAM_LIST] = {"param-list", param_list, true},
    [VERB_PARAM_GET] = {"param-get", param_get, true},
    [VERB_PARAM_SET] = {"param-set", param_set, false},
    [VERB_PARAM_ADD] = {"param-add", param_add, false},
    [VERB_PARAM_REMOVE] = {"param-remove", param_remove, false},
    [VERB_PARAM_CLEAR] = {"param-clear", param_clear, false},
};

const char *cli_verb_name(enum cli_verb verb)
{
    return verbs[verb].suffix;
}

int cli_generic_run(struct cli *c, const struct cli_record *r,
                    enum cli_verb verb)
{
    const char *before = NULL;
    int rc;

    if (verbs[verb].database && open_database(c, &before))
        return CLI_FAILED;
    rc = verbs[verb].run(c, r);
    close_database(c, before);
    return rc;
}

/* Writing fields: what an argument means, and which message takes it. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli_record.h"

enum {
    METHOD_BYTES = 128,
};

/* The field's name in messages; members may have another than the whole. */
static const char *put_name(const struct cli_field *f, const char *verb)
{
    const char *colon = strrchr(f->put, ':'), *name = f->get;
    bool members = strchr(f->put, '+') != NULL;

    if (colon && members != (strncmp(verb, "set_", 4) == 0) &&
        !cli_names_have("bond_mode allocation domain_type placement "
                        "vcpus blocked bios",
                        colon + 1))
        return colon + 1;
    return name + (name[0] == ',');
}

/* CLASS.verbNAME; the field's table of words does not belong to its name. */
static const struct message *put_message(const struct cli_row *row,
                                         const struct cli_field *f,
                                         const char *verb, char *method)
{
    const char *name = put_name(f, verb);
    const struct message *m;

    (void)snprintf(method, METHOD_BYTES, "%s.%s%.*s", row->record->class_name,
                   verb, (int)strcspn(name, "|?"), name); /* names are short */
    m = message_find(method);
    assert(m);
    return m;
}

/* The table of words after the code of an enumeration. */
static const char *word_table(const struct cli_field *f)
{
    return f->put[1] == ':' ? f->put + 2 : "";
}

static int read_bool(struct cli *c, const struct cli_field *f, const char *text,
                     bool safe, struct value *v)
{
    *v = value_bool(strcmp(text, "true") == 0);
    if (v->b || strcmp(text, "false") == 0)
        return 0;
    if (safe)
        return cli_fail(c,
                        "Failed to parse parameter '%s': expecting a boolean "
                        "(true or false)",
                        f->name);
    return cli_fail(c, "Parameter %s must be a boolean (true or false)",
                    f->name);
}

static int read_int(struct cli *c, const char *name, const char *text,
                    bool safe, struct value *v)
{
    *v = value_int(0);
    if (cli_int_parse(text, &v->i))
        return 0;
    if (safe)
        return cli_fail(
            c, "Failed to parse parameter '%s': expecting an integer", name);
    return cli_fail_internal(c, "Failure: Int64.of_string");
}

static int read_uuid(struct cli *c, const struct type *type, const char *text,
                     struct value *v)
{
    const char *ref = REF_NULL;

    if (cli_by_uuid(c, type->elem.of, text, &ref))
        return CLI_FAILED;
    *v = value_string(ref);
    return 0;
}

static const char *trimmed(struct cli *c, const char *word)
{
    size_t len;

    while (isspace((unsigned char)*word))
        word++;
    len = strlen(word);
    while (len && isspace((unsigned char)word[len - 1]))
        len--;
    return arena_strndup(cli_arena(c), word, len);
}

/* Words separated by commas; `kind` says what each is. */
static int read_words(struct cli *c, char kind, const struct type *type,
                      const char *text, struct value *v)
{
    struct value words = cli_words(c, text, ','), *items;
    size_t nr = 0;

    items = arena_alloc(cli_arena(c), (words.nr + 1) * sizeof(*items));
    for (uint32_t i = 0; i < words.nr && *text; i++) {
        const char *word = words.items[i].s;
        int rc = 0;

        items[nr] = value_string(word);
        if (kind == 'i')
            rc = read_int(c, "value", word, true, &items[nr]);
        else if (kind == 'u' || kind == 'U')
            rc = read_uuid(c, type, word, &items[nr]);
        else if (kind == 't')
            items[nr] = value_string(trimmed(c, word));
        if (rc)
            return rc;
        nr += kind != 't' || *items[nr].s;
    }
    *v = value_set(items, nr);
    return 0;
}

static int read_float(struct cli *c, const struct cli_field *f,
                      const char *text, struct value *v)
{
    *v = value_float(0);
    if (cli_float_parse(text, &v->f))
        return 0;
    return cli_fail(c, "Parameter %s must be a floating-point number", f->name);
}

static int read_enum(struct cli *c, const struct cli_field *f,
                     const struct type *type, const char *text, struct value *v)
{
    const char *word = "";

    if (cli_read_word(c, word_table(f), type->elem.enumeration, text, &word))
        return CLI_FAILED;
    *v = value_string(word);
    return 0;
}

static int read_bytes(struct cli *c, const struct cli_field *f,
                      const char *text, struct value *v)
{
    *v = value_int(0);
    return cli_bytes_parse(c, f->name, text, &v->i);
}

static int read_value(struct cli *c, const struct cli_field *f,
                      const struct type *type, const char *text,
                      struct value *v)
{
    switch (f->put[0]) {
    case 'i':
    case 'I':
        return read_int(c, f->name, text, f->put[0] == 'i', v);
    case 'b':
    case 'B':
        return read_bool(c, f, text, f->put[0] == 'b', v);
    case 'z':
        return read_bytes(c, f, text, v);
    case 'f':
        return read_float(c, f, text, v);
    case 'e':
        return read_enum(c, f, type, text, v);
    case 'w':
        return read_words(c, f->put[1], type, text, v);
    case 'U':
        *v = value_string(REF_NULL);
        return *text ? read_uuid(c, type, text, v) : 0;
    case 'u':
        return read_uuid(c, type, text, v);
    default:
        *v = value_string(text);
        return 0;
    }
}

int cli_put(struct cli *c, const struct cli_row *row, const struct cli_field *f,
            const char *text)
{
    char method[METHOD_BYTES];
    const struct message *m;
    struct value args[2] = {value_string(row->ref)};

    if (!cli_field_sets(f))
        return cli_field_is_map_rw(f)
                   ? cli_fail(c,
                              "Field '%s' is a map or set. use the "
                              "'name:key=value' syntax.",
                              f->name)
                   : cli_fail(c, "Field '%s' is read-only.", f->name);
    m = put_message(row, f, "set_", method);
    if (read_value(c, f, &m->params[1].type, text, &args[1]))
        return CLI_FAILED;
    return cli_call(c, method, NULL, args, 2);
}

static int put_property(struct cli *c, const struct cli_row *row,
                        const char *key, const char *text)
{
    return cli_ask(
        c,
        arena_printf(cli_arena(c), "%s.set_property", row->record->class_name),
        NULL, row->ref, key, text, NULL);
}

int cli_put_key(struct cli *c, const struct cli_row *row,
                const struct cli_field *f, const char *key, const char *text)
{
    struct value map;

    if (f->put[0] == 'p')
        return put_property(c, row, key, text);
    if (!cli_field_is_map_rw(f))
        return cli_fail(c, "Map field '%s' is read-only.", f->name);
    if (cli_field_value(c, row, f, &map))
        return CLI_FAILED;
    if (map.kind == VALUE_MAP && value_find(&map, key) &&
        cli_remove(c, row, f, key))
        return CLI_FAILED;
    return cli_add(c, row, f, key, text);
}

static const char *const bios_keys[] = {
    "bios-vendor",
    "bios-version",
    "system-manufacturer",
    "system-product-name",
    "system-version",
    "system-serial-number",
    "baseboard-manufacturer",
    "baseboard-product-name",
    "baseboard-version",
    "baseboard-serial-number",
    "baseboard-asset-tag",
    "baseboard-location-in-chassis",
    "enclosure-asset-tag",
};

static int check_bios_key(struct cli *c, const char *key)
{
    struct value keys = value_strings(cli_arena(c), bios_keys,
                                      sizeof(bios_keys) / sizeof(bios_keys[0]));

    if (value_has(&keys, key))
        return 0;
    return cli_fail(c, "Unknown key '%s': expecting %s", key,
                    cli_value_text(c, &keys, ", "));
}

int cli_put_map(struct cli *c, const struct cli_row *row,
                const struct cli_field *f, const struct value *map)
{
    char method[METHOD_BYTES];
    struct value args[2] = {value_string(row->ref), *map};

    for (uint32_t i = 0; i < map->nr && strcmp(f->put, "M:bios") == 0; i++)
        if (check_bios_key(c, map->members[i].key))
            return CLI_FAILED;
    (void)put_message(row, f, "set_", method);
    return cli_call(c, method, NULL, args, 2);
}

/* A set that can only be written as a whole, with a member more or less. */
static int put_members(struct cli *c, const struct cli_row *row,
                       const struct cli_field *f, const char *key, bool add)
{
    char method[METHOD_BYTES];
    struct value args[2] = {value_string(row->ref)}, old;
    const struct type *type;
    struct value key_value = value_string(key);

    (void)put_message(row, f, "get_", method);
    if (cli_call(c, method, &old, args, 1))
        return CLI_FAILED;
    type = &put_message(row, f, "set_", method)->params[1].type;
    if (f->put[1] == 'u' && read_uuid(c, type, key, &key_value))
        return CLI_FAILED;
    args[1] = add ? value_set_with(cli_arena(c), &old, key_value.s)
                  : value_set_without(cli_arena(c), &old, key_value.s);
    return cli_call(c, method, NULL, args, 2);
}

/* The same for a map. */
static int put_pairs(struct cli *c, const struct cli_row *row,
                     const struct cli_field *f, const char *key,
                     const char *text)
{
    struct value map;

    if (cli_field_value(c, row, f, &map))
        return CLI_FAILED;
    if (!text)
        map = value_map_without(cli_arena(c), &map, key);
    else if (!value_find(&map, key))
        map = value_map_with(cli_arena(c), &map, key, value_string(text));
    return cli_put_map(c, row, f, &map);
}

/* Keys that only some words may be. */
static int check_key(struct cli *c, const struct cli_row *row,
                     const struct cli_field *f, const char **key, bool add)
{
    char method[METHOD_BYTES];
    const struct enumeration *e;
    const char *words[] = {"INVALID_VALUE", "blocked_operation", *key};

    if (strcmp(f->put, "m:vcpus") == 0 && add &&
        !cli_names_have("weight cap mask", *key))
        return cli_fail(c,
                        "Failed to add parameter '%s': expecting "
                        "'weight','cap' or 'mask'",
                        *key);
    if (strcmp(f->put, "m:blocked") != 0)
        return 0;
    e = put_message(row, f, "remove_from_", method)
            ->params[1]
            .type.elem.enumeration;
    if (cli_names_have(e->values, *key) &&
        strcmp(cli_convert("vm_operation", *key), *key) == 0)
        return 0;
    if (cli_read_word(c, "vm_operation", e, *key, key) == 0 &&
        strcmp(cli_convert("vm_operation", *key), words[2]) == 0)
        return 0;
    c->failure = FAILURE_API;
    c->words = value_strings(cli_arena(c), words, 3);
    return CLI_FAILED;
}

/* add_ or remove_ of a set. */
static int change_set(struct cli *c, const struct cli_row *row,
                      const struct cli_field *f, const char *verb,
                      const char *key)
{
    char method[METHOD_BYTES];
    const char kind = strchr(f->put, '+')[1];
    const struct message *m = put_message(row, f, verb, method);
    struct value args[2] = {value_string(row->ref), value_string(key)};
    const char *word = key;
    int rc = 0;

    if (kind == 'i')
        rc = read_int(c, "value", key, true, &args[1]);
    else if (kind == 'u')
        rc = read_uuid(c, &m->params[1].type, key, &args[1]);
    else if (kind == 'e')
        rc = cli_read_word(c, "", m->params[1].type.elem.enumeration, key,
                           &word);
    if (kind == 'e')
        args[1] = value_string(word);
    return rc ? rc : cli_call(c, method, NULL, args, 2);
}

int cli_add(struct cli *c, const struct cli_row *row, const struct cli_field *f,
            const char *key, const char *text)
{
    char method[METHOD_BYTES];

    if (strstr(f->put, "+l"))
        return put_members(c, row, f, key, true);
    if (strchr(f->put, '+'))
        return change_set(c, row, f, "add_", key);
    if (f->put[0] == 'M')
        return put_pairs(c, row, f, key, text);
    if (check_key(c, row, f, &key, true))
        return CLI_FAILED;
    (void)put_message(row, f, "add_to_", method);
    return cli_ask(c, method, NULL, row->ref, key, text, NULL);
}

int cli_remove(struct cli *c, const struct cli_row *row,
               const struct cli_field *f, const char *key)
{
    char method[METHOD_BYTES];

    if (strstr(f->put, "+l"))
        return put_members(c, row, f, key, false);
    if (strchr(f->put, '+'))
        return change_set(c, row, f, "remove_", key);
    if (f->put[0] == 'M')
        return put_pairs(c, row, f, key, NULL);
    if (check_key(c, row, f, &key, false))
        return CLI_FAILED;
    (void)put_message(row, f, "remove_from_", method);
    return cli_ask(c, method, NULL, row->ref, key, NULL);
}

static bool is_there(struct cli *c, const struct cli_record *r,
                     const struct cli_field *f, const char *verb)
{
    const char *name = put_name(f, verb);

    return message_find(arena_printf(cli_arena(c), "%s.%s%.*s", r->class_name,
                                     verb, (int)strcspn(name, "|?"), name));
}

int cli_put_check(struct cli *c, const struct cli_record *r,
                  const struct cli_field *f)
{
    bool there = true;

    if (f->put[0] == 'p')
        there = message_find(
            arena_printf(cli_arena(c), "%s.set_property", r->class_name));
    else if (f->put[0] == 'm')
        there =
            is_there(c, r, f, "add_to_") && is_there(c, r, f, "remove_from_");
    else if (f->put[0] != '+')
        there = is_there(c, r, f, "set_");
    if (strchr(f->put, '+') && !strstr(f->put, "+l"))
        there &= is_there(c, r, f, "add_") && is_there(c, r, f, "remove_");
    return there ? 0 : -EINVAL;
}

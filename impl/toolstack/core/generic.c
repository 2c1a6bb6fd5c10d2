/* Getters, setters, records and lists of every class. */
#include "generic.h"

#include <string.h>

#include "filter.h"
#include "unmarshal.h"

static int index_of(const struct request *r)
{
    return r->message->field->index;
}

static int get_field(struct request *r)
{
    return reply(r, r->self->cells[index_of(r)].value);
}

int generic_set(struct request *r, struct object *o, int index, struct value v)
{
    if (v.kind == VALUE_MAP && value_find(&v, ""))
        return request_internal(r, "Db_exn.Empty_key_in_map");
    db_set_at(r->db, o, index, v);
    return reply_void(r);
}

static int set_field(struct request *r)
{
    return generic_set(r, r->self, index_of(r), r->args[1]);
}

/* How the database spells a field: "VCPUs__params" for the path VCPUs/params. */
static const char *stored_name(struct request *r, const struct object *o,
                               const char *field)
{
    const char *path = o->class->fields[field_index(o->class, field)]->path;
    const char *slash = strchr(path, '/');

    return slash ? arena_printf(r->arena, "%.*s__%s", (int)(slash - path), path,
                                slash + 1)
                 : path;
}

int generic_map_add(struct request *r, struct object *o, const char *field,
                    const char *key, struct value v)
{
    const struct value *map = db_get(o, field);

    if (value_find(map, key))
        return request_fail(r, "MAP_DUPLICATE_KEY", o->class->name,
                            stored_name(r, o, field), o->ref, key, NULL);
    if (!*key)
        return request_internal(r, "Db_exn.Empty_key_in_map");
    db_set(r->db, o, field, value_map_front(r->arena, map, key, v));
    return reply_void(r);
}

static int add_item(struct request *r)
{
    const struct field *f = r->message->field;
    struct cell *cell = &r->self->cells[index_of(r)];

    if (f->type.shape != SHAPE_SET)
        return generic_map_add(r, r->self, f->name, arg_text(r, 1), r->args[2]);
    db_set(r->db, r->self, f->name,
           value_set_front(r->arena, &cell->value, arg_text(r, 1)));
    return reply_void(r);
}

static int remove_item(struct request *r)
{
    const struct field *f = r->message->field;
    struct cell *cell = &r->self->cells[index_of(r)];
    const char *text = arg_text(r, 1);

    db_set(r->db, r->self, f->name,
           f->type.shape == SHAPE_SET
               ? value_set_without(r->arena, &cell->value, text)
               : value_map_without(r->arena, &cell->value, text));
    return reply_void(r);
}

int generic_record(struct request *r, const struct class *c,
                   const struct value *in, struct value *out)
{
    struct member *members =
        arena_alloc(r->arena, sizeof(*members) * (size_t)c->fields_nr);
    size_t nr = 0;

    for (int i = 0; i < c->fields_nr; i++) {
        const struct field *f = c->fields[i];
        const struct value *given = value_find(in, f->name);

        if (f->qualifier == DYNAMIC || !field_visible(f))
            continue;
        if (!given && !f->fallback)
            return request_internal(
                r,
                arena_printf(r->arena,
                             "Server_helpers.Dispatcher_FieldNotFound(\"%s\")",
                             f->name));
        members[nr].key = f->name;
        if (!given)
            members[nr].value = *f->fallback;
        else if (unmarshal(r, &f->type, given, &members[nr].value))
            return API_FAILED;
        nr++;
    }
    *out = value_map(members, nr);
    return 0;
}

struct object *generic_create(struct request *r, const struct value *record)
{
    struct object *o = db_create(r->db, r->message->class->name);

    for (uint32_t i = 0; i < record->nr; i++)
        db_set(r->db, o, record->members[i].key, record->members[i].value);
    return o;
}

static int create_object(struct request *r)
{
    return reply_ref(r, generic_create(r, &r->args[0]));
}

static int destroy_object(struct request *r)
{
    db_destroy(r->db, r->self);
    return reply_void(r);
}

static int get_by_uuid(struct request *r)
{
    const char *class_name = r->message->class->name;
    struct object *o = db_find_uuid(r->db, class_name, arg_text(r, 0));

    if (!o)
        return request_fail(r, "UUID_INVALID", class_name, arg_text(r, 0),
                            NULL);
    return reply_ref(r, o);
}

static int get_record(struct request *r)
{
    return reply(r, request_record(r, r->self));
}

/*
 * The objects that `wanted` accepts, as references or as a map of records.
 * A filter that meets a field that does not exist fails the call.
 */
static int list_objects(struct request *r, const struct filter *filter,
                        const char *label, bool records)
{
    const struct class *c = r->message->class;
    size_t max = db_count(r->db, c), nr = 0;
    struct value *refs = arena_alloc(r->arena, sizeof(*refs) * (max + 1));
    struct member *map = arena_alloc(r->arena, sizeof(*map) * (max + 1));

    for (struct object *o = db_first(r->db, c->name); o; o = o->next) {
        bool match = true;

        if (filter && filter_match(r, filter, o, &match))
            return API_FAILED;
        if (label)
            match = strcmp(db_text(o, "name_label"), label) == 0;
        if (!match)
            continue;
        if (records)
            map[nr++] = (struct member){o->ref, request_record(r, o)};
        else
            refs[nr++] = value_string(arena_strdup(r->arena, o->ref));
    }
    return reply(r, records ? value_map(map, nr) : value_set(refs, nr));
}

static int get_by_name_label(struct request *r)
{
    return list_objects(r, NULL, arg_text(r, 0), false);
}

static int get_all(struct request *r)
{
    return list_objects(r, NULL, NULL, false);
}

static int get_all_records(struct request *r)
{
    return list_objects(r, NULL, NULL, true);
}

static int get_where(struct request *r, bool records)
{
    struct filter filter;

    if (filter_parse(r, arg_text(r, 0), &filter))
        return API_FAILED;
    return list_objects(r, &filter, NULL, records);
}

static int get_all_where(struct request *r)
{
    return get_where(r, false);
}

static int get_all_records_where(struct request *r)
{
    return get_where(r, true);
}

static const handler_fn by_kind[] = {
    [KIND_GETTER] = get_field,
    [KIND_SETTER] = set_field,
    [KIND_ADD] = add_item,
    [KIND_REMOVE] = remove_item,
    [KIND_CREATE] = create_object,
    [KIND_DESTROY] = destroy_object,
    [KIND_GET_BY_UUID] = get_by_uuid,
    [KIND_GET_BY_NAME_LABEL] = get_by_name_label,
    [KIND_GET_RECORD] = get_record,
    [KIND_GET_ALL] = get_all,
    [KIND_GET_ALL_WHERE] = get_all_where,
    [KIND_GET_ALL_RECORDS] = get_all_records,
    [KIND_GET_ALL_RECORDS_WHERE] = get_all_records_where,
};

bool generic_knows(const struct message *m)
{
    return m->kind != KIND_CUSTOM;
}

handler_fn generic_handler(enum message_kind kind)
{
    return by_kind[kind];
}

int generic_call(struct request *r)
{
    return by_kind[r->message->kind](r);
}

/* Derives classes, fields and messages from the tables, and finds them. */
#include "model.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "generic.h"
#include "handlers.h"
#include "model_tables.h"
#include "model_type.h"
#include "release.h"

enum {
    HASH_SLOTS = 8192,
    CLASS_SLOTS = 256,
    MESSAGES_MAX = 2600,
    METHOD_NAME_MAX = 128,
};

static struct {
    struct arena arena;
    struct message messages[MESSAGES_MAX];
    int nr;
    const struct message *slots[HASH_SLOTS];
    struct class *classes[CLASS_SLOTS];
    uint64_t rank; /* of the release that is played back; 0: today */
} model;

static uint32_t hash_text(const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* Where `name` is or would be. */
static const struct message **slot_find(const char *name)
{
    uint32_t i = hash_text(name) % HASH_SLOTS;

    while (model.slots[i] && strcmp(model.slots[i]->name, name) != 0)
        i = (i + 1) % HASH_SLOTS;
    return &model.slots[i];
}

/* By its lifecycle, in the release that is played back. */
static bool is_known(const char *lifecycle)
{
    return !model.rank || lifecycle_known(lifecycle, model.rank);
}

static bool is_removed(bool today, const char *lifecycle)
{
    return model.rank ? lifecycle_removed(lifecycle, model.rank) : today;
}

static void message_add(struct message m)
{
    struct message *row;
    handler_fn handler;

    if (!is_known(m.lifecycle) || !is_known(m.class->lifecycle))
        return;
    assert(model.nr < MESSAGES_MAX);
    row = &model.messages[model.nr];
    *row = m;
    handler = handler_find(m.name, &row->checks_only);
    if (handler)
        row->handler = handler;
    for (int i = 0; i < m.params_nr; i++)
        row->required_nr += !m.params[i].fallback;
    if ((m.class->flags & CLASS_REMOVED) && m.kind != KIND_CUSTOM && !m.field)
        row->flags |= MSG_REMOVED;
    model.nr++;
    *slot_find(row->name) = row;
}

/* Params of a derived message, from the form of the tables. */
static void derive(const struct class *c, enum message_kind kind,
                   const struct field *f, const char *verb, const char *role,
                   const char *result, const char *params)
{
    struct param list[PARAMS_MAX];
    struct message m = {.class = c, .kind = kind, .field = f, .role = role};

    m.name = arena_printf(&model.arena, "%s.%s", c->name, verb);
    m.check = "";
    m.lifecycle = f ? f->lifecycle : c->lifecycle;
    m.result = type_parse(&model.arena, result);
    m.params_nr = params_parse(&model.arena, params, list);
    m.params = arena_alloc(&model.arena, sizeof(list[0]) * PARAMS_MAX / 8);
    assert(m.params_nr <= PARAMS_MAX / 8);
    memcpy(m.params, list, sizeof(list[0]) * (size_t)m.params_nr);
    if (f && is_removed(f->flags & FIELD_REMOVED, f->lifecycle))
        m.flags |= MSG_REMOVED;
    if (kind == KIND_CREATE || kind == KIND_DESTROY)
        m.flags |= MSG_ASYNC;
    message_add(m);
}

#define TEXT(...) arena_printf(&model.arena, __VA_ARGS__)

/* "string -> string" of a map's type text. */
static void derive_map(const struct class *c, const struct field *f)
{
    const char *text = f->type_text + 1, *arrow = strstr(text, " -> ");
    int key_len = (int)(arrow - text), elem_len;

    elem_len = (int)strlen(arrow + 4) - (int)strlen(") map");
    derive(c, KIND_ADD, f, TEXT("add_to_%s", f->name), f->setter_role, "void",
           TEXT("%s ref self; %.*s key; %.*s value", c->name, key_len, text,
                elem_len, arrow + 4));
    derive(c, KIND_REMOVE, f, TEXT("remove_from_%s", f->name), f->setter_role,
           "void", TEXT("%s ref self; %.*s key", c->name, key_len, text));
}

static void derive_set(const struct class *c, const struct field *f)
{
    int len = (int)strlen(f->type_text) - (int)strlen(" set");
    const char *params =
        TEXT("%s ref self; %.*s value", c->name, len, f->type_text);

    derive(c, KIND_ADD, f, TEXT("add_%s", f->name), f->setter_role, "void",
           params);
    derive(c, KIND_REMOVE, f, TEXT("remove_%s", f->name), f->setter_role,
           "void", params);
}

static void derive_field(const struct class *c, const struct field *f)
{
    if (!field_visible(f))
        return;
    derive(c, KIND_GETTER, f, TEXT("get_%s", f->name), f->getter_role,
           f->type_text, TEXT("%s ref self", c->name));
    if (f->qualifier != RW)
        return;
    derive(c, KIND_SETTER, f, TEXT("set_%s", f->name), f->setter_role, "void",
           TEXT("%s ref self; %s value", c->name, f->type_text));
    if (f->type.shape == SHAPE_SET)
        derive_set(c, f);
    else if (f->type.shape != SHAPE_ONE && f->type.shape != SHAPE_OPTION)
        derive_map(c, f);
}

static void derive_class(const struct class *c)
{
    const char *ref = TEXT("%s ref", c->name),
               *set = TEXT("%s ref set", c->name);
    const char *self = TEXT("%s ref self", c->name), *role = c->read_role;

    if (!(c->flags & CLASS_DB) || !*role)
        return;
    derive(c, KIND_GET_BY_UUID, NULL, "get_by_uuid", role, ref, "string uuid");
    derive(c, KIND_GET_RECORD, NULL, "get_record", role, "void", self);
    if (c->flags & CLASS_LABEL)
        derive(c, KIND_GET_BY_NAME_LABEL, NULL, "get_by_name_label", role, set,
               "string label");
    if (c->flags & CLASS_CREATE) {
        derive(c, KIND_CREATE, NULL, "create", c->create_role, ref,
               TEXT("%s record args", c->name));
        derive(c, KIND_DESTROY, NULL, "destroy", c->create_role, "void", self);
    }
    if (!(c->flags & CLASS_ALL))
        return;
    derive(c, KIND_GET_ALL, NULL, "get_all", role, set, "");
    derive(c, KIND_GET_ALL_WHERE, NULL, "get_all_where", role, set,
           "string expr");
    derive(c, KIND_GET_ALL_RECORDS, NULL, "get_all_records", role, "void", "");
    derive(c, KIND_GET_ALL_RECORDS_WHERE, NULL, "get_all_records_where", role,
           "void", "string expr");
}

/* Explicit messages that read or write one field, as derived ones do. */
static void match_accessor(struct message *m, const struct class *c)
{
    static const struct {
        const char *prefix;
        enum message_kind kind;
        int params_nr;
    } forms[] = {{"set_", KIND_SETTER, 2},         {"get_", KIND_GETTER, 1},
                 {"add_to_", KIND_ADD, 3},         {"add_", KIND_ADD, 2},
                 {"remove_from_", KIND_REMOVE, 2}, {"remove_", KIND_REMOVE, 2}};
    const char *verb = m->name + strlen(c->name) + 1;

    if (handler_find(m->name, &m->checks_only))
        return;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t len = strlen(forms[i].prefix);
        int field = strncmp(verb, forms[i].prefix, len) == 0
                        ? field_index(c, verb + len)
                        : -ENOENT;

        if (field < 0 || m->params_nr != forms[i].params_nr ||
            m->params[0].type.elem.kind != BASE_REF ||
            strcmp(m->params[0].type.elem.of, c->name) != 0)
            continue;
        m->field = c->fields[field];
        m->handler = generic_handler(forms[i].kind);
        return;
    }
}

static void explicit_message(const struct class *c,
                             const struct message_row *row)
{
    struct param list[PARAMS_MAX];
    struct message m = {.class = c,
                        .kind = KIND_CUSTOM,
                        .name = row->name,
                        .role = row->role,
                        .flags = row->flags,
                        .check = row->check,
                        .lifecycle = row->lifecycle};

    if (!is_removed(m.flags & MSG_REMOVED, m.lifecycle))
        m.flags &= ~(unsigned)MSG_REMOVED;
    m.params_nr = params_parse(&model.arena, row->params, list);
    m.params =
        arena_alloc(&model.arena, sizeof(list[0]) * (size_t)(m.params_nr + 1));
    memcpy(m.params, list, sizeof(list[0]) * (size_t)m.params_nr);
    m.result = type_parse(&model.arena, row->result);
    match_accessor(&m, c);
    message_add(m);
}

static void class_names(struct class *c)
{
    c->names_slots = 4;
    while (c->names_slots < 2 * (uint32_t)c->fields_nr)
        c->names_slots *= 2;
    c->names = arena_alloc(&model.arena, sizeof(*c->names) * c->names_slots);
    for (int i = 0; i < c->fields_nr; i++) {
        uint32_t slot = hash_text(c->fields[i]->name);

        while (c->names[slot &= c->names_slots - 1])
            slot++;
        c->names[slot] = (uint16_t)(i + 1);
    }
}

static void class_fields(struct class *c)
{
    int nr = 0;

    for (int i = 0; i < field_rows_nr; i++)
        nr += strcmp(field_rows[i].class_name, c->name) == 0;
    c->fields = arena_alloc(&model.arena, sizeof(*c->fields) * (size_t)nr);
    for (int i = 0; i < field_rows_nr; i++) {
        struct field *f = &field_rows[i];

        if (strcmp(f->class_name, c->name) != 0)
            continue;
        f->flags &= ~(unsigned)FIELD_LATER;
        if (!is_known(f->lifecycle))
            f->flags |= FIELD_LATER;
        f->type = type_parse(&model.arena, f->type_text);
        if (f->default_text)
            f->fallback =
                default_parse(&model.arena, &f->type, f->default_text);
        f->index = c->fields_nr;
        c->fields[c->fields_nr++] = f;
    }
    class_names(c);
    for (int i = 0; i < key_roles_rows_nr; i++) {
        const struct key_roles_row *row = &key_roles_rows[i];

        if (strcmp(row->class_name, c->name) == 0)
            c->fields[field_index(c, row->field)]->key_roles = row->text;
    }
}

static struct class **class_slot(const char *name)
{
    uint32_t i = hash_text(name) % CLASS_SLOTS;

    while (model.classes[i] && strcmp(model.classes[i]->name, name) != 0)
        i = (i + 1) % CLASS_SLOTS;
    return &model.classes[i];
}

/* What is written on one side shows on the other. */
static void link_fields(const char *class_name, const char *field,
                        const char *mirror_class, const char *mirror_field)
{
    struct class *c = *class_slot(class_name), *m = *class_slot(mirror_class);
    struct field *f = c->fields[field_index(c, field)];

    assert(!f->mirror);
    f->mirror = m->fields[field_index(m, mirror_field)];
    f->mirror_class = m;
}

static void link_relations(void)
{
    for (int i = 0; i < relation_rows_nr; i++) {
        const struct relation *r = &relation_rows[i];

        link_fields(r->a_class, r->a_field, r->b_class, r->b_field);
        if (r->kind == N_N)
            link_fields(r->b_class, r->b_field, r->a_class, r->a_field);
    }
}

static void class_flags(struct class *c)
{
    bool removed = strstr(c->lifecycle, " -") != NULL;

    c->flags &= ~(unsigned)(CLASS_REMOVED | CLASS_LATER);
    if (is_removed(removed, c->lifecycle))
        c->flags |= CLASS_REMOVED;
    if (!is_known(c->lifecycle))
        c->flags |= CLASS_LATER;
}

int model_play_back(const char *release)
{
    model.rank = release_rank(release);
    return model.rank ? 0 : -ENOENT;
}

bool field_visible(const struct field *f)
{
    return !(f->flags & (FIELD_INTERNAL | FIELD_LATER));
}

bool class_has_events(const struct class *c)
{
    return (c->flags & (CLASS_EVENTS | CLASS_LATER)) == CLASS_EVENTS;
}

void model_init(void)
{
    arena_init(&model.arena);
    for (int i = 0; i < class_rows_nr; i++)
        *class_slot(class_rows[i].name) = &class_rows[i];
    for (int i = 0; i < class_rows_nr; i++) {
        struct class *c = &class_rows[i];

        c->nr = i;
        c->lower = arena_strdup(&model.arena, c->name);
        for (char *p = c->lower; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        class_flags(c);
        class_fields(c);
        for (int k = 0; k < message_rows_nr; k++)
            if (strcmp(message_rows[k].class_name, c->name) == 0)
                explicit_message(c, &message_rows[k]);
        for (int k = 0; k < c->fields_nr && (c->flags & CLASS_DB); k++)
            derive_field(c, c->fields[k]);
        derive_class(c);
    }
    link_relations();
    assert(model.nr == MESSAGES_ON_WIRE || model.rank);
}

void model_fini(void)
{
    arena_fini(&model.arena);
    for (int i = 0; i < class_rows_nr; i++)
        class_rows[i].fields_nr = 0;
    for (int i = 0; i < field_rows_nr; i++)
        field_rows[i].mirror = NULL;
    memset(&model, 0, sizeof(model));
}

const struct class *class_find(const char *name)
{
    return *class_slot(name);
}

const struct class *class_at(int nr)
{
    return &class_rows[nr];
}

int class_count(void)
{
    return class_rows_nr;
}

int field_index(const struct class *class, const char *name)
{
    uint32_t slot = hash_text(name);
    int i;

    while ((i = class->names[slot &= class->names_slots - 1])) {
        if (strcmp(class->fields[i - 1]->name, name) == 0)
            return i - 1;
        slot++;
    }
    return -ENOENT;
}

/* Class_message: each underscore may be the one that stands for the dot. */
static const struct message *find_by_alias(const char *name)
{
    char dotted[METHOD_NAME_MAX];
    size_t len = strlen(name);

    if (len >= sizeof(dotted) || strchr(name, '.'))
        return NULL;
    memcpy(dotted, name, len + 1);
    for (char *p = strchr(dotted, '_'); p; p = strchr(p + 1, '_')) {
        const struct message *m;

        *p = '.';
        m = *slot_find(dotted);
        if (m)
            return m;
        *p = '_';
    }
    return NULL;
}

const struct message *message_find(const char *name)
{
    const struct message *m = *slot_find(name);

    return m ? m : find_by_alias(name);
}

const struct message *message_at(int nr)
{
    return &model.messages[nr];
}

int message_count(void)
{
    return model.nr;
}

const char *enumeration_find(struct arena *a, const struct enumeration *e,
                             const char *value)
{
    size_t len = strlen(value);
    const char *p = e->values;

    while (*p) {
        size_t word = strcspn(p, " ");

        if (word == len && strncasecmp(p, value, len) == 0)
            return arena_strndup(a, p, len);
        p += word + (p[word] == ' ');
    }
    return NULL;
}

const char *error_code(const char *code)
{
    for (int i = 0; i < error_rows_nr; i++)
        if (strcmp(error_rows[i].code, code) == 0)
            return error_rows[i].code;
    return NULL;
}

const char *error_at(int nr, const char **params)
{
    if (nr >= error_rows_nr)
        return NULL;
    *params = error_rows[nr].params;
    return error_rows[nr].code;
}

const struct enumeration *enumeration_at(int nr)
{
    return nr < enumeration_rows_nr ? &enumeration_rows[nr] : NULL;
}

/* Objects, their fields and the relations between them. */
#include "db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = sizeof(((struct db *)0)->slots) / sizeof(struct object *),
};

static uint32_t slot_of(const char *ref)
{
    uint32_t h = 2166136261u;

    for (; *ref; ref++)
        h = (h ^ (unsigned char)*ref) * 16777619u;
    return h % SLOTS;
}

void db_init(struct db *db, uint64_t (*random)(void *ctx), void *ctx)
{
    memset(db, 0, sizeof(*db));
    db->random = random;
    db->random_ctx = ctx;
    db->generation = 1;
    db->classes = must_alloc(sizeof(*db->classes) * (size_t)class_count());
    memset(db->classes, 0, sizeof(*db->classes) * (size_t)class_count());
    db->tombstones = must_alloc(sizeof(*db->tombstones) * TOMBSTONES_MAX);
}

static void rendering_forget(struct object *o)
{
    if (!o->rendering)
        return;
    rendering_drop(o->rendering);
    free(o->rendering);
    o->rendering = NULL;
}

static void object_free(struct object *o)
{
    rendering_forget(o);
    for (int i = 0; i < o->class->fields_nr; i++)
        free(o->cells[i].block);
    free(o);
}

void db_fini(struct db *db)
{
    struct object *o = db->oldest;

    while (o) {
        struct object *newer = o->newer;

        object_free(o);
        o = newer;
    }
    free(db->classes);
    free(db->tombstones);
}

void db_uuid(struct db *db, char *uuid)
{
    uint64_t a = db->random(db->random_ctx), b = db->random(db->random_ctx);

    (void)snprintf(uuid, UUID_BYTES, "%08x-%04x-%04x-%04x-%04x%08x",
                   (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
                   (unsigned)(a & 0xffff), (unsigned)(b >> 48),
                   (unsigned)(b >> 32 & 0xffff), (unsigned)b); /* fits */
}

/* --- The list of changes ---------------------------------------------- */

static void changes_unlink(struct db *db, struct object *o)
{
    *(o->older ? &o->older->newer : &db->oldest) = o->newer;
    *(o->newer ? &o->newer->older : &db->newest) = o->older;
}

static void changes_append(struct db *db, struct object *o)
{
    o->changed = db->generation++;
    o->older = db->newest;
    o->newer = NULL;
    *(db->newest ? &db->newest->newer : &db->oldest) = o;
    db->newest = o;
}

void db_touch(struct db *db, struct object *o)
{
    rendering_forget(o);
    changes_unlink(db, o);
    changes_append(db, o);
}

/* --- Making, finding and removing objects ----------------------------- */

static struct value zero_value(const struct type *type)
{
    static const struct value zeros[] = {
        [BASE_STRING] = {.kind = VALUE_STRING, .s = ""},
        [BASE_INT] = {.kind = VALUE_INT},
        [BASE_FLOAT] = {.kind = VALUE_FLOAT},
        [BASE_BOOL] = {.kind = VALUE_BOOL},
        [BASE_DATE] = {.kind = VALUE_DATE, .nr = 18, .s = DATE_0},
        [BASE_ENUM] = {.kind = VALUE_STRING, .s = ""},
        [BASE_REF] = {.kind = VALUE_STRING, .nr = 14, .s = REF_NULL},
        [BASE_RECORD] = {.kind = VALUE_NIL},
        [BASE_VOID] = {.kind = VALUE_VOID, .s = ""},
    };

    if (type->shape == SHAPE_SET)
        return value_set(NULL, 0);
    if (type->shape == SHAPE_OPTION)
        return zeros[BASE_RECORD];
    if (type->shape != SHAPE_ONE)
        return value_map(NULL, 0);
    return zeros[type->elem.kind];
}

struct object *db_adopt(struct db *db, const char *class_name, const char *ref)
{
    const struct class *c = class_find(class_name);
    struct class_objects *list = &db->classes[c->nr];
    size_t size =
        sizeof(struct object) + sizeof(struct cell) * (size_t)c->fields_nr;
    struct object *o = memset(must_alloc(size), 0, size);
    struct object **slot = &db->slots[slot_of(ref)];

    o->class = c;
    for (int i = 0; i < c->fields_nr; i++)
        o->cells[i].value = c->fields[i]->fallback
                                ? *c->fields[i]->fallback
                                : zero_value(&c->fields[i]->type);
    (void)snprintf(o->ref, sizeof(o->ref), "%s", ref); /* the caller checked */
    o->by_ref = *slot;
    *slot = o;
    o->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = o;
    list->last = o;
    list->nr++;
    o->created = db->generation;
    changes_append(db, o);
    return o;
}

struct object *db_create(struct db *db, const char *class_name)
{
    char uuid[UUID_BYTES], ref[REF_BYTES];
    struct object *o;

    db_uuid(db, uuid);
    (void)snprintf(ref, sizeof(ref), "OpaqueRef:%s", uuid); /* fits */
    o = db_adopt(db, class_name, ref);
    db_uuid(db, uuid);
    if (field_index(o->class, "uuid") >= 0)
        db_set_text(db, o, "uuid", uuid);
    return o;
}

struct object *db_find_any(const struct db *db, const char *ref)
{
    for (struct object *o = db->slots[slot_of(ref)]; o; o = o->by_ref)
        if (strcmp(o->ref, ref) == 0)
            return o;
    return NULL;
}

struct object *db_find(const struct db *db, const char *class_name,
                       const char *ref)
{
    struct object *o = db_find_any(db, ref);

    return o && strcmp(o->class->name, class_name) == 0 ? o : NULL;
}

struct object *db_first(const struct db *db, const char *class_name)
{
    return db->classes[class_find(class_name)->nr].first;
}

uint32_t db_count(const struct db *db, const struct class *class)
{
    return db->classes[class->nr].nr;
}

struct object *db_find_uuid(const struct db *db, const char *class_name,
                            const char *uuid)
{
    for (struct object *o = db_first(db, class_name); o; o = o->next)
        if (strcmp(db_text(o, "uuid"), uuid) == 0)
            return o;
    return NULL;
}

static const struct value null_ref = {
    .kind = VALUE_STRING, .nr = 14, .s = REF_NULL};

/* Empties its sides of relations, so that other objects' sets follow. */
static void leave_relations(struct db *db, struct object *o)
{
    for (int i = 0; i < o->class->fields_nr; i++) {
        const struct field *f = o->class->fields[i];

        if (f->mirror)
            db_set_at(db, o, i,
                      f->type.shape == SHAPE_ONE ? null_ref
                                                 : value_set(NULL, 0));
    }
}

void db_destroy(struct db *db, struct object *o)
{
    struct class_objects *list = &db->classes[o->class->nr];
    struct object **slot = &db->slots[slot_of(o->ref)];
    struct tombstone *t;

    leave_relations(db, o);
    while (*slot != o)
        slot = &(*slot)->by_ref;
    *slot = o->by_ref;
    *(o->previous ? &o->previous->next : &list->first) = o->next;
    *(o->next ? &o->next->previous : &list->last) = o->previous;
    list->nr--;
    changes_unlink(db, o);
    t = &db->tombstones[db->tombstones_nr++ % TOMBSTONES_MAX];
    *t = (struct tombstone){
        .class = o->class, .created = o->created, .deleted = db->generation++};
    memcpy(t->ref, o->ref, sizeof(t->ref));
    object_free(o);
}

/* --- Fields ------------------------------------------------------------ */

const struct value *db_get(const struct object *o, const char *field)
{
    int i = field_index(o->class, field);

    assert(i >= 0);
    return &o->cells[i].value;
}

const char *db_text(const struct object *o, const char *field)
{
    return db_get(o, field)->s;
}

int64_t db_int(const struct object *o, const char *field)
{
    return db_get(o, field)->i;
}

bool db_bool(const struct object *o, const char *field)
{
    return db_get(o, field)->b;
}

struct object *db_ref(const struct db *db, const struct object *o,
                      const char *field)
{
    return db_find_any(db, db_text(o, field));
}

static void cell_write(struct db *db, struct object *o, int i,
                       const struct value *value)
{
    void *old = o->cells[i].block;

    o->cells[i].value = value_pack(value, &o->cells[i].block);
    free(old);
    db_touch(db, o);
}

void db_restore(struct db *db, struct object *o, int index, struct value value)
{
    cell_write(db, o, index, &value);
}

/* Adds a reference to, or takes it from, the set field of another object. */
static void mirror(struct db *db, const char *ref, const struct field *f,
                   const char *member, bool present)
{
    struct object *o = db_find_any(db, ref);
    int i = f->mirror->index;
    struct arena a;
    struct value v;

    if (!o || o->class != f->mirror_class)
        return;
    arena_init(&a);
    v = present ? value_set_front(&a, &o->cells[i].value, member)
                : value_set_without(&a, &o->cells[i].value, member);
    if (v.nr != o->cells[i].value.nr)
        cell_write(db, o, i, &v);
    arena_fini(&a);
}

/* The other sides of a set that changes from `old` to `new`. */
static void mirror_sets(struct db *db, const struct object *o,
                        const struct value *old, const struct value *new,
                        const struct field *f)
{
    for (uint32_t i = 0; i < old->nr; i++)
        if (!value_has(new, old->items[i].s))
            mirror(db, old->items[i].s, f, o->ref, false);
    for (uint32_t i = 0; i < new->nr; i++)
        if (!value_has(old, new->items[i].s))
            mirror(db, new->items[i].s, f, o->ref, true);
}

static void follow_relation(struct db *db, const struct object *o,
                            const struct field *f, const struct value *old,
                            const struct value *new)
{
    if (f->type.shape == SHAPE_SET) {
        mirror_sets(db, o, old, new, f);
        return;
    }
    mirror(db, old->s, f, o->ref, false);
    mirror(db, new->s, f, o->ref, true);
}

void db_set_at(struct db *db, struct object *o, int index, struct value value)
{
    struct cell *cell = &o->cells[index];

    assert(index >= 0);
    if (value_equal(&cell->value, &value))
        return;
    if (o->class->fields[index]->mirror)
        follow_relation(db, o, o->class->fields[index], &cell->value, &value);
    cell_write(db, o, index, &value);
}

void db_set(struct db *db, struct object *o, const char *field,
            struct value value)
{
    db_set_at(db, o, field_index(o->class, field), value);
}

void db_set_text(struct db *db, struct object *o, const char *field,
                 const char *text)
{
    bool date = db_get(o, field)->kind == VALUE_DATE;

    db_set(db, o, field, date ? value_date(text) : value_string(text));
}

void db_set_int(struct db *db, struct object *o, const char *field, int64_t i)
{
    db_set(db, o, field, value_int(i));
}

void db_set_bool(struct db *db, struct object *o, const char *field, bool b)
{
    db_set(db, o, field, value_bool(b));
}

void db_map_put(struct db *db, struct object *o, const char *field,
                const char *key, const char *text)
{
    struct arena a;

    arena_init(&a);
    db_set(db, o, field,
           value_map_front(&a, db_get(o, field), key, value_string(text)));
    arena_fini(&a);
}

void db_map_del(struct db *db, struct object *o, const char *field,
                const char *key)
{
    struct arena a;

    arena_init(&a);
    db_set(db, o, field, value_map_without(&a, db_get(o, field), key));
    arena_fini(&a);
}

struct value db_record(struct arena *a, const struct object *o)
{
    struct member *members =
        arena_alloc(a, sizeof(*members) * (size_t)o->class->fields_nr);
    size_t nr = 0;

    for (int i = 0; i < o->class->fields_nr; i++)
        if (field_visible(o->class->fields[i]))
            members[nr++] = (struct member){.key = o->class->fields[i]->name,
                                            .value = o->cells[i].value};
    return value_map(members, nr);
}

static struct value record_of(struct arena *a, const void *of)
{
    return db_record(a, of);
}

struct value db_rendered(struct db *db, struct object *o)
{
    if (!o->rendering) {
        o->rendering = must_alloc(sizeof(*o->rendering));
        *o->rendering = (struct rendering){
            .value = record_of, .of = o, .kept = &db->rendered};
    }
    return value_rendered(o->rendering);
}

/* Makes the objects of minimal.def. */
#include "seed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "request.h"
#include "unmarshal.h"

enum {
    SEEDS_MAX = 64,
};

struct seed_row {
    const char *name, *class_name, *json; /* no class: of an earlier row */
    enum seed_group group;
};

static const struct seed_row minimal[] = {
#define HOST(name, class_name, json)    {name, #class_name, json, SEED_HOST},
#define HOST_LATER(name, json)          {name, NULL, json, SEED_HOST},
#define POOL(name, class_name, json)    {name, #class_name, json, SEED_POOL},
#define MACHINE(name, class_name, json) {name, #class_name, json, SEED_MACHINE},
#include "minimal.def"
#undef MACHINE
#undef POOL
#undef HOST_LATER
#undef HOST
};

struct seeder {
    struct toolstack *ts;
    struct arena arena;
    const char *names[SEEDS_MAX]; /* made again: takes the place */
    struct object *objects[SEEDS_MAX];
    int nr;
};

struct seeder *seeder_create(struct toolstack *ts)
{
    struct seeder *s = must_alloc(sizeof(*s));

    *s = (struct seeder){.ts = ts};
    arena_init(&s->arena);
    return s;
}

void seeder_destroy(struct seeder *s)
{
    arena_fini(&s->arena);
    free(s);
}

static int slot_of(const struct seeder *s, const char *name)
{
    int i = 0;

    while (i < s->nr && strcmp(s->names[i], name) != 0)
        i++;
    return i;
}

struct object *seed_find(struct seeder *s, const char *name)
{
    int i = slot_of(s, name);

    assert(i < s->nr); /* a name that minimal.def has */
    return s->objects[i];
}

void seed_name(struct seeder *s, const char *name, struct object *o)
{
    int slot = slot_of(s, name);

    assert(slot < SEEDS_MAX);
    s->names[slot] = name;
    s->objects[slot] = o;
    s->nr += slot == s->nr;
}

/* "$host" is the reference of the object made under that name. */
static struct value resolve(struct seeder *s, const struct value *v)
{
    if (v->kind != VALUE_STRING || v->s[0] != '$')
        return *v;
    if (strcmp(v->s, "$now") == 0)
        return value_string(toolstack_now(s->ts, &s->arena));
    return value_string(seed_find(s, v->s + 1)->ref);
}

static void field_put(struct seeder *s, struct object *o, const char *name,
                      const struct value *json)
{
    struct request r = {.ts = s->ts, .db = &s->ts->db, .arena = &s->arena};
    int index = field_index(o->class, name);
    struct value in = resolve(s, json), typed;
    int rc;

    assert(index >= 0);
    rc = unmarshal(&r, &o->class->fields[index]->type, &in, &typed);
    assert(rc == 0);
    db_set_at(&s->ts->db, o, index, typed);
}

static void make(struct seeder *s, const struct seed_row *row)
{
    struct object *o;
    struct value v;
    int rc = json_decode(&s->arena, row->json, strlen(row->json), &v);

    assert(rc == 0);
    if (row->class_name) {
        o = db_create(&s->ts->db, row->class_name);
        seed_name(s, row->name, o);
    } else {
        o = seed_find(s, row->name);
    }
    for (uint32_t i = 0; i < v.nr; i++)
        field_put(s, o, v.members[i].key, &v.members[i].value);
}

void seed_make(struct seeder *s, unsigned groups)
{
    for (size_t i = 0; i < sizeof(minimal) / sizeof(minimal[0]); i++)
        if (minimal[i].group & groups)
            make(s, &minimal[i]);
}

void seed_make_one(struct seeder *s, const char *name)
{
    for (size_t i = 0; i < sizeof(minimal) / sizeof(minimal[0]); i++)
        if (strcmp(minimal[i].name, name) == 0)
            make(s, &minimal[i]);
}

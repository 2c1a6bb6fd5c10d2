/* Makes the objects of minimal.def. */
#include "seed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "unmarshal.h"

enum {
    SEEDS_MAX = 64,
};

struct seed_row {
    const char *name, *class_name, *json;
};

static const struct seed_row minimal[] = {
#define SEED(name, class_name, json) {name, #class_name, json},
#include "minimal.def"
#undef SEED
};

struct seeder {
    struct toolstack *ts;
    struct arena arena;
    const char *names[SEEDS_MAX];
    struct object *objects[SEEDS_MAX];
    int nr;
};

/* "$host" is the reference of the object made under that name. */
static struct value resolve(struct seeder *s, const struct value *v)
{
    if (v->kind != VALUE_STRING || v->s[0] != '$')
        return *v;
    if (strcmp(v->s, "$now") == 0)
        return value_string(toolstack_now(s->ts, &s->arena));
    for (int i = 0; i < s->nr; i++)
        if (strcmp(s->names[i], v->s + 1) == 0)
            return value_string(s->objects[i]->ref);
    assert(!"a name that minimal.def does not have");
    abort();
}

static void set_field(struct seeder *s, struct object *o, const char *name,
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
    struct object *o = db_create(&s->ts->db, row->class_name);
    struct value v;
    int rc = json_decode(&s->arena, row->json, strlen(row->json), &v);

    assert(rc == 0);
    assert(s->nr < SEEDS_MAX);
    s->names[s->nr] = row->name;
    s->objects[s->nr++] = o;
    for (uint32_t i = 0; i < v.nr; i++)
        set_field(s, o, v.members[i].key, &v.members[i].value);
}

void seed_minimal(struct toolstack *ts)
{
    struct seeder s = {.ts = ts};

    arena_init(&s.arena);
    for (size_t i = 0; i < sizeof(minimal) / sizeof(minimal[0]); i++)
        make(&s, &minimal[i]);
    arena_fini(&s.arena);
}

/* Makes the objects of minimal.def. */
#include "seed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "json.h"
#include "unmarshal.h"

enum {
    SEEDS_MAX = 64,
};

struct seed_row {
    const char *name, *class_name, *json; /* no class: of an earlier row */
};

static const struct seed_row minimal[] = {
#define SEED(name, class_name, json) {name, #class_name, json},
#define LATER(name, json)            {name, NULL, json},
#include "minimal.def"
#undef SEED
#undef LATER
};

struct seeder {
    struct toolstack *ts;
    struct arena arena;
    const char *names[SEEDS_MAX];
    struct object *objects[SEEDS_MAX];
    int nr;
};

static struct object *find(struct seeder *s, const char *name)
{
    for (int i = 0; i < s->nr; i++)
        if (strcmp(s->names[i], name) == 0)
            return s->objects[i];
    assert(!"a name that minimal.def does not have");
    abort();
}

/* "$host" is the reference of the object made under that name. */
static struct value resolve(struct seeder *s, const struct value *v)
{
    if (v->kind != VALUE_STRING || v->s[0] != '$')
        return *v;
    if (strcmp(v->s, "$now") == 0)
        return value_string(toolstack_now(s->ts, &s->arena));
    return value_string(find(s, v->s + 1)->ref);
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
    struct object *o;
    struct value v;
    int rc = json_decode(&s->arena, row->json, strlen(row->json), &v);

    assert(rc == 0);
    if (row->class_name) {
        assert(s->nr < SEEDS_MAX);
        o = db_create(&s->ts->db, row->class_name);
        s->names[s->nr] = row->name;
        s->objects[s->nr++] = o;
    } else {
        o = find(s, row->name);
    }
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

/* Calls a message as any client would; seeds do not fail. */
static struct value call(struct toolstack *ts, struct arena *a,
                         const char *method, const struct value *params,
                         size_t nr)
{
    struct value list = value_set(params, nr);
    struct answer answer;

    dispatch(ts, a, method, &list, &answer);
    assert(answer.ok);
    return answer.value;
}

void seed_machines(struct toolstack *ts, uint64_t nr)
{
    const char *password = ts->password ? ts->password : "seed";
    struct value login[] = {value_string("root"), value_string(password)};
    struct value params[3];
    struct arena a, each;

    arena_init(&a);
    params[0] = call(ts, &a, "session.login_with_password", login, 2);
    params[1] = value_string("vm1");
    params[1] = call(ts, &a, "VM.get_by_name_label", params, 2).items[0];
    for (uint64_t i = 0; i < nr; i++) {
        arena_init(&each);
        params[2] = value_string(
            arena_printf(&each, "vm%llu", (unsigned long long)i + 2));
        (void)call(ts, &each, "VM.clone", params, 3); /* its name says all */
        arena_fini(&each);
    }
    (void)call(ts, &a, "session.logout", params, 1); /* of no further use */
    arena_fini(&a);
}

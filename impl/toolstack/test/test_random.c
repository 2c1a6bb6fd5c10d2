/*
 * Calls of every message with arguments that nearly make sense, in random
 * order: each is answered, and no sanitizer objects.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "fixture.h"
#include "timer.h"

enum {
    CALLS = 12000,
    SEEDS = 4,
    DEPTH_MAX = 2,
};

static uint64_t dice(uint64_t *state, uint64_t sides)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % sides;
}

struct monkey {
    struct fixture *f;
    struct arena *arena;
    uint64_t state;
};

static struct value random_ref(struct monkey *m, const char *class_name)
{
    const struct class *c = class_find(class_name);
    uint32_t nr = c ? db_count(&m->f->ts.db, c) : 0;
    struct object *o;

    if (!nr || dice(&m->state, 8) == 0)
        return value_string(dice(&m->state, 2) ? REF_NULL : "OpaqueRef:x");
    o = db_first(&m->f->ts.db, class_name);
    for (uint64_t i = dice(&m->state, nr); i; i--)
        o = o->next;
    return value_string(arena_strdup(m->arena, o->ref));
}

static struct value random_word(struct monkey *m, const char *words)
{
    const char *p = words;
    int nr = 1;

    for (; *p; p++)
        nr += *p == ' ';
    p = words;
    for (uint64_t i = dice(&m->state, (uint64_t)nr); i; i--)
        p = strchr(p, ' ') + 1;
    return value_string(arena_strndup(m->arena, p, strcspn(p, " ")));
}

static struct value random_base(struct monkey *m, const struct base *base)
{
    static const char *const texts[] = {
        "",  "x", "0",   "1",           "10.0.0.1",          "::1",
        "/", "%", "nfs", "a b\xc3\xa9", "00:16:3e:00:00:01", "eth0"};
    static const int64_t ints[] = {0,    1,         -1,        2,
                                   4096, INT64_MAX, INT64_MIN, 1 << 30};
    static const double floats[] = {0, 1, -1, 0.5, 1e300};

    switch (base->kind) {
    case BASE_STRING:
        return value_string(texts[dice(&m->state, 12)]);
    case BASE_INT:
        return value_int(ints[dice(&m->state, 8)]);
    case BASE_FLOAT:
        return value_float(floats[dice(&m->state, 5)]);
    case BASE_BOOL:
        return value_bool(dice(&m->state, 2));
    case BASE_DATE:
        return value_string("20260101T00:00:00Z");
    case BASE_ENUM:
        return random_word(m, base->enumeration->values);
    case BASE_REF:
        return random_ref(m, base->of);
    default:
        return value_map(NULL, 0);
    }
}

static const char *random_key(struct monkey *m, const struct base *base)
{
    struct value v = random_base(m, base);

    return v.kind == VALUE_STRING ? v.s : "5";
}

static struct value random_value(struct monkey *m, const struct type *type)
{
    size_t nr = dice(&m->state, DEPTH_MAX + 1);
    struct value *items = arena_alloc(m->arena, sizeof(*items) * (nr + 1));
    struct member *members = arena_alloc(m->arena, sizeof(*members) * (nr + 1));

    if (type->shape == SHAPE_ONE)
        return random_base(m, &type->elem);
    if (type->shape == SHAPE_OPTION)
        return (struct value){.kind = VALUE_NIL};
    for (size_t i = 0; i < nr; i++) {
        items[i] = random_base(m, &type->elem);
        members[i].key = random_key(m, &type->key);
        members[i].value = type->shape == SHAPE_MAP_OF_SETS
                               ? value_set(&items[i], 1)
                               : items[i];
    }
    return type->shape == SHAPE_SET ? value_set(items, nr)
                                    : value_map(members, nr);
}

/* The record of an object, to make another one like it. */
static struct value random_record(struct monkey *m, const struct class *c)
{
    struct value ref = random_ref(m, c->name);
    struct object *o = db_find(&m->f->ts.db, c->name, ref.s);

    return o ? db_record(m->arena, o) : value_map(NULL, 0);
}

static void call(struct monkey *m, const struct message *message)
{
    struct value params[PARAMS_MAX + 1];
    struct answer answer;
    const char *name = message->name;
    struct value list;
    size_t nr = 0;

    if (!(message->flags & MSG_NO_SESSION))
        params[nr++] = value_string(m->f->session);
    for (int i = 0; i < message->params_nr; i++)
        params[nr++] = random_value(m, &message->params[i].type);
    if (message->kind == KIND_CREATE && nr)
        params[nr - 1] = random_record(m, message->class);
    if (dice(&m->state, 6) == 0)
        name = arena_printf(m->arena, "Async.%s", name);
    list = value_set(params, nr);
    dispatch(&m->f->ts, m->arena, name, &list, &answer);
    ck_assert(answer.ok || answer.waiting || answer.value.nr);
}

/* What would end the session, or the process. */
static bool is_left_out(const struct message *m)
{
    static const char *const names[] = {
        "session.logout", "session.change_password", "host.shutdown_agent"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], m->name) == 0)
            return true;
    return false;
}

START_TEST(every_call_is_answered)
{
    struct fixture f;
    struct arena arena;
    struct monkey m = {
        .f = &f, .arena = &arena, .state = (uint64_t)_i * 7919 + 1};

    fixture_init(&f);
    for (int i = 0; i < CALLS; i++) {
        const struct message *message =
            message_at((int)dice(&m.state, (uint64_t)message_count()));

        if (is_left_out(message))
            continue;
        arena_init(&arena);
        call(&m, message);
        arena_fini(&arena);
        f.now_ms += 10;
        if (i % 100 == 0)
            (void)toolstack_step(&f.ts); /* what waits goes on */
    }
    fixture_fini(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random");
    TCase *tcase = tcase_create("random");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, every_call_is_answered, 0, SEEDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

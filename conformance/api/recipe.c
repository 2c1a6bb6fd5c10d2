/* Runs recipes: one loop over rows, with a stack of states in progress. */
#include "recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "checks.h"
#include "options.h"
#include "samples.h"
#include "step.h"
#include "suite.h"
#include "target.h"
#include "world.h"

enum {
    FRAMES_MAX = 16,
    OBJECTS_MAX = 128,
};

static const struct step steps[] = {
#define RECIPE(n)     {.kind = STEP_RECIPE, .name = n},
#define STATE(n)      {.kind = STEP_STATE, .name = n},
#define RECIPE_SIM(n) {.kind = STEP_RECIPE, .name = n, .value = "sim"},
#define STATE_SIM(n)  {.kind = STEP_STATE, .name = n, .value = "sim"},
#define USE(n)        {.kind = STEP_USE, .name = n},
#define DO(n, m, p)   {.kind = STEP_DO, .name = n, .method = m, .params = p},
#define CALL(n, m, p) {.kind = STEP_CALL, .name = n, .method = m, .params = p},
#define QUIET(n, m, p) \
    {.kind = STEP_CALL, .name = n, .method = m, .params = p, .value = "0"},
#define REFUSED(n, m, p) \
    {.kind = STEP_REFUSED, .name = n, .method = m, .params = p},
#define IS(m, p, v)   {.kind = STEP_IS, .method = m, .params = p, .value = v},
#define ISNT(m, p, v) {.kind = STEP_ISNT, .method = m, .params = p, .value = v},
#define HAS(m, p, v)  {.kind = STEP_HAS, .method = m, .params = p, .value = v},
#define LACKS(m, p, v) \
    {.kind = STEP_LACKS, .method = m, .params = p, .value = v},
#define SOON(m, p, v) {.kind = STEP_SOON, .method = m, .params = p, .value = v},
#define GONE(c, p)    {.kind = STEP_GONE, .name = c, .params = p},
#define UNDO(m, p)    {.kind = STEP_UNDO, .method = m, .params = p},
#define HTTP(m, p, v) {.kind = STEP_HTTP, .method = m, .params = p, .value = v},
#define WORLD(o)      {.kind = STEP_WORLD, .params = "'" o "'"},
#define AT(a)         {.kind = STEP_AT, .params = a},
#define CLOCK(t)      {.kind = STEP_CLOCK, .params = t},
#define LOCALLY(a)    {.kind = STEP_LOCALLY, .params = a},
#define WITH(a)       {.kind = STEP_WITH, .params = a},
#define DOWN(a)       {.kind = STEP_DOWN, .params = a},
#define POWER(a, w)   {.kind = STEP_POWER, .params = a, .value = w},
#include "recipes/all.def"
#undef RECIPE
#undef RECIPE_SIM
#undef STATE_SIM
#undef STATE
#undef USE
#undef DO
#undef CALL
#undef QUIET
#undef REFUSED
#undef IS
#undef ISNT
#undef HAS
#undef LACKS
#undef SOON
#undef GONE
#undef UNDO
#undef HTTP
#undef WORLD
#undef AT
#undef POWER
#undef DOWN
#undef LOCALLY
#undef WITH
#undef CLOCK
    {.kind = STEP_RECIPE},
};

enum {
    STEPS_NR = sizeof(steps) / sizeof(steps[0]) - 1,
};

/* Rows in progress: a recipe, or a state that it asked for. */
struct frame {
    int at;     /* next row */
    int base;   /* values bound before */
    int hidden; /* what was hidden before */
    bool lasts; /* makes an object that outlives the check */
    const char *name;
};

static struct frame frames[FRAMES_MAX];
static int depth;

/* Objects that last as long as the run. */
static struct {
    char name[BOUND_NAME_BYTES];
    char *ref;
    bool own; /* in a world of the check's own */
} objects[OBJECTS_MAX];
static int objects_nr;

/* Rows of this target: some are for a simulation only. */
static int find_row(enum step_kind kind, const char *name)
{
    for (int i = 0; i < STEPS_NR; i++)
        if (steps[i].kind == kind && strcmp(steps[i].name, name) == 0 &&
            (!steps[i].value || target_is_sim()))
            return i;
    return -1;
}

static const char *object_find(const char *name)
{
    for (int i = 0; i < objects_nr; i++)
        if (objects[i].own == world_is_own() &&
            strcmp(objects[i].name, name) == 0)
            return objects[i].ref;
    return NULL;
}

static void object_add(const char *name, const char *ref)
{
    ck_assert_int_lt(objects_nr, OBJECTS_MAX);
    (void)snprintf(objects[objects_nr].name, BOUND_NAME_BYTES, "%s", name);
    objects[objects_nr].own = world_is_own();
    objects[objects_nr++].ref = strdup(ref);
}

static void push(int row, bool lasts)
{
    ck_assert_int_lt(depth, FRAMES_MAX);
    frames[depth] = (struct frame){.at = row + 1,
                                   .base = bound_count(),
                                   .lasts = lasts,
                                   .name = steps[row].name};
    frames[depth].hidden = lasts ? bound_hide(bound_count()) : -1;
    depth++;
}

/* A state is complete: what lasts keeps one value only. */
static void pop(void)
{
    struct frame *f = &frames[--depth];
    const cJSON *v;

    if (!f->lasts)
        return;
    v = bound_find(f->name);
    ck_assert_msg(cJSON_IsString(v), "the state '%s' makes none", f->name);
    object_add(f->name, v->valuestring);
    bound_cut(f->base);
    (void)bound_hide(f->hidden);
}

/* The first object of a class that is there already. */
static bool first_of(const char *class)
{
    char method[BOUND_NAME_BYTES + 16];
    cJSON *all;

    (void)snprintf(method, sizeof(method), "%s.get_all", class);
    if (message_find(method) < 0 ||
        message_has(message_at(message_find(method)), 'R'))
        return false;
    all = ok(method, "");
    if (!all->child)
        return false;
    object_add(class, all->child->valuestring);
    return true;
}

/* Brings about what a name stands for that no step has bound. */
static void provide(const char *name)
{
    int row = find_row(STEP_STATE, name);

    if (object_find(name))
        bound_add(name, cJSON_CreateString(object_find(name)));
    else if (strcmp(name, "session") == 0)
        bound_add(name, cJSON_CreateString(suite.session));
    else if (strcmp(name, "name") == 0)
        bound_add(name, cJSON_CreateString(made_name("made")));
    else if (row >= 0)
        push(row, true);
    else if (sample_of(name) && !world_is_own())
        bound_add(name, cJSON_CreateString(sample_of(name)));
    else if (!first_of(name) && !target_is_sim())
        skip("the target has no object to refer to");
    else if (!object_find(name))
        ck_abort_msg("nothing is known as '$%s'", name);
}

static bool in_lasting(void)
{
    for (int i = 0; i < depth; i++)
        if (frames[i].lasts)
            return true;
    return false;
}

/* One row; it is looked at again when it has to wait for an object. */
static void advance(enum recipe_mode mode)
{
    struct frame *f = &frames[depth - 1];
    const struct step *s = &steps[f->at];
    char missing[BOUND_NAME_BYTES];

    if (s->kind == STEP_RECIPE || s->kind == STEP_STATE) {
        pop();
    } else if (s->kind == STEP_USE) {
        int row = find_row(STEP_STATE, s->name);

        ck_assert_msg(row >= 0, "no state '%s'", s->name);
        f->at++;
        push(row, false);
    } else if (step_run(s, mode, in_lasting(), missing)) {
        f->at++;
    } else {
        provide(missing);
    }
}

static void run(int row, bool lasts, enum recipe_mode mode)
{
    int floor = depth;

    push(row, lasts);
    while (depth > floor)
        advance(mode);
}

void recipe_use(const char *state)
{
    int row = find_row(STEP_STATE, state);

    ck_assert_msg(row >= 0, "no state '%s'", state);
    run(row, false, RECIPE_PLAIN);
}

const char *recipe_text(const char *name)
{
    const cJSON *v = bound_find(name);

    ck_assert_msg(cJSON_IsString(v), "'%s' is not bound to a text", name);
    return v->valuestring;
}

const char *object_of(const char *class)
{
    int row = find_row(STEP_STATE, class);

    if (!object_find(class) && row >= 0 && suite.options->destructive)
        run(row, true, RECIPE_PLAIN);
    else if (!object_find(class))
        (void)first_of(class);
    return object_find(class);
}

void recipe_end(void)
{
    step_undo(false);
    step_end_world();
    while (objects_nr > 0 && objects[objects_nr - 1].own)
        free(objects[--objects_nr].ref);
    bound_cut(0);
    (void)bound_hide(0);
    depth = 0;
}

void recipe_close(void)
{
    step_undo(true);
    while (objects_nr > 0)
        free(objects[--objects_nr].ref);
}

/* --- Checks --------------------------------------------------------------- */

/*
 * Whether a recipe has anything to say in a mode. Roles log in
 * at the master only, and by themselves. */
static bool has_mode(int row, enum recipe_mode mode)
{
    bool any = false;

    if (mode == RECIPE_PLAIN)
        return true;
    for (row++; steps[row].kind > STEP_STATE; row++) {
        if (mode == RECIPE_ROLE &&
            (steps[row].kind == STEP_LOCALLY || steps[row].kind == STEP_WITH))
            return false;
        any |= steps[row].kind == STEP_CALL &&
               (mode == RECIPE_ROLE || step_has_async(&steps[row]));
    }
    return any;
}

/* The row of recipe number `nr` of those that have the mode; -1: past the end */
static int row_of(int nr, enum recipe_mode mode)
{
    for (int i = 0; i < STEPS_NR; i++)
        if (steps[i].kind == STEP_RECIPE && has_mode(i, mode) && nr-- == 0)
            return i;
    return -ENOENT;
}

static int count(enum recipe_mode mode)
{
    int nr = 0;

    while (row_of(nr, mode) >= 0)
        nr++;
    return nr;
}

/* Settings of hosts, and what devices they have, are for a simulation. */
static void needs_place(int row)
{
    if (steps[row].value && !target_is_sim())
        skip("changes hosts, storage or the whole pool: on 'sim' only");
}

#define MODE(word, mode)                     \
    int recipe_count_##word(void)            \
    {                                        \
        return count(mode);                  \
    }                                        \
    const char *recipe_name_##word(int nr)   \
    {                                        \
        return steps[row_of(nr, mode)].name; \
    }                                        \
    void check_recipe_##word(int nr)         \
    {                                        \
        needs_destructive();                 \
        needs_place(row_of(nr, mode));       \
        run(row_of(nr, mode), false, mode);  \
        step_finish();                       \
    }
MODE(plain, RECIPE_PLAIN)
MODE(async, RECIPE_ASYNC)
MODE(role, RECIPE_ROLE)
#undef MODE

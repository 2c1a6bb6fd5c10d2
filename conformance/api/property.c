/* Scripts: made from a seed, run, shortened, written, read. */
#include "property.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks.h"
#include "model.h"
#include "options.h"
#include "suite.h"

enum {
    TRIES_MAX = 20, /* to find an operation that makes sense */
    RUNS_MAX = 600, /* of scripts, for a shorter one */
    SHRINK_S = 60,
    LINE_BYTES = 256,
    PATH_BYTES = 1024,
    STEPS_MAX = 100000,
    SEEDS_MAX = 1000, /* as --seeds allows */
};

struct script {
    struct model_step *steps; /* owned */
    int nr;
};

int property_count(void)
{
    return (int)suite.options->seeds;
}

const char *property_name(int nr)
{
    static char names[SEEDS_MAX][32];

    (void)snprintf(names[nr], sizeof(names[nr]), "seed-%llu",
                   suite.options->seed + (unsigned long long)nr);
    return names[nr];
}

/* --- Random scripts --- */

/* splitmix64. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static int random_below(uint64_t *state, int n)
{
    return (int)(random_next(state) % (uint64_t)n);
}

static const struct model_op *random_op(uint64_t *state)
{
    int all = 0, at;

    for (int i = 0; model_op_at(i); i++)
        all += model_op_at(i)->weight;
    at = random_below(state, all);
    for (int i = 0;; i++) {
        at -= model_op_at(i)->weight;
        if (at < 0)
            return model_op_at(i);
    }
}

/* A number that suits now, counted from a random one. */
static int random_number(const struct model *m, char letter, uint64_t *state)
{
    int range = model_range(letter), from = random_below(state, range);

    for (int i = 0; i < range; i++)
        if (model_suits(m, letter, (from + i) % range))
            return (from + i) % range;
    return -ENOENT;
}

static bool random_step(const struct model *m, struct model_step *s,
                        uint64_t *state)
{
    s->op = random_op(state);
    for (int i = 0; s->op->args[i]; i++) {
        s->a[i] = random_number(m, s->op->args[i], state);
        if (s->a[i] < 0)
            return false;
    }
    return true;
}

/* --- Runs --- */

static struct script script_of(int room)
{
    struct script s = {calloc((size_t)room + 1, sizeof(*s.steps)), 0};

    if (!s.steps)
        abort();
    return s;
}

/* The number of the step that went wrong, and why; negative: none. */
static int play(const struct script *s, char wrong[MODEL_WORDS_BYTES])
{
    struct model m;
    int at;

    model_init(&m);
    for (at = 0; at < s->nr; at++)
        if (model_applies(&m, &s->steps[at]) && !model_take(&m, &s->steps[at]))
            break;
    (void)snprintf(wrong, MODEL_WORDS_BYTES, "%s", m.wrong);
    model_fini(&m);
    return at < s->nr ? at : -ENOENT;
}

/* Makes up a script while it runs; the same outcome as play(). */
static int explore(struct script *s, unsigned long long seed, int steps,
                   char wrong[MODEL_WORDS_BYTES])
{
    uint64_t state = seed * 0x2545f4914f6cdd1dull + 1;
    struct model m;
    bool good = true;

    model_init(&m);
    while (good && s->nr < steps) {
        struct model_step *step = &s->steps[s->nr];
        int tries = 0;

        while (tries < TRIES_MAX && !random_step(&m, step, &state))
            tries++;
        if (tries == TRIES_MAX)
            continue;
        s->nr++;
        good = model_take(&m, step);
    }
    (void)snprintf(wrong, MODEL_WORDS_BYTES, "%s", m.wrong);
    model_fini(&m);
    return good ? -ENOENT : s->nr - 1;
}

/* --- Shorter scripts --- */

/* Without the steps from..to-1. */
static void cut(const struct script *from, int first, int last,
                struct script *to)
{
    to->nr = 0;
    for (int i = 0; i < from->nr; i++)
        if (i < first || i >= last)
            to->steps[to->nr++] = from->steps[i];
}

/* Parts that are not needed for the same operation to go wrong are left out:
 * halves first, then smaller ones. */
static void shrink(struct script *s, char wrong[MODEL_WORDS_BYTES])
{
    const struct model_op *op = s->steps[s->nr - 1].op;
    struct script less = script_of(s->nr);
    time_t until = time(NULL) + SHRINK_S;
    char words[MODEL_WORDS_BYTES];
    int runs = 0;

    for (int part = s->nr / 2; part > 0; part = part > 1 ? part / 2 : 0)
        for (int at = s->nr - 1 - part; at > -part; at -= part) {
            int first = at < 0 ? 0 : at, failed;

            if (runs++ >= RUNS_MAX || time(NULL) > until)
                break;
            if (first + part > s->nr - 1)
                continue; /* the last step is the one that fails */
            cut(s, first, first + part, &less);
            failed = play(&less, words);
            if (failed < 0 || less.steps[failed].op != op)
                continue;
            less.nr = failed + 1;
            memcpy(s->steps, less.steps, (size_t)less.nr * sizeof(*less.steps));
            s->nr = less.nr;
            (void)snprintf(wrong, MODEL_WORDS_BYTES, "%s", words);
        }
    free(less.steps);
}

/* --- Files --- */

static void put_step(FILE *file, const struct model_step *s)
{
    fputs(s->op->name, file);
    for (int i = 0; s->op->args[i]; i++)
        fprintf(file, " %d", s->a[i]);
    fputc('\n', file);
}

static int write_script(const struct script *s, const char *path,
                        unsigned long long seed, const char *wrong)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return -errno;
    fprintf(file,
            "# A property test of touchstone failed: seed %llu.\n# %s\n"
            "# Replay: touchstone conform TARGET --replay %s\n",
            seed, wrong, path);
    for (int i = 0; i < s->nr; i++)
        put_step(file, &s->steps[i]);
    return fclose(file) == 0 ? 0 : -EIO;
}

static bool read_step(char *line, struct model_step *s)
{
    char *rest, *word = strtok_r(line, " \n", &rest);

    *s = (struct model_step){NULL};
    for (int i = 0; word && model_op_at(i); i++)
        if (strcmp(model_op_at(i)->name, word) == 0)
            s->op = model_op_at(i);
    for (int i = 0; s->op && s->op->args[i]; i++) {
        char *number = strtok_r(NULL, " \n", &rest), *end;

        s->a[i] = number ? (int)strtol(number, &end, 10) : -1;
        if (!number || *end || s->a[i] < 0 ||
            s->a[i] >= model_range(s->op->args[i]))
            return false;
    }
    return s->op != NULL;
}

static struct script read_script(const char *path)
{
    struct script s = script_of(STEPS_MAX);
    char line[LINE_BYTES];
    FILE *file = fopen(path, "r");

    ck_assert_msg(file, "cannot read '%s': %s", path, strerror(errno));
    for (int nr = 1; fgets(line, sizeof(line), file); nr++) {
        if (*line == '#' || *line == '\n')
            continue;
        ck_assert_msg(s.nr < STEPS_MAX, "'%s' has too many lines", path);
        ck_assert_msg(read_step(line, &s.steps[s.nr]), "'%s': line %d: no step",
                      path, nr);
        s.nr++;
    }
    fclose(file);
    return s;
}

/* --- Checks --- */

void check_property(int nr)
{
    unsigned long long seed = suite.options->seed + (unsigned long long)nr;
    char wrong[MODEL_WORDS_BYTES], path[PATH_BYTES];
    struct script s;
    int failed, whole;

    needs_destructive();
    s = script_of((int)suite.options->steps);
    failed = explore(&s, seed, (int)suite.options->steps, wrong);
    if (failed < 0) {
        free(s.steps);
        return;
    }
    whole = s.nr;
    shrink(&s, wrong);
    (void)snprintf(path, sizeof(path), "%s/conform-seed-%llu.script",
                   suite.options->scripts, seed);
    if (write_script(&s, path, seed, wrong))
        (void)snprintf(path, sizeof(path), "(it cannot be written)");
    whole -= s.nr;
    failed = s.nr;
    free(s.steps);
    ck_abort_msg("%s; %d steps after %d were left out; script: %s", wrong,
                 failed, whole, path);
}

void check_replay(int nr)
{
    char wrong[MODEL_WORDS_BYTES];
    struct script s;
    int failed;

    (void)nr;
    needs_destructive();
    s = read_script(suite.options->replay);
    failed = play(&s, wrong);
    if (failed >= 0)
        s.nr = failed;
    free(s.steps);
    ck_assert_msg(failed < 0, "step %d: %s", failed + 1, wrong);
}

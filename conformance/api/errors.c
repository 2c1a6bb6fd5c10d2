/* Brings a target into a state, makes a call, and compares the error. */
#include "errors.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "script.h"
#include "suite.h"
#include "target.h"
#include "worlds.h"

enum {
    NAME_BYTES = 256,
};

static const struct error_row rows[] = {
#define ERROR(where, message, code, state, params, words) \
    {where, message, code, state, params, words},
#define UNPROVOKED(message, code, reason)
#include "errors/all.def"
#undef UNPROVOKED
#undef ERROR
};

static const struct {
    const char *message, *code, *reason;
} unprovoked[] = {
#define ERROR(where, message, code, state, params, words)
#define UNPROVOKED(message, code, reason) {message, code, reason},
#include "errors/all.def"
#undef UNPROVOKED
#undef ERROR
};

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
    UNPROVOKED_NR = sizeof(unprovoked) / sizeof(unprovoked[0]),
};

int error_count(void)
{
    return ROWS_NR;
}

const char *error_name(int nr)
{
    static char names[ROWS_NR][NAME_BYTES];

    (void)snprintf(names[nr], NAME_BYTES, "%s %s: %s", rows[nr].message,
                   rows[nr].code, rows[nr].state);
    return names[nr];
}

const char *error_reason(const char *message, const char *code)
{
    for (int i = 0; i < UNPROVOKED_NR; i++)
        if (strcmp(unprovoked[i].message, message) == 0 &&
            strcmp(unprovoked[i].code, code) == 0)
            return unprovoked[i].reason;
    return NULL;
}

/* The words of an error against patterns; "**" is any number of words. */
static bool words_fit(const cJSON *patterns, const cJSON *word)
{
    for (const cJSON *p = patterns->child; p; p = p->next) {
        if (strcmp(p->valuestring, "**") == 0)
            return true;
        if (!cJSON_IsString(word) ||
            (strcmp(p->valuestring, word->valuestring) != 0 &&
             fnmatch(p->valuestring, word->valuestring, 0) != 0))
            return false;
        word = word->next;
    }
    return word == NULL;
}

/* Whether the call ends as the row says; else the script says how not. */
static bool compare(struct script *s, const struct error_row *row,
                    const struct rpc_answer *answer)
{
    cJSON *wanted = script_values(s, row->words);
    char *found =
        cJSON_PrintUnformatted(answer->error ? answer->error : answer->value);
    bool good = wanted && answer->error &&
                strcmp(rpc_code(answer), row->code) == 0 &&
                words_fit(wanted, answer->error->child->next);
    char *asked = wanted ? cJSON_PrintUnformatted(wanted) : NULL;

    if (!good)
        script_fail(s, "wanted %s %s, got %.500s", row->code,
                    asked ? asked : row->words, found ? found : answer->why);
    cJSON_Delete(wanted);
    free(asked);
    free(found);
    return good;
}

/* What the call changed although it failed keeps it from failing again. */
static const struct {
    const char *message, *code;
} once[] = {
    {"VM.revert", "VM_REVERT_FAILED"},
    {"VM.provision", "SR_FULL"},
    {"tunnel.create", "TRANSPORT_PIF_NOT_CONFIGURED"},
};

static bool has_async_error(const struct error_row *row)
{
    int nr = message_find(row->message);

    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        if (strcmp(once[i].message, row->message) == 0 &&
            strcmp(once[i].code, row->code) == 0)
            return false;
    return nr >= 0 && message_has(message_at(nr), 'A');
}

/* The error of a task that is over, as if its call had been answered so. */
static bool compare_task(struct script *s, const struct error_row *row,
                         const char *task)
{
    cJSON *params = cJSON_CreateArray();
    struct rpc_answer answer;
    bool good;

    cJSON_AddItemToArray(params, cJSON_CreateString(task));
    script_call(s, "task.get_error_info", params, &answer);
    answer.error = answer.value;
    answer.value = NULL;
    good = compare(s, row, &answer);
    rpc_answer_free(&answer);
    params = cJSON_CreateArray();
    cJSON_AddItemToArray(params, cJSON_CreateString(task));
    script_call(s, "task.destroy", params, &answer);
    rpc_answer_free(&answer); /* one that stays is in nobody's way */
    return good;
}

/* The same through Async: the task fails with the same error. */
static bool provoke_later(struct script *s, const struct error_row *row)
{
    cJSON *params = script_values(s, row->params);
    struct rpc_answer answer;
    char method[NAME_BYTES];
    bool good;

    (void)snprintf(method, sizeof(method), "Async.%s", row->message);
    if (!params)
        return false;
    script_call(s, method, params, &answer);
    good = cJSON_IsString(answer.value)
               ? script_task_over(s, answer.value->valuestring) &&
                     compare_task(s, row, answer.value->valuestring)
               : compare(s, row, &answer); /* before there was a task */
    rpc_answer_free(&answer);
    return good;
}

static bool provoke(struct script *s, const struct error_row *row)
{
    struct rpc_answer answer;
    cJSON *params;
    bool good;

    if (!script_state(s, row->state))
        return false;
    params = script_values(s, row->params);
    if (!params)
        return false;
    script_call(s, row->message, params, &answer);
    good = compare(s, row, &answer);
    rpc_answer_free(&answer);
    return good && (!has_async_error(row) || provoke_later(s, row));
}

/* "new NAME": a world that nobody else sees. */
static const char *new_world(const struct error_row *row)
{
    return strncmp(row->where, "new ", 4) == 0 ? row->where + 4 : NULL;
}

/* Where the row is to be played: a simulation of its own, or the target. */
static void go_there(const struct error_row *row, struct rpc **rpc,
                     const char **session)
{
    const char *name = new_world(row);

    needs_destructive();
    *rpc = suite.rpc;
    *session = suite.session;
    if (!*row->where)
        return;
    if (!target_is_sim())
        skip("not applicable: needs a simulation");
    if (strcmp(row->where, "sim") == 0)
        return;
    ck_assert_msg(world_open(name ? name : row->where, rpc, session),
                  "world '%s' cannot be started", row->where);
}

void error_provoke(const struct error_row *row)
{
    static struct script s; /* too large for the stack */
    const char *session;
    struct rpc *rpc;
    bool good;

    go_there(row, &rpc, &session);
    script_begin(&s, rpc, session);
    good = provoke(&s, row);
    if (new_world(row)) {
        script_drop(&s);
        world_close(new_world(row));
    } else if (!script_end(&s) || !good) {
        good = false;
        if (rpc != suite.rpc)
            world_close(row->where);
    }
    ck_assert_msg(good, "%s", s.why);
    coverage_mark_error(message_find(row->message), row->code);
}

void check_error(int nr)
{
    error_provoke(&rows[nr]);
}

/* Steps of recipes: calls, proofs, and the marks that proofs earn. */
#include "step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doing.h"
#include "recipe.h"
#include "suite.h"
#include "typed.h"
#include "waiver.h"
#include "xml.h"

enum {
    UNDO_MAX = 1024,
    NAME_BYTES = 128,
    TRIES_MAX = 200,
};

/* A call that waits for its proof; message < 0: none does. */
static struct {
    int message;
    enum column column;
} pending = {-1, COLUMN_SUCCESS};

static struct {
    const char *method; /* of a table */
    cJSON *params;
} undo[2][UNDO_MAX]; /* of the check, of the run */
static int undo_nr[2];

static cJSON *with_session(const char *method, const char *session,
                           const cJSON *params)
{
    cJSON *all = cJSON_Duplicate(params, true);
    int nr = message_find(strncmp(method, "Async.", 6) ? method : method + 6);

    if (nr < 0 || !message_has(message_at(nr), 'N'))
        cJSON_InsertItemInArray(all, 0, cJSON_CreateString(session));
    return all;
}

/* The answer, whatever it is. */
static void ask(const char *method, const char *session, const cJSON *params,
                struct rpc_answer *answer)
{
    rpc_call(suite.rpc, method, with_session(method, session, params), answer);
    ck_assert_msg(answer->value || answer->error, "%s got no answer: %s",
                  method, answer->why);
    keep(answer->value ? answer->value : answer->error);
}

static cJSON *answer_of(const char *method, const char *session,
                        const cJSON *params)
{
    struct rpc_answer answer;

    ask(method, session, params, &answer);
    if (answer.error) {
        char *words = cJSON_PrintUnformatted(answer.error);
        char *given = cJSON_PrintUnformatted(params);

        ck_abort_msg("%s%s was refused: %s", method, given, words);
    }
    return answer.value;
}

/* --- Asynchronous calls ---------------------------------------------------- */

static cJSON *result_of(const char *text, const char *type)
{
    static const char head[] = "<methodResponse><params><param>",
                      tail[] = "</param></params></methodResponse>";
    size_t size = strlen(text) + sizeof(head) + sizeof(tail);
    char *xml;
    cJSON *v;

    if (!*text)
        return keep(cJSON_CreateString(""));
    xml = malloc(size);
    if (!xml)
        abort();
    (void)snprintf(xml, size, "%s%s%s", head, text, tail);
    v = xml_decode_response(xml);
    free(xml);
    ck_assert_msg(v, "a task's result is no value: %s", text);
    if (cJSON_IsString(v) &&
        (strcmp(type, "int") == 0 || strcmp(type, "float") == 0))
        return keep(cJSON_CreateNumber(strtod(keep(v)->valuestring, NULL)));
    return keep(v);
}

/* Its record; NULL: messages of tasks themselves have one for show only. */
static cJSON *finished_task(const char *method, const cJSON *params)
{
    char name[NAME_BYTES];
    cJSON *task, *record;

    (void)snprintf(name, sizeof(name), "Async.%s", method);
    task = answer_of(name, suite.session, params);
    ck_assert_msg(cJSON_IsString(task), "%s made no task", name);
    if (strncmp(method, "task.", 5) == 0)
        return NULL;
    record = task_wait(task->valuestring);
    ok("task.destroy", "s", task->valuestring);
    return record;
}

static cJSON *answer_later(const char *method, const cJSON *params)
{
    cJSON *record = finished_task(method, params);

    if (!record)
        return keep(cJSON_CreateString(""));
    if (strcmp(field_text(record, "status"), "success") != 0) {
        char *words =
            cJSON_PrintUnformatted(cJSON_GetObjectItem(record, "error_info"));

        ck_abort_msg("the task of %s failed: %s", method, words);
    }
    return result_of(field_text(record, "result"),
                     message_at(message_find(method))->result);
}

/* --- Calls ------------------------------------------------------------------- */

static const char *role_session(const struct message *m)
{
    int rank = role_rank(m->role);

    if (!role_at(rank))
        return suite.session;
    if (!suite.role_sessions[rank])
        skip("no user of that role: see --users");
    return suite.role_sessions[rank];
}

/* The object that an event has to tell of, and how. */
struct subject {
    char class[CLASS_BYTES];
    const char *ref, *operation;
};

/* What the call has made, or else what it is about. False: no object. */
static bool subject_of(const struct message *m, const cJSON *params,
                       const cJSON *result, struct subject *s)
{
    const char *type = m->result, *space = strstr(type, " ref");

    s->operation = "add";
    s->ref =
        cJSON_GetStringValue(cJSON_IsArray(result) ? result->child : result);
    if (!space || type[0] == '(') {
        const cJSON *first = params->child;

        type = m->params_nr > 0 ? m->params[0].type : "";
        space = strstr(type, " ref");
        s->operation = message_verb(m, "destroy") ? "del" : "mod";
        s->ref =
            cJSON_GetStringValue(cJSON_IsArray(first) ? first->child : first);
    }
    if (!space || !s->ref)
        return false;
    (void)snprintf(s->class, CLASS_BYTES, "%.*s", (int)(space - type), type);
    return true;
}

static void expect_event(int nr, const struct subject *s, const char *token)
{
    const char *found = event_about(s->class, s->ref, token);

    ck_assert_msg(found && strcmp(found, s->operation) == 0,
                  "%s: event '%s', not '%s'", message_at(nr)->name,
                  found ? found : "", s->operation);
    coverage_mark(nr, COLUMN_EVENT);
}

static const enum column earns[] = {
    [RECIPE_PLAIN] = COLUMN_SUCCESS,
    [RECIPE_ASYNC] = COLUMN_ASYNC,
    [RECIPE_ROLE] = COLUMN_ALLOWED,
};

void step_finish(void)
{
    int nr = pending.message;

    pending.message = -1;
    ck_assert_msg(nr < 0, "the recipe does not prove %s",
                  nr < 0 ? "" : message_at(nr)->name);
}

void step_prove(void)
{
    if (pending.message >= 0)
        coverage_mark(pending.message, pending.column);
    pending.message = -1;
}

bool step_has_async(const struct step *s)
{
    int nr = message_find(s->method);

    return nr >= 0 && message_has(message_at(nr), 'A') &&
           !waiver_of(nr, COLUMN_ASYNC);
}

static cJSON *judged(const struct doing *d, const struct message *m)
{
    if (d->mode == RECIPE_ASYNC && step_has_async(d->step))
        return answer_later(m->name, d->params);
    return answer_of(m->name,
                     d->mode == RECIPE_ROLE ? role_session(m) : suite.session,
                     d->params);
}

static void bind(const struct doing *d, const cJSON *value)
{
    if (*d->step->name)
        bound_add(d->step->name, cJSON_Duplicate(value, true));
}

static void do_prepare(const struct doing *d)
{
    bind(d, strcmp(d->step->method, "=") == 0
                ? d->params->child
                : answer_of(d->step->method, suite.session, d->params));
}

/* Equal; or a map that has all of it. */
static bool same(const cJSON *want, const cJSON *found)
{
    if (!cJSON_IsObject(want))
        return cJSON_Compare(want, found, true);
    for (const cJSON *v = want->child; v; v = v->next)
        if (!cJSON_Compare(v, cJSON_GetObjectItem(found, v->string), true))
            return false;
    return cJSON_IsObject(found);
}

/* In a list, as key of a map, or in a text. */
static bool holds(const cJSON *want, const cJSON *found)
{
    if (cJSON_IsArray(found)) {
        for (const cJSON *v = found->child; v; v = v->next)
            if (same(want, v))
                return true;
        return false;
    }
    ck_assert_msg(cJSON_IsString(want), "only a text can be looked for");
    if (cJSON_IsObject(found))
        return cJSON_GetObjectItemCaseSensitive(found, want->valuestring);
    return cJSON_IsString(found) &&
           strstr(found->valuestring, want->valuestring);
}

/* Whether a proof would hold by this answer. */
static bool holds_by(enum step_kind kind, const cJSON *want, const cJSON *found)
{
    if (kind == STEP_HAS || kind == STEP_LACKS)
        return holds(want, found) == (kind == STEP_HAS);
    if (kind == STEP_ISNT)
        return !cJSON_Compare(want, found, true);
    return same(want, found);
}

/* What is true already proves nothing of a call that answers nothing. */
static void refuse_empty_proof(const struct doing *d, const struct message *m)
{
    const struct step *proof = d->step + 1; /* the table ends with another */
    char missing[BOUND_NAME_BYTES];
    struct rpc_answer answer;
    cJSON *params, *value;

    if (d->mode != RECIPE_PLAIN || d->step->value ||
        strcmp(m->result, "void") != 0 || proof->kind < STEP_IS ||
        proof->kind > STEP_SOON || strcmp(proof->method, "=") == 0)
        return;
    params = bound_parse(proof->params, missing);
    value = params ? bound_parse(proof->value, missing) : NULL;
    if (!value)
        return;
    ask(proof->method, suite.session, params, &answer);
    ck_assert_msg(!answer.value ||
                      !holds_by(proof->kind, value->child, answer.value),
                  "the proof of %s holds before it", m->name);
}

static void do_call(const struct doing *d)
{
    int nr = message_find(d->step->method);
    const struct message *m;
    const char *token = "";
    struct subject subject;
    bool told;
    cJSON *v;

    ck_assert_msg(nr >= 0, "no message '%s'", d->step->method);
    step_finish();
    m = message_at(nr);
    refuse_empty_proof(d, m);
    told = column_applies(COLUMN_EVENT, m) && !waiver_of(nr, COLUMN_EVENT);
    if (told)
        token = event_token();
    v = judged(d, m);
    ck_assert_msg(typed(v, m->result), "%s answers %s, no %s", m->name,
                  cJSON_PrintUnformatted(v), m->result);
    bind(d, v);
    if (told && subject_of(m, d->params, v, &subject))
        expect_event(nr, &subject, token);
    pending.message = nr;
    pending.column =
        earns[d->mode == RECIPE_ASYNC && !step_has_async(d->step) ? RECIPE_PLAIN
                                                                  : d->mode];
}

static void do_refused(const struct doing *d)
{
    const char *method = d->step->method, *code = d->step->name;
    struct rpc_answer answer;
    cJSON *error;

    if (d->mode == RECIPE_ASYNC && step_has_async(d->step)) {
        error =
            cJSON_GetObjectItem(finished_task(method, d->params), "error_info");
    } else {
        ask(method, suite.session, d->params, &answer);
        error = answer.error;
    }
    ck_assert_msg(error && error->child, "%s was not refused (wanted %s)",
                  method, code);
    ck_assert_msg(strcmp(error->child->valuestring, code) == 0,
                  "%s was refused with %s, not %s", method,
                  error->child->valuestring, code);
    coverage_mark_error(message_find(method), code);
    if (strcmp(code, "HANDLE_INVALID") == 0 && strstr(d->step->params, BOGUS))
        coverage_mark(message_find(method), COLUMN_UNKNOWN_REF);
}

/* --- Proofs -------------------------------------------------------------------- */

static cJSON *seen(const struct doing *d)
{
    return strcmp(d->step->method, "=") == 0
               ? d->params->child
               : answer_of(d->step->method, suite.session, d->params);
}

static void judge(const struct doing *d, const cJSON *found, bool good,
                  const char *verb)
{
    int nr = message_find(d->step->method);
    char *text = good ? NULL : cJSON_PrintUnformatted(found);

    ck_assert_msg(good, "%s(%s) answers %.200s, which %s %s", d->step->method,
                  d->step->params, text, verb, d->step->value);
    if (nr >= 0 && typed(found, message_at(nr)->result))
        coverage_mark(nr, COLUMN_SUCCESS);
    step_prove();
}

static void do_is(const struct doing *d)
{
    cJSON *found = seen(d);

    judge(d, found, same(d->value->child, found), "is not");
}

static void do_isnt(const struct doing *d)
{
    cJSON *found = seen(d);

    judge(d, found, !cJSON_Compare(d->value->child, found, true), "is");
}

static void do_has(const struct doing *d)
{
    cJSON *found = seen(d);

    judge(d, found, holds(d->value->child, found), "has not");
}

static void do_lacks(const struct doing *d)
{
    cJSON *found = seen(d);

    judge(d, found, !holds(d->value->child, found), "has");
}

/* Something that goes on by itself: every change wakes it up. */
static void do_soon(const struct doing *d)
{
    const char *token = event_token();
    cJSON *found = seen(d);

    for (int i = 0; i < TRIES_MAX && !same(d->value->child, found); i++) {
        cJSON *classes = cJSON_CreateArray(), *news;

        cJSON_AddItemToArray(classes, cJSON_CreateString("*"));
        news = ok("event.from", "jsf", classes, token, 1.0);
        token = field_text(news, "token");
        found = seen(d);
    }
    judge(d, found, same(d->value->child, found), "never became");
}

static void do_gone(const struct doing *d)
{
    char method[NAME_BYTES];
    struct rpc_answer answer;

    (void)snprintf(method, sizeof(method), "%s.get_uuid", d->step->name);
    ask(method, suite.session, d->params, &answer);
    ck_assert_msg(answer.error &&
                      strcmp(rpc_code(&answer), "HANDLE_INVALID") == 0,
                  "the %s is still there", d->step->name);
    step_prove();
}

/* --- Undoing ---------------------------------------------------------------------- */

static void do_undo(const struct doing *d)
{
    int *nr = &undo_nr[d->lasting];

    ck_assert_int_lt(*nr, UNDO_MAX);
    undo[d->lasting][*nr].method = d->step->method;
    undo[d->lasting][(*nr)++].params = cJSON_Duplicate(d->params, true);
}

void step_undo(bool lasting)
{
    pending.message = -1;
    while (undo_nr[lasting] > 0) {
        int nr = --undo_nr[lasting];
        struct rpc_answer answer;
        cJSON *params = undo[lasting][nr].params;

        rpc_call(suite.rpc, undo[lasting][nr].method,
                 with_session(undo[lasting][nr].method, suite.session, params),
                 &answer);
        rpc_answer_free(&answer); /* the check may have done it by itself */
        cJSON_Delete(params);
    }
}

static void (*const doers[STEP_KINDS_NR])(const struct doing *d) = {
    [STEP_DO] = do_prepare,      [STEP_CALL] = do_call,
    [STEP_REFUSED] = do_refused, [STEP_IS] = do_is,
    [STEP_ISNT] = do_isnt,       [STEP_HAS] = do_has,
    [STEP_LACKS] = do_lacks,     [STEP_SOON] = do_soon,
    [STEP_GONE] = do_gone,       [STEP_UNDO] = do_undo,
    [STEP_HTTP] = do_http,       [STEP_WORLD] = do_world,
    [STEP_AT] = do_at,           [STEP_POWER] = do_power,
    [STEP_CLOCK] = do_clock,     [STEP_DOWN] = do_down,
    [STEP_LOCALLY] = do_locally, [STEP_WITH] = do_with,
};

bool step_run(const struct step *s, enum recipe_mode mode, bool lasting,
              char missing[BOUND_NAME_BYTES])
{
    struct doing d = {.step = s, .mode = mode, .lasting = lasting};

    d.params = bound_parse(s->params, missing);
    if (!d.params)
        return false;
    if (s->value) {
        d.value = bound_parse(s->value, missing);
        if (!d.value)
            return false;
    }
    doers[s->kind](&d);
    return true;
}

/* Making samples, and destroying them. */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "suite.h"

enum {
    DEPTH_MAX = 16,
    NAME_BYTES = 128,
};

static const struct {
    const char *class, *constructor, *params, *destructor;
} samples[] = {
#define SAMPLE(class, constructor, params, destructor) \
    {class, constructor, "[" params "]", destructor},
#define SAMPLE_BUSY SAMPLE
#include "samples.def"
#undef SAMPLE_BUSY
#undef SAMPLE
};

enum {
    SAMPLES_NR = sizeof(samples) / sizeof(samples[0]),
};

static char *made[SAMPLES_NR]; /* references */

int sample_count(void)
{
    return SAMPLES_NR;
}

const char *sample_name(int nr)
{
    return samples[nr].constructor;
}

const char *sample_of(const char *class)
{
    for (int i = 0; i < SAMPLES_NR; i++)
        if (strcmp(samples[i].class, class) == 0)
            return made[i];
    return NULL;
}

/* What "$Class" stands for. */
static const char *meant(const char *class)
{
    const char *ref = sample_of(class);
    char method[NAME_BYTES];
    cJSON *all;

    if (ref)
        return ref;
    if (strcmp(class, "SR") == 0)
        return ok_text("pool.get_default_SR", "s",
                       ok("pool.get_all", "")->child->valuestring);
    (void)snprintf(method, sizeof(method), "%s.get_all", class);
    all = ok(method, "");
    if (!all->child)
        skip("the target has no object to refer to");
    return all->child->valuestring;
}

/* Puts objects where the tree names classes. */
static void resolve(cJSON *root)
{
    cJSON *path[DEPTH_MAX], *v = root;
    int depth = 0;

    while (v) {
        if (cJSON_IsString(v) && v->valuestring[0] == '$')
            cJSON_SetValuestring(v, meant(v->valuestring + 1));
        if (v->child && depth < DEPTH_MAX) {
            path[depth++] = v;
            v = v->child;
            continue;
        }
        while (depth > 0 && !v->next)
            v = path[--depth];
        v = depth > 0 ? v->next : NULL;
    }
}

/* Whether a value holds what was given: maps may have more in them. */
static bool holds(const cJSON *given, const cJSON *found)
{
    if (!cJSON_IsObject(given))
        return cJSON_Compare(given, found, true);
    for (cJSON *v = given->child; v; v = v->next)
        if (!cJSON_Compare(v, cJSON_GetObjectItem(found, v->string), true))
            return false;
    return true;
}

/* What was given must be what the record says. */
static void compare(const cJSON *given, const cJSON *record)
{
    for (cJSON *v = given->child; v; v = v->next) {
        const cJSON *found = cJSON_GetObjectItem(record, v->string);

        if (!found || (cJSON_IsString(v) && !*v->valuestring) ||
            strcmp(v->string, "value") == 0)
            continue; /* settled by the endpoint, or not shown as it is */
        ck_assert_msg(holds(v, found), "field %s is not what was given",
                      v->string);
    }
}

static cJSON *params_of(int nr)
{
    cJSON *params = cJSON_Parse(samples[nr].params);

    ck_assert_msg(params, "samples.def: no JSON for %s", samples[nr].class);
    resolve(keep(params));
    return params;
}

void check_constructor(int nr)
{
    const char *token, *method = samples[nr].constructor, *event;
    cJSON *params, *all = cJSON_CreateArray(), *record;
    struct rpc_answer answer;
    char getter[NAME_BYTES];

    keep(all);
    needs_destructive();
    params = params_of(nr);
    token = event_token();
    cJSON_AddItemToArray(all, cJSON_CreateString(suite.session));
    for (cJSON *p = params->child; p; p = p->next)
        cJSON_AddItemToArray(all, cJSON_Duplicate(p, true));
    rpc_call(suite.rpc, method, cJSON_Duplicate(all, true), &answer);
    keep(answer.error);
    keep(answer.value);
    ck_assert_msg(!answer.error, "%s was refused: %s %s %s", method,
                  rpc_code(&answer), rpc_word(&answer, 1),
                  rpc_word(&answer, 2));
    made[nr] = strdup(cJSON_GetStringValue(answer.value));
    coverage_mark(message_find(method), COLUMN_SUCCESS);
    (void)snprintf(getter, sizeof(getter), "%s.get_record", samples[nr].class);
    record = ok(getter, "s", made[nr]);
    if (cJSON_IsObject(params->child))
        compare(params->child, record);
    if (!class_has_events(samples[nr].class))
        return;
    event = event_about(samples[nr].class, made[nr], token);
    ck_assert_msg(event && strcmp(event, "add") == 0, "no event of %s", method);
    coverage_mark(message_find(method), COLUMN_EVENT);
}

const char *sample_name_from_end(int from_end)
{
    return samples[SAMPLES_NR - 1 - from_end].destructor;
}

/* What has to be done before an object may go. */
static void prepare(const char *class, const char *ref)
{
    cJSON *pbds;

    if (strcmp(class, "task") == 0)
        ok("task.set_status", "ss", ref, "success");
    if (strcmp(class, "SR") != 0)
        return;
    pbds = ok("SR.get_PBDs", "s", ref);
    for (cJSON *pbd = pbds->child; pbd; pbd = pbd->next)
        ok("PBD.unplug", "s", pbd->valuestring);
}

/* Sent whatever the answer. */
static void send_away(const char *method, const char *ref)
{
    struct rpc_answer answer;

    call_any(&answer, suite.session, method, "s", ref);
    rpc_answer_free(&answer);
}

void samples_end(void)
{
    for (int nr = SAMPLES_NR - 1; nr >= 0; nr--) {
        if (made[nr])
            send_away(samples[nr].destructor, made[nr]);
        free(made[nr]);
        made[nr] = NULL;
    }
}

/* The one made last goes first. */
void check_destructor(int from_end)
{
    int nr = SAMPLES_NR - 1 - from_end;
    const char *token, *event, *method = samples[nr].destructor;
    char getter[NAME_BYTES];
    const char *ref;

    if (!made[nr])
        skip("it was not made");
    ref = keep(cJSON_CreateString(made[nr]))->valuestring;
    free(made[nr]);
    made[nr] = NULL;
    prepare(samples[nr].class, ref);
    token = event_token();
    ok(method, "s", ref);
    (void)snprintf(getter, sizeof(getter), "%s.get_record", samples[nr].class);
    refused("HANDLE_INVALID", getter, "s", ref);
    if (!class_has_events(samples[nr].class))
        return;
    event = event_about(samples[nr].class, ref, token);
    ck_assert_msg(event && strcmp(event, "del") == 0, "no event of %s", method);
    coverage_mark(message_find(method), COLUMN_EVENT);
}

/* Verbs of scripts that are no messages of the API. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

enum {
    NAME_BYTES = 256,
    PATH_BYTES = 512,
    WAIT_S = 20,
};

typedef bool (*verb_fn)(struct script *s, const cJSON *params,
                        struct script_result *result);

static const char *text_at(const cJSON *list, int nr)
{
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(list, nr));

    return text ? text : "";
}

/* A call whose value is wanted; NULL, and `why`: it was refused. */
static cJSON *value_of(struct script *s, const char *method, cJSON *params)
{
    struct rpc_answer answer;
    cJSON *value;

    script_call(s, method, params, &answer);
    value = answer.value;
    answer.value = NULL;
    if (!value)
        script_fail(s, "%s: %s %s", method, rpc_code(&answer),
                    rpc_word(&answer, 1));
    rpc_answer_free(&answer);
    return value;
}

static cJSON *texts(const char *a, const char *b)
{
    cJSON *list = cJSON_CreateArray();

    cJSON_AddItemToArray(list, cJSON_CreateString(a));
    if (b)
        cJSON_AddItemToArray(list, cJSON_CreateString(b));
    return list;
}

/* --- find ['CLASS', {field: pattern or value}]: the first that has them --- */

static bool fits(const cJSON *wanted, const cJSON *found)
{
    if (cJSON_IsString(wanted) && cJSON_IsString(found))
        return fnmatch(wanted->valuestring, found->valuestring, 0) == 0;
    return cJSON_Compare(wanted, found, true);
}

static bool has_fields(const cJSON *record, const cJSON *fields)
{
    for (cJSON *f = fields ? fields->child : NULL; f; f = f->next)
        if (!fits(f, cJSON_GetObjectItem(record, f->string)))
            return false;
    return true;
}

static bool verb_find(struct script *s, const cJSON *params,
                      struct script_result *result)
{
    const char *class = text_at(params, 0);
    const cJSON *fields = cJSON_GetArrayItem(params, 1);
    char method[NAME_BYTES];
    cJSON *all, *one;

    (void)snprintf(method, sizeof(method), "%s.get_all_records", class);
    all = value_of(s, method, cJSON_CreateArray());
    for (one = all ? all->child : NULL; one; one = one->next)
        if (has_fields(one, fields))
            break;
    if (one) {
        result->value = cJSON_CreateString(one->string);
        result->record = cJSON_Duplicate(one, true);
    } else {
        script_fail(s, "no %s is as wanted", class);
    }
    cJSON_Delete(all);
    return one != NULL;
}

/* other ['CLASS', object]: the first that is not that one */
static bool verb_other(struct script *s, const cJSON *params,
                       struct script_result *result)
{
    char method[NAME_BYTES];
    cJSON *all, *one;

    (void)snprintf(method, sizeof(method), "%s.get_all_records",
                   text_at(params, 0));
    all = value_of(s, method, cJSON_CreateArray());
    for (one = all ? all->child : NULL; one; one = one->next)
        if (strcmp(one->string, text_at(params, 1)) != 0)
            break;
    if (one) {
        result->value = cJSON_CreateString(one->string);
        result->record = cJSON_Duplicate(one, true);
    } else {
        script_fail(s, "no other %s", text_at(params, 0));
    }
    cJSON_Delete(all);
    return result->value != NULL;
}

/* --- await ['CLASS', object, 'field', value]: until it is so -------------- */

static bool is_so(struct script *s, const cJSON *params)
{
    char method[NAME_BYTES];
    cJSON *value;
    bool so;

    (void)snprintf(method, sizeof(method), "%s.get_%s", text_at(params, 0),
                   text_at(params, 2));
    value = value_of(s, method, texts(text_at(params, 1), NULL));
    so = value && fits(cJSON_GetArrayItem(params, 3), value);
    cJSON_Delete(value);
    return so;
}

static bool verb_await(struct script *s, const cJSON *params,
                       struct script_result *result)
{
    char class[NAME_BYTES], token[NAME_BYTES] = "";

    (void)result;
    (void)snprintf(class, sizeof(class), "%s/%s", text_at(params, 0),
                   text_at(params, 1));
    for (int i = 0; i < WAIT_S && !is_so(s, params) && !*s->why; i++) {
        cJSON *list = cJSON_CreateArray(), *news;

        cJSON_AddItemToArray(list, texts(class, NULL));
        cJSON_AddItemToArray(list, cJSON_CreateString(token));
        cJSON_AddItemToArray(list, cJSON_CreateNumber(1));
        news = value_of(s, "event.from", list);
        (void)snprintf(
            token, sizeof(token), "%s",
            news ? cJSON_GetStringValue(cJSON_GetObjectItem(news, "token"))
                 : "");
        cJSON_Delete(news);
    }
    return is_so(s, params) ||
           script_fail(s, "%s never became as wanted", text_at(params, 2));
}

/* --- end_vm [machine]: it goes, with its disks ---------------------------- */

static void try_call(struct script *s, const char *method, cJSON *params)
{
    struct rpc_answer answer;

    script_call(s, method, params, &answer);
    rpc_answer_free(&answer);
}

/* Disks that came with the machine; CDs stay. */
static void end_disks(struct script *s, const char *vm)
{
    cJSON *vbds = value_of(s, "VM.get_VBDs", texts(vm, NULL));

    for (cJSON *v = vbds ? vbds->child : NULL; v; v = v->next) {
        cJSON *vbd = value_of(s, "VBD.get_record", texts(v->valuestring, NULL));
        const char *type =
            cJSON_GetStringValue(cJSON_GetObjectItem(vbd, "type"));
        const char *vdi = cJSON_GetStringValue(cJSON_GetObjectItem(vbd, "VDI"));

        if (type && vdi && strcmp(type, "Disk") == 0)
            try_call(s, "VDI.destroy", texts(vdi, NULL));
        cJSON_Delete(vbd);
    }
    cJSON_Delete(vbds);
}

static bool verb_end_vm(struct script *s, const cJSON *params,
                        struct script_result *result)
{
    const char *vm = text_at(params, 0);
    cJSON *state = value_of(s, "VM.get_power_state", texts(vm, NULL));

    if (state && strcmp(cJSON_GetStringValue(state), "Halted") != 0)
        try_call(s, "VM.hard_shutdown", texts(vm, NULL));
    cJSON_Delete(state);
    if (*s->why)
        return false;
    end_disks(s, vm);
    result->value = value_of(s, "VM.destroy", texts(vm, NULL));
    return result->value != NULL;
}

/* --- wait [task]: until it is over ---------------------------------------- */

bool script_task_over(struct script *s, const char *task)
{
    cJSON *about = cJSON_CreateArray();
    struct script_result none = {0};
    bool over;

    cJSON_AddItemToArray(about, cJSON_CreateString("task"));
    cJSON_AddItemToArray(about, cJSON_CreateString(task));
    cJSON_AddItemToArray(about, cJSON_CreateString("status"));
    cJSON_AddItemToArray(about, cJSON_CreateString("[!p]*")); /* not pending */
    over = verb_await(s, about, &none);
    cJSON_Delete(about);
    return over;
}

static bool verb_wait(struct script *s, const cJSON *params,
                      struct script_result *result)
{
    (void)result;
    return script_task_over(s, text_at(params, 0));
}

/* --- The simulation's own interface --------------------------------------- */

/* Its answer, to be freed by the caller; NULL: refused. */
static cJSON *sim_call(struct script *s, const char *method, const char *rest,
                       const cJSON *body)
{
    char path[PATH_BYTES], *text = body ? cJSON_PrintUnformatted(body) : NULL;
    char *reply;
    size_t len;
    cJSON *answer = NULL;
    long status;

    (void)snprintf(path, sizeof(path), "/sim%s?session_id=%s", rest,
                   s->session);
    status = rpc_http(s->rpc, method, path, "application/json",
                      text ? text : "", text ? strlen(text) : 0, &reply, &len);
    if (status == 200)
        answer = cJSON_Parse(reply);
    if (!answer)
        script_fail(s, "/sim%s: HTTP %ld %.200s", rest, status, reply);
    free(reply);
    free(text);
    return answer;
}

/* fault [{what: ...}]: it goes wrong from now on; its number is the value. */
static bool verb_fault(struct script *s, const cJSON *params,
                       struct script_result *result)
{
    cJSON *answer = sim_call(s, "POST", "/faults", params->child);

    result->value = cJSON_Duplicate(cJSON_GetObjectItem(answer, "id"), true);
    cJSON_Delete(answer);
    return result->value != NULL;
}

/* heal [number] */
static bool verb_heal(struct script *s, const cJSON *params,
                      struct script_result *result)
{
    char rest[NAME_BYTES];
    const cJSON *id = cJSON_GetArrayItem(params, 0);

    (void)snprintf(rest, sizeof(rest), "/faults/%d",
                   cJSON_IsNumber(id) ? id->valueint : -1);
    result->value = sim_call(s, "DELETE", rest, NULL);
    return result->value != NULL;
}

/* sim_host ['name', 'crash'] and so on */
static bool verb_sim_host(struct script *s, const cJSON *params,
                          struct script_result *result)
{
    char rest[NAME_BYTES];

    (void)snprintf(rest, sizeof(rest), "/host/%s/%s", text_at(params, 0),
                   text_at(params, 1));
    result->value = sim_call(s, "POST", rest, NULL);
    return result->value != NULL;
}

/* clock [{'advance': seconds}], for one that does not go by itself, or 'jump' */
static bool verb_clock(struct script *s, const cJSON *params,
                       struct script_result *result)
{
    result->value = sim_call(s, "POST", "/clock", params->child);
    return result->value != NULL;
}

/* at ['address']: calls go to another host from now on */
static bool verb_at(struct script *s, const cJSON *params,
                    struct script_result *result)
{
    const char *here = rpc_url(s->rpc), *name = strstr(here, "://") + 3;
    char url[PATH_BYTES];

    (void)result;
    (void)snprintf(url, sizeof(url), "%.*s%s%s", (int)(name - here), here,
                   text_at(params, 0),
                   strchr(name, ':') ? strchr(name, ':') : "");
    rpc_close(s->elsewhere);
    s->elsewhere = rpc_open(url, RPC_JSON2);
    return s->elsewhere != NULL;
}

/* as ['session']: calls are made with that session from now on */
static bool verb_as(struct script *s, const cJSON *params,
                    struct script_result *result)
{
    (void)result;
    free(s->borrowed);
    s->borrowed = strdup(text_at(params, 0));
    return true;
}

/* session []: the one that calls are made with */
static bool verb_session(struct script *s, const cJSON *params,
                         struct script_result *result)
{
    (void)params;
    result->value = cJSON_CreateString(s->session);
    return true;
}

/* flood [number]: as many objects come and go */
static bool verb_flood(struct script *s, const cJSON *params,
                       struct script_result *result)
{
    int nr = (int)cJSON_GetNumberValue(cJSON_GetArrayItem(params, 0));

    (void)result;
    for (int i = 0; i < nr && !*s->why; i++) {
        cJSON *record = cJSON_CreateObject(), *list = cJSON_CreateArray();
        cJSON *made;

        cJSON_AddStringToObject(record, "value", "conform-flood");
        cJSON_AddItemToArray(list, record);
        made = value_of(s, "secret.create", list);
        if (made)
            try_call(s, "secret.destroy",
                     texts(cJSON_GetStringValue(made), NULL));
        cJSON_Delete(made);
    }
    return !*s->why;
}

/* text ['a', 'b', ...]: one after the other */
static bool verb_text(struct script *s, const cJSON *params,
                      struct script_result *result)
{
    char text[PATH_BYTES] = "";

    (void)s;
    for (const cJSON *p = params->child; p; p = p->next)
        strncat(text, cJSON_IsString(p) ? p->valuestring : "",
                sizeof(text) - strlen(text) - 1);
    result->value = cJSON_CreateString(text);
    return true;
}

static const struct {
    const char *name;
    verb_fn fn;
} verbs[] = {
    {"find", verb_find},   {"other", verb_other},
    {"await", verb_await}, {"end_vm", verb_end_vm},
    {"wait", verb_wait},   {"fault", verb_fault},
    {"heal", verb_heal},   {"sim_host", verb_sim_host},
    {"clock", verb_clock}, {"at", verb_at},
    {"as", verb_as},       {"session", verb_session},
    {"flood", verb_flood}, {"text", verb_text},
};

bool script_verb(struct script *s, const char *verb, const cJSON *params,
                 struct script_result *result)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].name, verb) == 0)
            return verbs[i].fn(s, params, result);
    return script_fail(s, "no verb '%s'", verb);
}

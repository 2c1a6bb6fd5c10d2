/* Calls with a verdict, and what they leave to be freed. */
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "recipe.h"
#include "scenario.h"

enum {
    KEPT_MAX = 65536,
    TEXT_BYTES = 256,
};

struct suite suite;

static cJSON *kept[KEPT_MAX];
static int kept_nr;

static const struct {
    const char *check, *message, *code;
} exceptions[] = {
#define EXCEPTION(check, message, code, reason) {check, message, code},
#include "exceptions.def"
#undef EXCEPTION
};

bool excepted(const char *check, const char *message, const char *code)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (strcmp(exceptions[i].check, check) == 0 &&
            strcmp(exceptions[i].message, message) == 0 &&
            (strcmp(exceptions[i].code, code) == 0 ||
             strcmp(exceptions[i].code, "*") == 0))
            return true;
    return false;
}

cJSON *keep(cJSON *tree)
{
    ck_assert_int_lt(kept_nr, KEPT_MAX);
    kept[kept_nr++] = tree;
    return tree;
}

void suite_begin(void)
{
    suite.skipped = NULL;
}

void suite_end(bool passed)
{
    if (passed)
        coverage_keep();
    else
        coverage_drop();
    recipe_end();
    scenario_end();
    while (kept_nr > 0)
        cJSON_Delete(kept[--kept_nr]);
}

void skip(const char *why)
{
    suite.skipped = why;
    ck_abort_msg("skipped: %s", why);
    abort(); /* not reached: the line above does not return */
}

void needs_destructive(void)
{
    if (!suite.options->destructive)
        skip("changes the target; not without --destructive");
}

static cJSON *one_param(char letter, va_list *args)
{
    switch (letter) {
    case 's':
        return cJSON_CreateString(va_arg(*args, const char *));
    case 'b':
        return cJSON_CreateBool(va_arg(*args, int));
    case 'i':
        return cJSON_CreateNumber(va_arg(*args, int));
    case 'f':
        return cJSON_CreateNumber(va_arg(*args, double));
    default:
        return va_arg(*args, cJSON *);
    }
}

static cJSON *params_of(const char *session, const char *format, va_list *args)
{
    cJSON *list = cJSON_CreateArray();

    if (session)
        cJSON_AddItemToArray(list, cJSON_CreateString(session));
    for (; *format; format++)
        cJSON_AddItemToArray(list, one_param(*format, args));
    return list;
}

static const char *own_session(const char *method)
{
    int nr = message_find(strncmp(method, "Async.", 6) ? method : method + 6);

    return nr >= 0 && message_has(message_at(nr), 'N') ? NULL : suite.session;
}

static void call_list(struct rpc_answer *answer, const char *method,
                      cJSON *params)
{
    rpc_call(suite.rpc, method, params, answer);
    if (!answer->value && !answer->error)
        ck_abort_msg("%s got no answer: %s", method, answer->why);
}

static void mark_success(const char *method)
{
    if (strncmp(method, "Async.", 6) != 0)
        coverage_mark(message_find(method), COLUMN_SUCCESS);
}

static cJSON *ok_list(const char *method, cJSON *params)
{
    struct rpc_answer answer;

    call_list(&answer, method, params);
    if (answer.error) {
        char *words = cJSON_PrintUnformatted(keep(answer.error));

        ck_abort_msg("%s was refused: %s", method, words);
    }
    mark_success(method);
    return keep(answer.value);
}

cJSON *ok(const char *method, const char *format, ...)
{
    va_list args;
    cJSON *params;

    va_start(args, format);
    params = params_of(own_session(method), format, &args);
    va_end(args);
    return ok_list(method, params);
}

const char *ok_text(const char *method, const char *format, ...)
{
    va_list args;
    cJSON *params, *value;

    va_start(args, format);
    params = params_of(own_session(method), format, &args);
    va_end(args);
    value = ok_list(method, params);
    ck_assert_msg(cJSON_IsString(value), "%s did not answer a string", method);
    return value->valuestring;
}

cJSON *refused(const char *code, const char *method, const char *format, ...)
{
    struct rpc_answer answer;
    va_list args;
    cJSON *params;

    va_start(args, format);
    params = params_of(own_session(method), format, &args);
    va_end(args);
    call_list(&answer, method, params);
    ck_assert_msg(answer.error, "%s was not refused (wanted %s)", method, code);
    keep(answer.error);
    ck_assert_msg(strcmp(rpc_code(&answer), code) == 0,
                  "%s was refused with %s, not %s", method, rpc_code(&answer),
                  code);
    coverage_mark_error(message_find(method), code);
    return answer.error;
}

void call_any(struct rpc_answer *answer, const char *session,
              const char *method, const char *format, ...)
{
    va_list args;
    cJSON *params;

    va_start(args, format);
    params = params_of(session, format, &args);
    va_end(args);
    call_list(answer, method, params);
}

/* The first value of "enum NAME". */
static cJSON *sample_enum(const char *type)
{
    const char *values = enumeration_values(type + strlen("enum "));
    char first[TEXT_BYTES];

    (void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(values, " "),
                   values);
    return cJSON_CreateString(first);
}

/* A harmless value of a type. */
static cJSON *sample(const char *type)
{
    size_t len = strlen(type);

    if (type[0] == '(' || strstr(type, " record"))
        return cJSON_CreateObject();
    if (len > 4 && strcmp(type + len - 4, " set") == 0)
        return cJSON_CreateArray();
    if (len > 4 && strcmp(type + len - 4, " ref") == 0)
        return cJSON_CreateString(BOGUS);
    if (strncmp(type, "enum ", 5) == 0)
        return sample_enum(type);
    if (strcmp(type, "bool") == 0)
        return cJSON_CreateBool(false);
    if (strcmp(type, "int") == 0 || strcmp(type, "float") == 0)
        return cJSON_CreateNumber(1);
    if (strcmp(type, "datetime") == 0)
        return cJSON_CreateString("19700101T00:00:00Z");
    return cJSON_CreateString("x");
}

cJSON *sample_params(const struct message *m, bool all)
{
    cJSON *list = cJSON_CreateArray();
    int nr = all ? m->params_nr : m->required_nr;

    for (int i = 0; i < nr; i++)
        cJSON_AddItemToArray(list, sample(m->params[i].type));
    return list;
}

const char *field_text(const cJSON *record, const char *field)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(record, field));

    ck_assert_msg(text, "the record has no text '%s'", field);
    return text;
}

const char *event_token(void)
{
    cJSON *none = cJSON_CreateArray();

    cJSON_AddItemToArray(none, cJSON_CreateString("pool"));
    return field_text(ok("event.from", "jsf", none, "", 0.0), "token");
}

const char *event_about(const char *class, const char *ref, const char *token)
{
    cJSON *classes = cJSON_CreateArray(), *news;

    cJSON_AddItemToArray(classes, cJSON_CreateString(class));
    news = cJSON_GetObjectItem(ok("event.from", "jsf", classes, token, 5.0),
                               "events");
    for (cJSON *e = news ? news->child : NULL; e; e = e->next)
        if (strcmp(field_text(e, "ref"), ref) == 0)
            return field_text(e, "operation");
    return NULL;
}

cJSON *task_wait(const char *task)
{
    const char *token = "";
    char name[TEXT_BYTES];

    (void)snprintf(name, sizeof(name), "task/%s", task);
    for (;;) {
        cJSON *classes = cJSON_CreateArray(), *news;
        cJSON *record = ok("task.get_record", "s", task);

        if (strcmp(field_text(record, "status"), "pending") != 0)
            return record;
        cJSON_AddItemToArray(classes, cJSON_CreateString(name));
        news = ok("event.from", "jsf", classes, token, 30.0);
        token = field_text(news, "token");
    }
}

const char *made_name(const char *what)
{
    static int nr;
    char text[TEXT_BYTES];

    (void)snprintf(text, sizeof(text), "conform-%d-%d-%s", (int)getpid(), ++nr,
                   what);
    return keep(cJSON_CreateString(text))->valuestring;
}

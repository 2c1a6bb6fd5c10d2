/* Claims about calls that are refused, checked on every message. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "readonly.h"
#include "suite.h"

static bool has(int nr, enum column c)
{
    return column_applies(c, message_at(nr));
}

bool has_session(int nr)
{
    return has(nr, COLUMN_BAD_SESSION);
}

bool counts_parameters(int nr)
{
    return has(nr, COLUMN_COUNT);
}

bool has_parameters(int nr)
{
    return has(nr, COLUMN_TYPES);
}

bool has_reference(int nr)
{
    return has(nr, COLUMN_UNKNOWN_REF);
}

/* Only where a reference that leads nowhere keeps it from doing anything. */
bool has_async_form(int nr)
{
    const struct message *m = message_at(nr);

    return message_has(m, 'A') && !message_has(m, 'R') && has_reference(nr);
}

bool has_no_async_form(int nr)
{
    const struct message *m = message_at(nr);

    return !message_has(m, 'A') && !message_has(m, 'N') && !message_has(m, 'R');
}

/* Only where the call can do no harm, to sessions as well. */
bool has_role(int nr)
{
    const char *name = message_at(nr)->name;

    return has(nr, COLUMN_ALLOWED) &&
           (has_reference(nr) ||
            (message_reads(name) && strcmp(name, "session.logout") != 0));
}

bool has_weaker_role(int nr)
{
    return has(nr, COLUMN_DENIED);
}

static const struct {
    const char *message, *json;
} arguments[] = {
#define ARGUMENTS(message, json) {message, "[" json "]"},
#define SAMPLE(class, constructor, params, destructor) \
    {constructor, "[" params "]"},
#define SAMPLE_BUSY SAMPLE
#include "arguments.def"
#include "samples.def"
#undef SAMPLE_BUSY
#undef SAMPLE
#undef ARGUMENTS
};

/* Complete ones where a record is wanted, else by type. */
static cJSON *some_params(const struct message *m)
{
    for (int i = 0; i < m->required_nr; i++)
        if (strstr(m->params[i].type, " record"))
            for (size_t k = 0; k < sizeof(arguments) / sizeof(arguments[0]);
                 k++)
                if (strcmp(arguments[k].message, m->name) == 0)
                    return cJSON_Parse(arguments[k].json);
    return sample_params(m, false);
}

/* The call's parameters: a session, unless it takes none, and samples. */
static cJSON *params_for(const struct message *m, const char *session)
{
    cJSON *list = some_params(m);

    if (!message_has(m, 'N'))
        cJSON_InsertItemInArray(list, 0, cJSON_CreateString(session));
    return list;
}

/* The error of a call that has to fail, kept until the check is over. */
static const struct rpc_answer *failing(const char *method, cJSON *params)
{
    static struct rpc_answer answer;

    rpc_call(suite.rpc, method, params, &answer);
    if (answer.value)
        keep(answer.value);
    if (answer.error)
        keep(answer.error);
    ck_assert_msg(answer.error || answer.value, "%s got no answer: %s", method,
                  answer.why);
    ck_assert_msg(answer.error, "%s was not refused", method);
    return &answer;
}

static bool says(const struct rpc_answer *answer, const char *word)
{
    for (int i = 1; i < cJSON_GetArraySize(answer->error); i++)
        if (strcmp(rpc_word(answer, i), word) == 0)
            return true;
    return false;
}

void every_bad_session(int nr)
{
    const struct message *m = message_at(nr);
    const struct rpc_answer *a;

    a = failing(m->name, params_for(m, BOGUS));
    ck_assert_str_eq(rpc_code(a), "SESSION_INVALID");
    ck_assert_str_eq(rpc_word(a, 1), BOGUS);
    coverage_mark(nr, COLUMN_BAD_SESSION);
}

void every_parameter_count(int nr)
{
    const struct message *m = message_at(nr);
    const struct rpc_answer *a = failing(m->name, cJSON_CreateArray());

    ck_assert_str_eq(rpc_code(a), "MESSAGE_PARAMETER_COUNT_MISMATCH");
    ck_assert_str_eq(rpc_word(a, 1), m->name);
    ck_assert_int_eq(atoi(rpc_word(a, 2)), m->required_nr);
    ck_assert_int_eq(atoi(rpc_word(a, 3)), message_has(m, 'N') ? 0 : -1);
    coverage_mark(nr, COLUMN_COUNT);
}

/* Something that no value of the type can be. */
static cJSON *wrong_value(const char *type)
{
    size_t len = strlen(type);

    if (strcmp(type, "int") == 0 || strcmp(type, "bool") == 0 ||
        strcmp(type, "float") == 0 || type[0] == '(' ||
        (len > 4 && strcmp(type + len - 4, " set") == 0))
        return cJSON_CreateString("neither here nor there");
    return cJSON_CreateNumber(5);
}

void every_wrong_types(int nr)
{
    const struct message *m = message_at(nr);
    cJSON *params = sample_params(m, true);
    const struct rpc_answer *a;

    cJSON_ReplaceItemInArray(params, 0, wrong_value(m->params[0].type));
    if (!message_has(m, 'N'))
        cJSON_InsertItemInArray(params, 0, cJSON_CreateString(suite.session));
    a = failing(m->name, params);
    ck_assert_msg(strcmp(rpc_code(a), "HANDLE_INVALID") != 0,
                  "%s followed a reference first", m->name);
    coverage_mark(nr, COLUMN_TYPES);
}

void every_unknown_ref(int nr)
{
    const struct message *m = message_at(nr);
    struct rpc_answer answer;

    rpc_call(suite.rpc, m->name, params_for(m, suite.session), &answer);
    keep(answer.error);
    keep(answer.value);
    if (excepted("unknown_ref", m->name, rpc_code(&answer))) {
        coverage_mark_error(nr, rpc_code(&answer));
        return;
    }
    ck_assert_msg(strcmp(rpc_code(&answer), "HANDLE_INVALID") == 0 ||
                      strcmp(rpc_code(&answer), "HOST_OFFLINE") == 0,
                  "%s answers '%s'", m->name, rpc_code(&answer));
    ck_assert_msg(says(&answer, BOGUS), "%s does not name the reference",
                  m->name);
    coverage_mark(nr, COLUMN_UNKNOWN_REF);
    coverage_mark_error(nr, rpc_code(&answer));
}

void every_async_form(int nr)
{
    const struct message *m = message_at(nr);
    char name[128] = "Async.";
    struct rpc_answer answer;
    const char *task;

    strncat(name, m->name, sizeof(name) - strlen(name) - 1);
    rpc_call(suite.rpc, name, params_for(m, suite.session), &answer);
    keep(answer.error);
    task = cJSON_GetStringValue(keep(answer.value));
    ck_assert_msg(task && strstr(task, "Ref:"), "%s made no task: %s", name,
                  rpc_code(&answer));
    if (strncmp(task, "OpaqueRef:", 10) != 0)
        return; /* of task's own messages: nothing to remove */
    call_any(&answer, suite.session, "task.destroy", "s", task);
    rpc_answer_free(&answer);
}

void every_no_async_form(int nr)
{
    const struct message *m = message_at(nr);
    char name[128] = "Async.";

    strncat(name, m->name, sizeof(name) - strlen(name) - 1);
    (void)failing(name, params_for(m, suite.session));
}

static const char *session_of(int rank)
{
    if (!suite.role_sessions[rank])
        skip("no user of that role: see --users");
    return suite.role_sessions[rank];
}

void every_role_allowed(int nr)
{
    const struct message *m = message_at(nr);
    cJSON *params = params_for(m, session_of(role_rank(m->role)));
    struct rpc_answer answer;

    rpc_call(suite.rpc, m->name, params, &answer);
    keep(answer.error);
    keep(answer.value);
    ck_assert_str_ne(rpc_code(&answer), "RBAC_PERMISSION_DENIED");
    coverage_mark(nr, COLUMN_ALLOWED);
}

void every_role_denied(int nr)
{
    const struct message *m = message_at(nr);
    const struct rpc_answer *a;
    int rank = role_rank(m->role) - 1;

    while (!role_at(rank)) /* nobody may: not even the strongest */
        rank--;
    a = failing(m->name, params_for(m, session_of(rank)));
    ck_assert_str_eq(rpc_code(a), "RBAC_PERMISSION_DENIED");
    ck_assert_str_ne(rpc_word(a, 1), "");
    coverage_mark(nr, COLUMN_DENIED);
}

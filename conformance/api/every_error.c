/* Claims about errors that every client meets, checked on every message. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "suite.h"

/* What a call with these parameters ends with, kept until the check is over. */
static const struct rpc_answer *ending(const struct message *m, cJSON *params)
{
    static struct rpc_answer answer;

    if (!message_has(m, 'N'))
        cJSON_InsertItemInArray(params, 0, cJSON_CreateString(suite.session));
    rpc_call(suite.rpc, m->name, params, &answer);
    keep(answer.error);
    keep(answer.value);
    ck_assert_msg(answer.error || answer.value, "%s got no answer: %s", m->name,
                  answer.why);
    return &answer;
}

/* A call that nothing but its parameters' form can stop must be stopped. */
static void unreadable(const struct message *m, int nr, cJSON *value)
{
    cJSON *params = sample_params(m, true);
    const struct rpc_answer *a;

    cJSON_ReplaceItemInArray(params, nr, value);
    a = ending(m, params);
    ck_assert_msg(strcmp(rpc_code(a), "INTERNAL_ERROR") == 0,
                  "%s answers '%s' to a wrong '%s'", m->name, rpc_code(a),
                  m->params[nr].name);
}

/* --- Types, of all parameters --------------------------------------------- */

bool has_more_parameters(int nr)
{
    const struct message *m = message_at(nr);

    return m->params_nr > 1 && !message_has(m, 'R');
}

/* No type of the API is a list within a list. */
void every_later_type(int nr)
{
    const struct message *m = message_at(nr);

    for (int i = 1; i < m->params_nr; i++) {
        cJSON *inner = cJSON_CreateArray(), *outer = cJSON_CreateArray();

        cJSON_AddItemToArray(inner, cJSON_CreateNumber(5));
        cJSON_AddItemToArray(outer, inner);
        unreadable(m, i, outer);
    }
}

/* --- Enumerations --------------------------------------------------------- */

/* "enum X", "enum X set", "(enum X -> string) map": a value with no such X. */
static cJSON *unknown_member(const char *type)
{
    cJSON *word = cJSON_CreateString("no-such-member"), *list, *map;
    size_t len = strlen(type);

    if (strncmp(type, "enum ", 5) == 0) {
        if (strcmp(type + len - 4, " set") != 0)
            return word;
        list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, word);
        return list;
    }
    cJSON_Delete(word);
    if (strncmp(type, "(enum ", 6) != 0)
        return NULL;
    map = cJSON_CreateObject();
    cJSON_AddStringToObject(map, "no-such-member", "");
    return map;
}

bool has_enumeration(int nr)
{
    const struct message *m = message_at(nr);

    for (int i = 0; i < m->params_nr; i++)
        if (strstr(m->params[i].type, "enum "))
            return !message_has(m, 'R');
    return false;
}

void every_enumeration(int nr)
{
    const struct message *m = message_at(nr);

    for (int i = 0; i < m->params_nr; i++) {
        cJSON *value = unknown_member(m->params[i].type);

        if (value)
            unreadable(m, i, value);
    }
}

/* --- References that are none, or of something else ----------------------- */

/* An object that exists, of another class than the message's reference. */
static const char *alien(const struct message *m, int nr)
{
    bool pool = strncmp(m->params[nr].type, "pool ", 5) == 0;

    return ok(pool ? "host.get_all" : "pool.get_all", "")->child->valuestring;
}

static void refuse_reference(int message, const char *ref)
{
    const struct message *m = message_at(message);
    cJSON *params = sample_params(m, false);
    const struct rpc_answer *a;

    for (int i = 0; i < m->required_nr; i++) {
        const char *given = cJSON_GetStringValue(cJSON_GetArrayItem(params, i));

        if (given && strcmp(given, BOGUS) == 0)
            cJSON_ReplaceItemInArray(params, i, cJSON_CreateString(ref));
    }
    a = ending(m, params);
    if (excepted("unknown_ref", m->name, rpc_code(a)) ||
        excepted("other_ref", m->name, rpc_code(a)))
        return;
    ck_assert_msg(strcmp(rpc_code(a), "HANDLE_INVALID") == 0 ||
                      strcmp(rpc_code(a), "HOST_OFFLINE") == 0,
                  "%s answers '%s'", m->name, rpc_code(a));
}

void every_null_ref(int nr)
{
    refuse_reference(nr, REF_NULL);
}

void every_alien_ref(int nr)
{
    const struct message *m = message_at(nr);

    refuse_reference(nr, alien(m, message_first_ref(m)));
}

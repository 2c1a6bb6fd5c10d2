/* Documented errors that nothing provokes, for reports. */
#include "coverage.h"
#include "errors.h"

static void add(cJSON *all, const struct message *m, const char *code)
{
    cJSON *one = cJSON_CreateObject();

    cJSON_AddStringToObject(one, "message", m->name);
    cJSON_AddStringToObject(one, "error", code);
    cJSON_AddStringToObject(one, "reason", error_reason(m->name, code));
    cJSON_AddItemToArray(all, one);
}

cJSON *errors_unprovoked(void)
{
    cJSON *all = cJSON_CreateArray();

    for (int nr = 0; nr < message_count(); nr++) {
        const struct message *m = message_at(nr);

        if (!column_applies(COLUMN_ERRORS, m))
            continue;
        for (int i = 0; i < m->errors_nr; i++)
            if (!coverage_has_error(nr, i) &&
                error_reason(m->name, m->errors[i]))
                add(all, m, m->errors[i]);
    }
    return all;
}

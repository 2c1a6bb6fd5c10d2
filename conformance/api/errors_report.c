/* Documented errors that nothing provokes, for reports. */
#include "coverage.h"
#include "errors.h"

/* Why the error of that number was not met; NULL: it was, or nobody knows. */
static const char *excuse(int message, int error)
{
    const struct message *m = message_at(message);

    if (!column_applies(COLUMN_ERRORS, m) || coverage_has_error(message, error))
        return NULL;
    return error_reason(m->name, m->errors[error]);
}

int errors_excused(int message)
{
    int nr = 0;

    for (int i = 0; i < message_at(message)->errors_nr; i++)
        nr += excuse(message, i) != NULL;
    return nr;
}

int errors_excused_all(void)
{
    int nr = 0;

    for (int i = 0; i < message_count(); i++)
        nr += errors_excused(i);
    return nr;
}

void errors_add_excused(cJSON *list)
{
    for (int nr = 0; nr < message_count(); nr++)
        for (int i = 0; i < message_at(nr)->errors_nr; i++) {
            const char *reason = excuse(nr, i);
            cJSON *one;

            if (!reason)
                continue;
            one = cJSON_CreateObject();
            cJSON_AddStringToObject(one, "message", message_at(nr)->name);
            cJSON_AddStringToObject(one, "column", "errors");
            cJSON_AddStringToObject(one, "error", message_at(nr)->errors[i]);
            cJSON_AddStringToObject(one, "reason", reason);
            cJSON_AddItemToArray(list, one);
        }
}

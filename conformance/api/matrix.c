/* The coverage matrix as text and JSON; the page is page_data.c's. */
#include "matrix.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "errors.h"
#include "runner.h"
#include "waiver.h"

static double percent(int part, int whole)
{
    return whole ? 100.0 * part / whole : 100.0;
}

void matrix_print(FILE *out)
{
    fprintf(out, "coverage: %d of %d messages exercised\n", coverage_messages(),
            message_count());
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_places(c, &exercised);

        fprintf(out, "  %-16s %5d of %5d  %5.1f %%", column_name(c), exercised,
                places, percent(exercised, places));
        if (waiver_count(c))
            fprintf(out, ", %d waived", waiver_count(c));
        fputc('\n', out);
    }
}

/* What of a message has not been exercised, by names of columns and errors. */
static cJSON *missing_of(int nr)
{
    const struct message *m = message_at(nr);
    cJSON *list = cJSON_CreateArray();

    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_of(nr, c, &exercised);

        if (exercised < places && c != COLUMN_ERRORS)
            cJSON_AddItemToArray(list, cJSON_CreateString(column_name(c)));
    }
    if (column_applies(COLUMN_ERRORS, m))
        for (int i = 0; i < m->errors_nr; i++)
            if (!coverage_has_error(nr, i) &&
                !error_reason(m->name, m->errors[i]))
                cJSON_AddItemToArray(list, cJSON_CreateString(m->errors[i]));
    return list;
}

static cJSON *missing_list(void)
{
    cJSON *all = cJSON_CreateArray();

    for (int i = 0; i < message_count(); i++) {
        cJSON *list = missing_of(i), *one;

        if (!list->child) {
            cJSON_Delete(list);
            continue;
        }
        one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "message", message_at(i)->name);
        cJSON_AddItemToObject(one, "columns", list);
        cJSON_AddItemToArray(all, one);
    }
    return all;
}

/* What stays out for a reason, and was not exercised all the same. */
static cJSON *waived_list(void)
{
    cJSON *all = cJSON_CreateArray();

    for (int i = 0; i < message_count(); i++)
        for (enum column c = 0; c < COLUMNS_NR; c++) {
            const char *reason = waiver_needed(i, c);
            cJSON *one;

            if (!reason)
                continue;
            one = cJSON_CreateObject();
            cJSON_AddStringToObject(one, "message", message_at(i)->name);
            cJSON_AddStringToObject(one, "column", column_name(c));
            cJSON_AddStringToObject(one, "reason", reason);
            cJSON_AddItemToArray(all, one);
        }
    errors_add_excused(all);
    return all;
}

static cJSON *coverage_tree(void)
{
    cJSON *coverage = cJSON_CreateObject(), *columns;

    cJSON_AddNumberToObject(coverage, "messages_total", message_count());
    cJSON_AddNumberToObject(coverage, "messages_exercised",
                            coverage_messages());
    columns = cJSON_AddObjectToObject(coverage, "columns");
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_places(c, &exercised);
        cJSON *one = cJSON_AddObjectToObject(columns, column_name(c));

        cJSON_AddNumberToObject(one, "exercised", exercised);
        cJSON_AddNumberToObject(one, "applicable", places);
        cJSON_AddNumberToObject(one, "waived", waiver_count(c));
    }
    return coverage;
}

void matrix_write_json(FILE *out, const struct options *o,
                       const struct results *r)
{
    cJSON *root = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(root, "target", runner_target());
    cJSON_AddStringToObject(root, "profile", o->profile);
    cJSON_AddNumberToObject(root, "seed", (double)o->seed);
    cJSON_AddNumberToObject(root, "passed", results_count(r, OUTCOME_PASSED));
    cJSON_AddNumberToObject(root, "failed", results_count(r, OUTCOME_FAILED));
    cJSON_AddNumberToObject(root, "skipped", results_count(r, OUTCOME_SKIPPED));
    cJSON_AddNumberToObject(root, "errors", results_count(r, OUTCOME_ERROR));
    cJSON_AddItemToObject(root, "coverage", coverage_tree());
    cJSON_AddItemToObject(root, "missing", missing_list());
    cJSON_AddItemToObject(root, "waived", waived_list());
    text = cJSON_Print(root);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(root);
}

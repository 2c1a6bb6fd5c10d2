/* What the page shows, as page.html wants it. */
#define _GNU_SOURCE /* asprintf */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "claim.h"
#include "coverage.h"
#include "errors.h"
#include "matrix.h"
#include "page.h"
#include "runner.h"
#include "waiver.h"

enum {
    ABI_BYTES_MAX = 16 << 20,
};

static void add_counts(cJSON *data, const struct results *r)
{
    cJSON *counts = cJSON_AddObjectToObject(data, "counts");
    double seconds = 0;

    cJSON_AddNumberToObject(counts, "passed", results_count(r, OUTCOME_PASSED));
    cJSON_AddNumberToObject(counts, "failed", results_count(r, OUTCOME_FAILED));
    cJSON_AddNumberToObject(counts, "errors", results_count(r, OUTCOME_ERROR));
    cJSON_AddNumberToObject(counts, "skipped",
                            results_count(r, OUTCOME_SKIPPED));
    for (int i = 0; i < r->nr; i++)
        seconds += r->rows[i].seconds;
    cJSON_AddNumberToObject(data, "seconds", seconds);
}

static void add_columns(cJSON *data)
{
    cJSON *columns = cJSON_AddArrayToObject(data, "columns");

    cJSON_AddNumberToObject(data, "exercised", coverage_messages());
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_places(c, &exercised);
        cJSON *one = cJSON_CreateObject();

        cJSON_AddStringToObject(one, "name", column_name(c));
        cJSON_AddStringToObject(one, "help", column_help(c));
        cJSON_AddNumberToObject(one, "exercised", exercised);
        cJSON_AddNumberToObject(one, "applicable", places);
        cJSON_AddItemToArray(columns, one);
    }
}

/* A letter per column: yes, partly, no, waived, or does not apply. */
static void put_cells(int nr, char cells[COLUMNS_NR + 1])
{
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_of(nr, c, &exercised);
        int excused = c == COLUMN_ERRORS ? errors_excused(nr) : 0;

        cells[c] = !places                         ? '.'
                   : excused && excused == places  ? 'w'
                   : exercised + excused == places ? 'y'
                   : exercised                     ? 'p'
                   : waiver_needed(nr, c)          ? 'w'
                                                   : 'n';
    }
    cells[COLUMNS_NR] = '\0';
}

/* [[column, reason], ...] */
static cJSON *waivers_of(int nr)
{
    cJSON *list = cJSON_CreateArray();

    for (enum column c = 0; c < COLUMNS_NR; c++) {
        const char *reason = waiver_needed(nr, c);
        cJSON *one;

        if (!reason)
            continue;
        one = cJSON_CreateArray();
        cJSON_AddItemToArray(one, cJSON_CreateString(column_name(c)));
        cJSON_AddItemToArray(one, cJSON_CreateString(reason));
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

/* [name, least role, cells, [[error, seen, why not], ...], waivers] */
static cJSON *message_row(int nr)
{
    const struct message *m = message_at(nr);
    cJSON *row = cJSON_CreateArray(), *errors = cJSON_CreateArray();
    char cells[COLUMNS_NR + 1];

    put_cells(nr, cells);
    cJSON_AddItemToArray(row, cJSON_CreateString(m->name));
    cJSON_AddItemToArray(row, cJSON_CreateString(m->role));
    cJSON_AddItemToArray(row, cJSON_CreateString(cells));
    for (int i = 0; column_applies(COLUMN_ERRORS, m) && i < m->errors_nr; i++) {
        const char *reason = error_reason(m->name, m->errors[i]);
        cJSON *one = cJSON_CreateArray();

        cJSON_AddItemToArray(one, cJSON_CreateString(m->errors[i]));
        cJSON_AddItemToArray(one,
                             cJSON_CreateNumber(coverage_has_error(nr, i)));
        cJSON_AddItemToArray(one, cJSON_CreateString(reason ? reason : ""));
        cJSON_AddItemToArray(errors, one);
    }
    cJSON_AddItemToArray(row, errors);
    cJSON_AddItemToArray(row, waivers_of(nr));
    return row;
}

static int claim_number(const char *id)
{
    for (enum claim c = 0; c < CLAIMS_NR; c++)
        if (strcmp(claim_at(c)->id, id) == 0)
            return (int)c;
    return CLAIMS_NR;
}

/* [check, item, claim, outcome, detail, log, seconds] */
static cJSON *test_row(const struct result *r)
{
    cJSON *row = cJSON_CreateArray();

    cJSON_AddItemToArray(row, cJSON_CreateString(r->group));
    cJSON_AddItemToArray(row, cJSON_CreateString(r->item));
    cJSON_AddItemToArray(row, cJSON_CreateNumber(claim_number(r->claim)));
    cJSON_AddItemToArray(row, cJSON_CreateNumber(r->outcome));
    cJSON_AddItemToArray(row, cJSON_CreateString(r->detail ? r->detail : ""));
    cJSON_AddItemToArray(row, cJSON_CreateString(r->log ? r->log : ""));
    cJSON_AddItemToArray(row,
                         cJSON_CreateNumber((int)(r->seconds * 1e5) / 1e5));
    return row;
}

static void add_claims(cJSON *data)
{
    cJSON *claims = cJSON_AddArrayToObject(data, "claims");

    for (enum claim c = 0; c < CLAIMS_NR; c++) {
        const struct claim_row *row = claim_at(c);
        cJSON *one = cJSON_CreateObject();

        cJSON_AddStringToObject(one, "id", row->id);
        cJSON_AddStringToObject(one, "sentence", row->sentence);
        cJSON_AddStringToObject(one, "since", row->since);
        cJSON_AddStringToObject(one, "source", row->source);
        cJSON_AddItemToArray(claims, one);
    }
}

/* Results of the ABI suite, as its --json has them. */
static void add_abi(cJSON *data, const char *path)
{
    char *text = calloc(1, ABI_BYTES_MAX + 1);
    FILE *file = fopen(path, "r");
    cJSON *abi = NULL;

    if (file && text && fread(text, 1, ABI_BYTES_MAX, file) > 0)
        abi = cJSON_Parse(text);
    if (abi)
        cJSON_AddItemToObject(data, "abi", abi);
    else
        fprintf(stderr, "conform: no results in '%s'\n", path);
    if (file)
        fclose(file);
    free(text);
}

static void add_about(cJSON *data, const struct options *o)
{
    time_t now = time(NULL);
    char date[64], *about;

    (void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", gmtime(&now));
    if (asprintf(&about, "Target %s, profile %s, seed %llu, %s, %s",
                 runner_target(), o->profile, o->seed,
                 o->destructive ? "with changes" : "only read", date) < 0)
        abort();
    cJSON_AddStringToObject(data, "title", "XenAPI conformance");
    cJSON_AddStringToObject(data, "about", about);
    free(about);
}

void matrix_write_html(FILE *out, const struct options *o,
                       const struct results *r)
{
    cJSON *data = cJSON_CreateObject(), *list;

    add_about(data, o);
    add_counts(data, r);
    add_columns(data);
    add_claims(data);
    list = cJSON_AddArrayToObject(data, "outcomes");
    for (enum outcome x = OUTCOME_NONE; x < OUTCOMES_NR; x++)
        cJSON_AddItemToArray(list, cJSON_CreateString(outcome_name(x)));
    list = cJSON_AddArrayToObject(data, "messages");
    for (int i = 0; i < message_count(); i++)
        cJSON_AddItemToArray(list, message_row(i));
    list = cJSON_AddArrayToObject(data, "tests");
    for (int i = 0; i < r->nr; i++)
        cJSON_AddItemToArray(list, test_row(&r->rows[i]));
    if (o->abi)
        add_abi(data, o->abi);
    page_write(out, data);
    cJSON_Delete(data);
}

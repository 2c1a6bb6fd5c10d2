/* The coverage matrix, written three ways. */
#include "matrix.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "coverage.h"
#include "markup.h"
#include "runner.h"

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

        fprintf(out, "  %-16s %5d of %5d  %5.1f %%\n", column_name(c),
                exercised, places, percent(exercised, places));
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
            if (!coverage_has_error(nr, i))
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
    text = cJSON_Print(root);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(root);
}

static const char page_head[] =
    "<!doctype html><html lang=en><meta charset=utf-8>"
    "<meta name=viewport content='width=device-width, initial-scale=1'>"
    "<title>XenAPI conformance</title><link rel=icon href='data:,'><style>"
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:80rem;margin:auto;"
    "padding:1rem}"
    "table{border-collapse:collapse;font-size:.9rem}"
    "td,th{padding:.15rem .6rem .15rem 0;text-align:left;vertical-align:top;"
    "border-top:1px solid #8884}"
    ".yes{color:#1a7f37}.no{color:#cf222e}.na{color:#8888}"
    ".failed,.error{color:#cf222e}.skipped{color:#9a6700}"
    "#scroll{overflow-x:auto}input{font:inherit;padding:.2rem .5rem}"
    "summary{cursor:pointer}</style><h1>XenAPI conformance</h1>";

static void put_summary(FILE *out, const struct options *o,
                        const struct results *r)
{
    fputs("<p>Target <b>", out);
    markup_puts(out, runner_target());
    fprintf(out,
            "</b>, profile %s, seed %llu: <b class=yes>%d passed</b>, "
            "<b class=%s>%d failed</b>, %d skipped. %d of %d messages "
            "exercised.<table><tr><th>Column<th>Exercised<th><th>Meaning",
            o->profile, o->seed, results_count(r, OUTCOME_PASSED),
            results_count(r, OUTCOME_FAILED) ? "no" : "na",
            results_count(r, OUTCOME_FAILED) + results_count(r, OUTCOME_ERROR),
            results_count(r, OUTCOME_SKIPPED), coverage_messages(),
            message_count());
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_places(c, &exercised);

        fprintf(out,
                "<tr><td>%s<td>%d of %d<td><meter value=%.3f></meter><td>%s",
                column_name(c), exercised, places,
                percent(exercised, places) / 100.0, column_help(c));
    }
    fputs("</table>", out);
}

static void put_outcome(FILE *out, const struct results *r, enum outcome o)
{
    for (int i = 0; i < r->nr; i++) {
        const struct result *row = &r->rows[i];

        if (row->outcome != o)
            continue;
        fprintf(out, "<tr data-find='%s %s' class=%s><td>%s<td>%s<td>%s<td>",
                row->group, row->item, outcome_name(o), row->group, row->item,
                row->claim);
        markup_puts(out, row->detail ? row->detail : "");
    }
}

/* The worst first. */
static void put_bad(FILE *out, const struct results *r)
{
    fputs("<h2>Not passed</h2><table><tr><th>Check<th>Message<th>Claim<th>"
          "Detail",
          out);
    put_outcome(out, r, OUTCOME_ERROR);
    put_outcome(out, r, OUTCOME_FAILED);
    put_outcome(out, r, OUTCOME_SKIPPED);
    fputs("</table>", out);
}

static void put_row(FILE *out, int nr)
{
    fprintf(out, "<tr data-find='%s'><td>%s", message_at(nr)->name,
            message_at(nr)->name);
    for (enum column c = 0; c < COLUMNS_NR; c++) {
        int exercised, places = coverage_of(nr, c, &exercised);

        if (!places)
            fputs("<td class=na>·", out);
        else if (c == COLUMN_ERRORS)
            fprintf(out, "<td class=%s>%d/%d",
                    exercised == places ? "yes" : "no", exercised, places);
        else
            fprintf(out, "<td class=%s>%s", exercised ? "yes" : "no",
                    exercised ? "✓" : "✗");
    }
}

static void put_claims(FILE *out)
{
    fputs("<h2>Claims</h2><table><tr><th>Id<th>Claim<th>Profiles<th>Since<th>"
          "Source",
          out);
    for (enum claim c = 0; c < CLAIMS_NR; c++) {
        const struct claim_row *row = claim_at(c);

        fprintf(out, "<tr data-find='%s'><td>%s<td>%s<td>%s<td>%s<td>%s",
                row->id, row->id, row->sentence, row->profiles, row->since,
                row->source);
    }
    fputs("</table>", out);
}

void matrix_write_html(FILE *out, const struct options *o,
                       const struct results *r)
{
    fputs(page_head, out);
    put_summary(out, o, r);
    fputs("<p><input id=filter type=search placeholder='Filter by name'>", out);
    put_bad(out, r);
    fputs("<h2>Matrix</h2><div id=scroll><table><tr><th>Message", out);
    for (enum column c = 0; c < COLUMNS_NR; c++)
        fprintf(out, "<th>%s", column_name(c));
    for (int i = 0; i < message_count(); i++)
        put_row(out, i);
    fputs("</table></div>", out);
    put_claims(out);
    fputs("<script>filter.oninput=()=>{for(const r of document."
          "querySelectorAll('tr[data-find]'))r.hidden=!r.dataset.find."
          "toLowerCase().includes(filter.value.toLowerCase())}</script></html>",
          out);
}

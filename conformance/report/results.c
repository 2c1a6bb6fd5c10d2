/* Results as lists, JUnit XML, TAP 13 and lines of JSON. */
#include "results.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "markup.h"

static const char *const outcome_names[] = {
    [OUTCOME_NONE] = "none",     [OUTCOME_PASSED] = "passed",
    [OUTCOME_FAILED] = "failed", [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_ERROR] = "error",
};

static char *copy(const char *text)
{
    return text && *text ? strdup(text) : NULL;
}

void results_add(struct results *r, struct result row)
{
    if (r->nr == r->room) {
        r->room = r->room ? 2 * r->room : 1024;
        r->rows = realloc(r->rows, (size_t)r->room * sizeof(*r->rows));
        if (!r->rows)
            abort();
    }
    row.detail = copy(row.detail);
    row.log = copy(row.log);
    row.marks = copy(row.marks);
    r->rows[r->nr++] = row;
}

void results_free(struct results *r)
{
    for (int i = 0; i < r->nr; i++) {
        free(r->rows[i].detail);
        free(r->rows[i].log);
        free(r->rows[i].marks);
    }
    free(r->rows);
    *r = (struct results){0};
}

int results_count(const struct results *r, enum outcome o)
{
    int nr = 0;

    for (int i = 0; i < r->nr; i++)
        nr += r->rows[i].outcome == o;
    return nr;
}

const char *outcome_name(enum outcome o)
{
    return outcome_names[o];
}

enum outcome outcome_find(const char *name)
{
    for (enum outcome o = OUTCOME_PASSED; o < OUTCOMES_NR; o++)
        if (name && strcmp(outcome_names[o], name) == 0)
            return o;
    return OUTCOME_NONE;
}

/* Text as XML: what cannot be there becomes a question mark. */
static void put_xml(FILE *out, const char *text)
{
    for (; *text; text++)
        markup_putc(out,
                    (unsigned char)*text < ' ' && *text != '\n' ? '?' : *text);
}

/* Schemas give a case no properties: its claim and its calls are output. */
static void put_output(FILE *out, const struct result *row)
{
    fprintf(out, "<system-out>claim: %s\n", row->claim);
    if (row->log && row->outcome != OUTCOME_PASSED)
        put_xml(out, row->log);
    fputs("</system-out>", out);
}

static void put_case(FILE *out, const struct result *row)
{
    static const char *const tags[] = {[OUTCOME_FAILED] = "failure",
                                       [OUTCOME_SKIPPED] = "skipped",
                                       [OUTCOME_ERROR] = "error"};

    fprintf(out, "  <testcase classname=\"%s\" name=\"%s\" time=\"%.6f\">",
            row->group, *row->item ? row->item : row->group, row->seconds);
    if (row->outcome != OUTCOME_PASSED) {
        fprintf(out, "<%s message=\"", tags[row->outcome]);
        put_xml(out, row->detail ? row->detail : "");
        fputs("\"/>", out);
    }
    put_output(out, row);
    fputs("</testcase>\n", out);
}

void junit_write(FILE *out, const struct results *r,
                 const char *const *properties)
{
    double seconds = 0;
    time_t now = time(NULL);
    char timestamp[32];

    (void)strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%S",
                   gmtime(&now));
    for (int i = 0; i < r->nr; i++)
        seconds += r->rows[i].seconds;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"conform\" tests=\"%d\" failures=\"%d\" "
            "errors=\"%d\" skipped=\"%d\" time=\"%.3f\" timestamp=\"%s\" "
            "hostname=\"localhost\">\n <properties>\n",
            r->nr, results_count(r, OUTCOME_FAILED),
            results_count(r, OUTCOME_ERROR), results_count(r, OUTCOME_SKIPPED),
            seconds, timestamp);
    for (; properties[0]; properties += 2) {
        fprintf(out, "  <property name=\"%s\" value=\"", properties[0]);
        put_xml(out, properties[1]);
        fputs("\"/>\n", out);
    }
    fputs(" </properties>\n", out);
    for (int i = 0; i < r->nr; i++)
        put_case(out, &r->rows[i]);
    fputs("</testsuite>\n", out);
}

/* One line: a detail with more would break the format. */
static void put_line(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(*text == '\n' || *text == '#' ? ' ' : *text, out);
}

void tap_write(FILE *out, const struct results *r)
{
    fprintf(out, "TAP version 13\n1..%d\n", r->nr);
    for (int i = 0; i < r->nr; i++) {
        const struct result *row = &r->rows[i];
        bool good =
            row->outcome == OUTCOME_PASSED || row->outcome == OUTCOME_SKIPPED;

        fprintf(out, "%sok %d - %s%s%s", good ? "" : "not ", i + 1, row->group,
                *row->item ? " " : "", row->item);
        if (row->outcome == OUTCOME_SKIPPED)
            fputs(" # SKIP ", out);
        if (row->outcome == OUTCOME_SKIPPED && row->detail)
            put_line(out, row->detail);
        fputc('\n', out);
        if (!good && row->detail) {
            fputs("  ---\n  message: '", out);
            put_line(out, row->detail);
            fprintf(out, "'\n  claim: %s\n  ...\n", row->claim);
        }
    }
}

char *result_json(const struct result *row)
{
    cJSON *line = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(line, "check", row->group);
    if (*row->item)
        cJSON_AddStringToObject(line, "message", row->item);
    cJSON_AddStringToObject(line, "claim", row->claim);
    cJSON_AddStringToObject(line, "outcome", outcome_name(row->outcome));
    if (row->detail)
        cJSON_AddStringToObject(line, "detail", row->detail);
    cJSON_AddNumberToObject(line, "seconds", row->seconds);
    cJSON_AddNumberToObject(line, "waited", row->waited);
    cJSON_AddNumberToObject(line, "calls", row->calls);
    if (row->marks)
        cJSON_AddStringToObject(line, "exercised", row->marks);
    text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    return text;
}

void jsonl_write(FILE *out, const struct results *r)
{
    for (int i = 0; i < r->nr; i++) {
        char *text = result_json(&r->rows[i]);

        fprintf(out, "%s\n", text);
        free(text);
    }
}

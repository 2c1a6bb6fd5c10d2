/* The run as JSON, with what was found added to it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

cJSON *report_number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static void number_add(cJSON *to, const char *name, double value)
{
    cJSON_AddItemToObject(to, name, report_number(value));
}

/* What a pair of series has in every list: `x` and `y` are their names. */
static cJSON *judged_make(const struct judged *j, const char *x, const char *y)
{
    cJSON *o = cJSON_CreateObject();

    number_add(o, x, j->x);
    number_add(o, y, j->y);
    number_add(o, "ratio", j->ratio);
    number_add(o, "low", j->interval.low);
    number_add(o, "high", j->interval.high);
    cJSON_AddStringToObject(o, "verdict", verdict_name(j->verdict));
    if (*j->reason)
        cJSON_AddStringToObject(o, "reason", j->reason);
    cJSON_AddStringToObject(o, "method", method_name(j->method));
    if (j->method == METHOD_COUNT)
        return o;
    cJSON_AddBoolToObject(o, "exact", j->exact);
    number_add(o, "confidence", j->confidence);
    number_add(o, "p", j->p);
    number_add(o, "q", j->q);
    number_add(o, "delta", j->delta);
    return o;
}

static cJSON *pair_make(double low, double high)
{
    cJSON *pair = cJSON_CreateArray();

    cJSON_AddItemToArray(pair, report_number(low));
    cJSON_AddItemToArray(pair, report_number(high));
    return pair;
}

static cJSON *row_make(const struct matrix *m, const struct row *row)
{
    const struct judged *j = &row->judged;
    cJSON *o = judged_make(j, "ours", "peer"), *samples, *others = NULL;

    cJSON_AddStringToObject(o, "peer_name", m->run->peer[row->peer]);
    cJSON_AddItemToObject(o, "ours_interval",
                          pair_make(j->x_interval.low, j->x_interval.high));
    cJSON_AddItemToObject(o, "peer_interval",
                          pair_make(j->y_interval.low, j->y_interval.high));
    samples = cJSON_AddObjectToObject(o, "samples");
    number_add(samples, "ours", (double)j->nx);
    number_add(samples, "peer", (double)j->ny);
    for (size_t i = 0; i < m->others; i++) {
        if (m->other[i].measure != row->measure)
            continue;
        if (!others)
            others = cJSON_AddObjectToObject(o, "others");
        cJSON_AddItemToObject(others, m->run->peer[m->other[i].peer],
                              judged_make(&m->other[i].judged, "ours", "peer"));
    }
    return o;
}

static void ratios_add(cJSON *root, const struct matrix *m)
{
    cJSON *ratios = cJSON_AddObjectToObject(root, "ratios");

    for (size_t i = 0; i < m->rows; i++)
        if (row_compares(&m->row[i]))
            cJSON_AddItemToObject(ratios, m->row[i].measure->name,
                                  row_make(m, &m->row[i]));
}

static void noise_add(cJSON *root, const struct noise *n)
{
    cJSON *o = cJSON_AddObjectToObject(root, "noise");

    number_add(o, "series", (double)n->series);
    number_add(o, "spread", n->spread);
    number_add(o, "spread_high", n->spread_high);
    number_add(o, "against_itself", n->difference);
    number_add(o, "against_itself_high", n->difference_high);
    number_add(o, "told_apart", (double)n->differ);
    number_add(o, "autocorrelation", n->autocorrelation);
    number_add(o, "drifting", (double)n->drifting);
    number_add(o, "two_modes", (double)n->two_modes);
    number_add(o, "lost", (double)n->lost);
}

static void statistics_add(cJSON *root, const struct matrix *m)
{
    cJSON *o = cJSON_AddObjectToObject(root, "statistics");
    size_t count[VERDICTS];

    number_add(o, "alpha", m->rules.alpha);
    number_add(o, "looks", m->rules.looks);
    number_add(o, "level", rules_level(&m->rules));
    number_add(o, "margin", m->rules.margin);
    number_add(o, "count_tolerance", m->rules.count_tolerance);
    number_add(o, "least", m->rules.least);
    number_add(o, "seed", (double)m->rules.seed);
    matrix_count(m, count);
    for (enum verdict v = 0; v < VERDICTS; v++)
        number_add(o, verdict_name(v), (double)count[v]);
}

static cJSON *change_make(const struct change *c)
{
    cJSON *o = judged_make(&c->judged, "now", "then");
    cJSON *reasons = cJSON_AddArrayToObject(o, "reasons");

    for (size_t i = 0; i < c->reasons; i++)
        cJSON_AddItemToArray(reasons, cJSON_CreateString(c->reason[i]));
    if (c->refused)
        cJSON_ReplaceItemInObject(o, "verdict", cJSON_CreateString("refused"));
    return o;
}

static void comparison_add(cJSON *root, const struct comparison *c)
{
    cJSON *o = cJSON_AddObjectToObject(root, "comparison"), *measures;

    cJSON_AddStringToObject(o, "baseline", c->baseline);
    cJSON_AddStringToObject(o, "revision", c->then->revision);
    cJSON_AddBoolToObject(o, "same_machine", c->same_machine);
    if (!c->same_machine)
        cJSON_AddStringToObject(o, "difference", c->difference);
    cJSON_AddStringToObject(o, "verdict", verdict_name(comparison_verdict(c)));
    for (enum verdict v = 0; v < VERDICTS; v++)
        number_add(o, verdict_name(v), (double)c->count[v]);
    measures = cJSON_AddObjectToObject(o, "measures");
    for (size_t i = 0; i < c->changes; i++)
        cJSON_AddItemToObject(measures, c->change[i].now->name,
                              change_make(&c->change[i]));
}

int report_tree(FILE *out, cJSON *root, bool indented)
{
    char *text = indented ? cJSON_Print(root) : cJSON_PrintUnformatted(root);

    cJSON_Delete(root);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}

/* What an earlier judgement left there goes. */
static const char *const found[] = {"ratios", "noise", "statistics",
                                    "comparison"};

int report_json(FILE *out, const struct report *r)
{
    cJSON *root = cJSON_Duplicate(r->matrix->run->json, true);

    if (!root)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(root, found[i]);
    ratios_add(root, r->matrix);
    noise_add(root, &r->matrix->noise);
    statistics_add(root, r->matrix);
    if (r->comparison)
        comparison_add(root, r->comparison);
    return report_tree(out, root, false);
}

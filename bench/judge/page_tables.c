/* Tables of the page: verdicts, changes, the machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "show.h"
#include "svg.h"

enum {
    FOREST_WIDTH = 180,
    FOREST_HEIGHT = 20,
};

/* --- Ratios as marks on an axis, better to the right --------------------------- */
static double oriented(double ratio, bool higher)
{
    return higher ? ratio : 1 / ratio;
}

/* As far as the farthest, but twice and sixteen times at the utmost. */
static double forest_reach(const struct matrix *m)
{
    double reach = 2;

    for (size_t i = 0; i < m->rows; i++)
        if (row_compares(&m->row[i]) && isfinite(m->row[i].judged.ratio) &&
            m->row[i].judged.ratio > 0)
            reach = fmax(reach, exp(fabs(log(m->row[i].judged.ratio))) * 1.1);
    return fmin(reach, 16);
}

static void forest(FILE *out, const struct judged *j, double reach,
                   double margin)
{
    struct axis a = {1 / reach, reach, 2, FOREST_WIDTH - 2, true};
    double low = axis_at(&a, oriented(j->interval.low, j->higher));
    double high = axis_at(&a, oriented(j->interval.high, j->higher));
    double middle = FOREST_HEIGHT / 2.0;
    const char *look = page_look(j->verdict);

    if (!isfinite(j->ratio) || !isfinite(low) || !isfinite(high))
        return;
    svg_begin(out, FOREST_WIDTH, FOREST_HEIGHT, "ratio", false);
    fprintf(out,
            "<rect class=\"margin\" x=\"%.1f\" y=\"0\" width=\"%.1f\" "
            "height=\"%d\"/>\n",
            axis_at(&a, 1 / (1 + margin)),
            axis_at(&a, 1 + margin) - axis_at(&a, 1 / (1 + margin)),
            FOREST_HEIGHT);
    svg_line(out, axis_at(&a, 1), 0, axis_at(&a, 1), FOREST_HEIGHT, "axis");
    svg_line(out, fmin(low, high), middle, fmax(low, high), middle, look);
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" class=\"%s\"/>\n",
            axis_at(&a, oriented(j->ratio, j->higher)), middle, look);
    svg_end(out);
}

/* --- Verdicts ---------------------------------------------------------------- */
static void group_row(FILE *out, const struct matrix *m, size_t i)
{
    const char *name = m->row[i].measure->name;
    const char *before = i ? m->row[i - 1].measure->name : "";
    size_t len = show_group(name);

    if (!i || len != show_group(before) || strncmp(name, before, len) != 0)
        fprintf(out, "<tr class=\"g\"><th colspan=\"6\">%.*s</th></tr>\n",
                (int)len, name);
}

static const char *short_name(const char *name)
{
    const char *rest = name + show_group(name);

    return *rest == '.' ? rest + 1 : name;
}

/* Unit, note, how it was judged, and the other peers. */
static void row_details(FILE *out, const struct matrix *m,
                        const struct row *row)
{
    char ratio[SHOW_BYTES];

    fputs("<small>", out);
    show_markup(out, row->measure->unit);
    fprintf(out, ", %s is better", row->measure->higher ? "more" : "less");
    if (*row->measure->note) {
        fputs("; ", out);
        show_markup(out, row->measure->note);
    }
    for (size_t i = 0; i < m->others; i++)
        if (m->other[i].measure == row->measure)
            fprintf(out, "; to %s %s: %s", m->run->peer[m->other[i].peer],
                    show_ratio(m->other[i].judged.ratio, ratio),
                    verdict_name(m->other[i].judged.verdict));
    if (row->ours >= 0 && noise_drifts(&row->measure->series[row->ours]))
        fputs("; drifts", out);
    if (row->ours >= 0 && noise_two_modes(&row->measure->series[row->ours]))
        fputs("; has two modes", out);
    fputs("</small>", out);
}

static void verdict_cell(FILE *out, const struct row *row)
{
    const struct judged *j = &row->judged;

    if (!row_compares(row)) {
        fputs("<td class=\"v\"></td>", out);
        return;
    }
    fprintf(out, "<td class=\"v %s\" title=\"", page_look(j->verdict));
    if (!j->count)
        fprintf(out,
                "%zu and %zu samples, %s, p %.2g, among all measures %.2g, "
                "Cliff&#39;s delta %+.2f",
                j->nx, j->ny, method_name(j->method), j->p, j->q, j->delta);
    fprintf(out, "\">%s", verdict_name(j->verdict));
    if (*row->judged.reason)
        fprintf(out, "<small>%s</small>", row->judged.reason);
    fputs("</td>", out);
}

static void verdict_row(FILE *out, const struct report *r,
                        const struct row *row, double reach)
{
    const struct run *run = r->matrix->run;
    const struct judged *j = &row->judged;
    char x[SHOW_BYTES], y[SHOW_BYTES], ratio[SHOW_BYTES],
        interval[2 * SHOW_BYTES];

    fprintf(out, "<tr data-find=\"%s\" data-v=\"%s\"><td class=\"m\">%s",
            row->measure->name,
            row_compares(row) ? page_look(j->verdict) : "alone",
            short_name(row->measure->name));
    row_details(out, r->matrix, row);
    fprintf(
        out,
        "</td><td class=\"n\" data-l=\"ours\">%s</td>"
        "<td class=\"n\" data-l=\"%s\">%s<small class=\"who\">%s</small></td>",
        show_number(j->x, x), row->peer < 0 ? "peer" : run->peer[row->peer],
        show_number(j->y, y), row->peer < 0 ? "" : run->peer[row->peer]);
    fprintf(out,
            "<td class=\"n\" data-l=\"ratio\">%s<small>%s</small></td>"
            "<td class=\"f\">",
            row_compares(row) ? show_ratio(j->ratio, ratio) : "",
            row_compares(row) ? show_interval(j->interval, interval) : "");
    if (row_compares(row))
        forest(out, j, reach,
               j->count ? r->matrix->rules.count_tolerance
                        : r->matrix->rules.margin);
    fputs("</td>", out);
    verdict_cell(out, row);
    fputs("</tr>\n", out);
}

static void cards(FILE *out, const struct report *r)
{
    const struct noise *n = &r->matrix->noise;
    size_t count[VERDICTS];

    matrix_count(r->matrix, count);
    fputs("<div class=\"cards\">", out);
    for (enum verdict v = 0; v < VERDICTS; v++)
        fprintf(out, "<div class=\"card\"><b class=\"%s\">%zu</b>%s</div>",
                count[v] ? page_look(v) : "", count[v], verdict_name(v));
    if (n->series)
        fprintf(out,
                "<div class=\"card\"><b>%.1f %%</b>spread of samples (nine in "
                "ten: up to %.1f %%)</div><div class=\"card\"><b>%.1f %%</b>"
                "the same against itself (up to %.1f %%)</div>",
                100 * n->spread, 100 * n->spread_high, 100 * n->difference,
                100 * n->difference_high);
    fputs("</div>\n", out);
}

int page_verdicts(FILE *out, const struct report *r, const struct plots *p)
{
    const struct matrix *m = r->matrix;
    double reach = forest_reach(m);
    char words[200];

    snprintf(words, sizeof(words),
             "Ours against its peer in this run. Marks to the right of the "
             "line are better; the band is what counts as the same.");
    page_section(out, "verdicts", "Verdicts", words);
    cards(out, r);
    fputs("<div class=\"tools\">", out);
    for (enum verdict v = 0; v < VERDICTS; v++)
        fprintf(out, "<button data-v=\"%s\" aria-pressed=\"false\">%s</button>",
                page_look(v), verdict_name(v));
    fprintf(out,
            "</div><table class=\"verdicts\"><thead><tr><th>Measure"
            "<th class=\"n\">Ours<th class=\"n\">Peer<th class=\"n\">Ratio"
            "<th>worse &#8592; 1 &#8594; better<th>Verdict</thead><tbody>\n");
    for (size_t i = 0; i < m->rows; i++) {
        group_row(out, m, i);
        verdict_row(out, r, &m->row[i], reach);
    }
    fputs("</tbody></table>\n", out);
    return 0;
}

/* --- Changes ----------------------------------------------------------------- */
static void change_row(FILE *out, const struct change *c)
{
    const struct judged *j = &c->judged;
    char x[SHOW_BYTES], y[SHOW_BYTES], change[SHOW_BYTES];
    const char *look = c->refused ? "same" : page_look(j->verdict);

    fprintf(out, "<tr data-find=\"%s\"><td class=\"m\">%s<small>", c->now->name,
            c->now->name);
    for (size_t i = 0; i < c->reasons; i++) {
        fputs(i ? "<br>" : "", out);
        show_markup(out, c->reason[i]);
    }
    fprintf(out,
            "</small></td><td class=\"n\" data-l=\"now\">%s</td>"
            "<td class=\"n\" data-l=\"then\">%s</td>"
            "<td class=\"n\" data-l=\"\">%s</td>"
            "<td class=\"v %s\">%s</td></tr>\n",
            show_number(j->x, x), show_number(j->y, y),
            show_change(j->ratio, change), look,
            c->refused ? "refused" : verdict_name(j->verdict));
}

int page_changes(FILE *out, const struct report *r, const struct plots *p)
{
    static const enum verdict order[] = {VERDICT_WORSE, VERDICT_BETTER,
                                         VERDICT_UNKNOWN, VERDICT_SAME};
    const struct comparison *c = r->comparison;

    page_section(out, "changes", "Changes", "");
    fputs("<p>Against <code>", out);
    show_markup(out, c->baseline);
    fprintf(out,
            "</code>: <b class=\"%s\">%s</b>. %zu worse, %zu better, %zu "
            "the same, %zu cannot be told; %zu are new, %zu are gone.",
            page_look(comparison_verdict(c)),
            verdict_name(comparison_verdict(c)), c->count[VERDICT_WORSE],
            c->count[VERDICT_BETTER], c->count[VERDICT_SAME],
            c->count[VERDICT_UNKNOWN], c->fresh, c->gone);
    if (!c->same_machine) {
        fputs(" That was another machine (", out);
        show_markup(out, c->difference);
        fputs("): times are not compared, counts are.", out);
    }
    fputs("</p><table class=\"verdicts\"><thead><tr><th>Measure<th class=\"n\">"
          "Now<th class=\"n\">Then<th class=\"n\">Change<th>Verdict</thead>"
          "<tbody>\n",
          out);
    for (size_t v = 0; v < sizeof(order) / sizeof(*order); v++)
        for (size_t i = 0; i < c->changes; i++)
            if (!c->change[i].refused &&
                c->change[i].judged.verdict == order[v])
                change_row(out, &c->change[i]);
    fputs("</tbody></table>\n", out);
    return 0;
}

/* --- Machine ----------------------------------------------------------------- */
static void value_cell(FILE *out, const cJSON *value)
{
    char *text = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);

    fputs("<td>", out);
    show_markup(out, text                 ? text
                     : value->valuestring ? value->valuestring
                                          : "");
    fputs("</td>", out);
    free(text);
}

static void object_rows(FILE *out, const cJSON *object)
{
    const cJSON *value;

    cJSON_ArrayForEach(value, object)
    {
        fputs("<tr><th>", out);
        show_markup(out, value->string ? value->string : "");
        fputs("</th>", out);
        value_cell(out, value);
        fputs("</tr>\n", out);
    }
}

static void noise_rows(FILE *out, const struct matrix *m)
{
    const struct noise *n = &m->noise;

    fprintf(out,
            "<tr><th>neighbours</th><td>correlate by %.2f</td></tr>"
            "<tr><th>drift</th><td>%zu of %zu series</td></tr>"
            "<tr><th>two modes</th><td>%zu series</td></tr>"
            "<tr><th>told apart from itself</th><td>%zu of %zu series, where "
            "chance would %.1f</td></tr>"
            "<tr><th>samples lost</th><td>%zu</td></tr>\n",
            n->autocorrelation, n->drifting, n->series, n->two_modes, n->differ,
            n->series, m->rules.alpha * (double)n->series, n->lost);
}

static void method_rows(FILE *out, const struct matrix *m)
{
    const struct rules *rules = &m->rules;

    fprintf(out,
            "<tr><th>better, worse</th><td>rank test at %.3g %% among all "
            "measures (false discovery rate; %u looks share %.3g %%), interval "
            "of the ratio of medians without 1, and more than %.3g %% "
            "apart</td></tr>"
            "<tr><th>same</th><td>the whole interval within %.3g %%</td></tr>"
            "<tr><th>counts</th><td>by value, tolerance %.3g %%</td></tr>"
            "<tr><th>samples</th><td>at least %u on each side; bootstrap from "
            "seed %u</td></tr>\n",
            100 * rules_level(rules), rules->looks, 100 * rules->alpha,
            100 * rules->margin, 100 * rules->margin,
            100 * rules->count_tolerance, rules->least, rules->seed);
}

/* What went wrong while it was measured. */
static void errors_list(FILE *out, const cJSON *list)
{
    const cJSON *error;

    if (!cJSON_IsArray(list) || !list->child)
        return;
    fputs("<p class=\"worse\">Went wrong while it ran:</p><ul>", out);
    cJSON_ArrayForEach(error, list)
    {
        fputs("<li>", out);
        show_markup(out, cJSON_IsString(error) ? error->valuestring : "?");
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

int page_machine(FILE *out, const struct report *r, const struct plots *p)
{
    const cJSON *json = r->matrix->run->json, *peer;

    page_section(out, "machine", "Machine and method", "");
    errors_list(out, cJSON_GetObjectItemCaseSensitive(json, "errors"));
    fputs("<table class=\"plain\">", out);
    object_rows(out, cJSON_GetObjectItemCaseSensitive(json, "machine"));
    noise_rows(out, r->matrix);
    method_rows(out, r->matrix);
    fputs("</table>\n", out);
    cJSON_ArrayForEach(peer, cJSON_GetObjectItemCaseSensitive(json, "peers"))
    {
        fputs("<p><b>", out);
        show_markup(out, peer->string ? peer->string : "");
        fputs("</b></p><table class=\"plain\">", out);
        object_rows(out, peer);
        fputs("</table>\n", out);
    }
    return 0;
}

/* The table for people. */
#include <math.h>
#include <string.h>

#include "report.h"
#include "show.h"

enum {
    NAME_LEAST = 24,
    NAME_MOST = 46,
    UNIT_MOST = 14,
    ERRORS_MOST = 10, /* lines; the file has them all */
};

static const char *const colours[VERDICTS] = {
    [VERDICT_BETTER] = "\033[32m",
    [VERDICT_WORSE] = "\033[31m",
    [VERDICT_SAME] = "",
    [VERDICT_UNKNOWN] = "\033[33m",
};

static void verdict_print(FILE *out, const struct report *r, enum verdict v)
{
    fprintf(out, "%s%s%s", r->colour ? colours[v] : "", verdict_name(v),
            r->colour && *colours[v] ? "\033[0m" : "");
}

/* --- Head -------------------------------------------------------------------- */
static void word_print(FILE *out, const char *before, const char *text)
{
    if (!*text)
        return;
    fputs(before, out);
    show_plain(out, text);
}

static void machine_print(FILE *out, const struct run *run)
{
    fputs("machine ", out);
    show_plain(out, *run->machine ? run->machine : "unknown");
    word_print(out, ", accelerator ", run->accelerator);
    word_print(out, ", QEMU ", run->qemu);
    word_print(out, ", profile ", run->profile);
    word_print(out, ", revision ", run->revision);
    word_print(out, ", ", run->started);
    fputc('\n', out);
}

static void noise_print(FILE *out, const struct matrix *m)
{
    const struct noise *n = &m->noise;

    if (!n->series)
        return;
    fprintf(out,
            "noise: samples spread by %.1f %% of the median (nine in ten: up "
            "to %.1f %%);\n"
            "  the same against itself, even against odd rounds: %.1f %% apart "
            "(up to %.1f %%), %zu of %zu told apart;\n"
            "  neighbours correlate by %.2f, %zu of %zu series drift, %zu have "
            "two modes\n",
            100 * n->spread, 100 * n->spread_high, 100 * n->difference,
            100 * n->difference_high, n->differ, n->series, n->autocorrelation,
            n->drifting, n->series, n->two_modes);
    if (n->lost)
        fprintf(out, "  %zu samples were lost\n", n->lost);
}

/* What went wrong while it was measured. */
static void errors_print(FILE *out, const struct run *run)
{
    const cJSON *error,
        *list = cJSON_GetObjectItemCaseSensitive(run->json, "errors");
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0, shown = 0;

    if (!n)
        return;
    fprintf(out, "%d error%s while it ran:\n", n, n > 1 ? "s" : "");
    cJSON_ArrayForEach(error, list)
    {
        if (!cJSON_IsString(error) || shown++ == ERRORS_MOST)
            break;
        fputs("  ", out);
        show_plain(out, error->valuestring);
        fputc('\n', out);
    }
}

/* --- The table --------------------------------------------------------------- */
static int name_width(const struct matrix *m)
{
    size_t most = NAME_LEAST;

    for (size_t i = 0; i < m->rows; i++) {
        const char *name = m->row[i].measure->name;
        size_t len = strlen(name + show_group(name));

        most = len > most ? len : most;
    }
    return most > NAME_MOST ? NAME_MOST : (int)most;
}

static int unit_width(const struct matrix *m)
{
    size_t most = 0;

    for (size_t i = 0; i < m->rows; i++) {
        size_t len = strlen(m->row[i].measure->unit);

        most = len > most ? len : most;
    }
    return most > UNIT_MOST ? UNIT_MOST : (int)most;
}

/* A text without control characters, filled up to the width. */
static void cell_print(FILE *out, const char *text, int width)
{
    show_plain(out, text);
    for (int len = (int)strlen(text); len < width; len++)
        fputc(' ', out);
}

/* A line for the group that begins with this row. */
static void group_print(FILE *out, const struct matrix *m, size_t i)
{
    const char *name = m->row[i].measure->name;
    const char *before = i ? m->row[i - 1].measure->name : "";
    size_t len = show_group(name);

    if (i && len == show_group(before) && strncmp(name, before, len) == 0)
        return;
    fprintf(out, "\n%.*s\n", (int)len, name);
}

static const char *short_name(const char *name)
{
    const char *rest = name + show_group(name);

    return *rest == '.' ? rest + 1 : name;
}

static void row_print(FILE *out, const struct report *r, const struct row *row,
                      int width, int units)
{
    const struct judged *j = &row->judged;
    char x[SHOW_BYTES], y[SHOW_BYTES], ratio[SHOW_BYTES],
        interval[2 * SHOW_BYTES];

    fprintf(out, "  %-*s %10s %10s ", width, short_name(row->measure->name),
            show_number(j->x, x), show_number(j->y, y));
    cell_print(out, row->measure->unit, units);
    if (row_compares(row)) {
        fprintf(out, "  %6s  %-15s ", show_ratio(j->ratio, ratio),
                show_interval(j->interval, interval));
        verdict_print(out, r, j->verdict);
        if (*j->reason)
            fprintf(out, " (%s)", j->reason);
    }
    if (row->peer >= 0 && strcmp(r->matrix->run->peer[row->peer], "xen") != 0)
        fprintf(out, "  peer: %s", r->matrix->run->peer[row->peer]);
    fputc('\n', out);
}

static void table_print(FILE *out, const struct report *r)
{
    const struct matrix *m = r->matrix;
    int width = name_width(m), units = unit_width(m);

    fprintf(out, "\n  %-*s %10s %10s %-*s  %6s  %-15s %s\n", width, "",
            PEER_OURS, "peer", units, "", "ratio", "interval", "verdict");
    for (size_t i = 0; i < m->rows; i++) {
        group_print(out, m, i);
        row_print(out, r, &m->row[i], width, units);
    }
}

static void sum_print(FILE *out, const struct report *r)
{
    size_t count[VERDICTS];

    matrix_count(r->matrix, count);
    fputc('\n', out);
    for (enum verdict v = 0; v < VERDICTS; v++) {
        fprintf(out, "%s%zu ", v ? ", " : "", count[v]);
        verdict_print(out, r, v);
    }
    fprintf(out, " (better and worse at %.3g %%, the same within %.3g %%)\n",
            100 * rules_level(&r->matrix->rules),
            100 * r->matrix->rules.margin);
}

/* --- Comparison -------------------------------------------------------------- */
static void change_print(FILE *out, const struct report *r,
                         const struct change *c)
{
    char x[SHOW_BYTES], y[SHOW_BYTES], change[SHOW_BYTES];

    fputs("  ", out);
    verdict_print(out, r, c->judged.verdict);
    fprintf(out, ": %s: %s, was %s ", c->now->name, show_number(c->judged.x, x),
            show_number(c->judged.y, y));
    show_plain(out, c->now->unit);
    fprintf(out, " (%s)\n", show_change(c->judged.ratio, change));
    for (size_t i = 0; i < c->reasons; i++)
        fprintf(out, "    %s\n", c->reason[i]);
}

static void changes_print(FILE *out, const struct report *r, enum verdict v)
{
    const struct comparison *c = r->comparison;

    for (size_t i = 0; i < c->changes; i++)
        if (!c->change[i].refused && c->change[i].judged.verdict == v)
            change_print(out, r, &c->change[i]);
}

static void comparison_print(FILE *out, const struct report *r)
{
    const struct comparison *c = r->comparison;
    size_t refused = 0;

    fputs("\nagainst '", out);
    show_plain(out, c->baseline);
    word_print(out, "', revision ", c->then->revision);
    fputs(*c->then->revision ? "\n" : "'\n", out);
    for (size_t i = 0; i < c->changes; i++)
        refused += c->change[i].refused;
    if (!c->same_machine) {
        fputs("  another machine (", out);
        show_plain(out, c->difference);
        fprintf(out, "): times are not compared, counts are\n");
    }
    changes_print(out, r, VERDICT_WORSE);
    changes_print(out, r, VERDICT_BETTER);
    changes_print(out, r, VERDICT_UNKNOWN);
    for (enum verdict v = 0; v < VERDICTS; v++)
        fprintf(out, "%s%zu %s", v ? ", " : "  ", c->count[v], verdict_name(v));
    fprintf(out, "; %zu refused, %zu new, %zu gone: ", refused, c->fresh,
            c->gone);
    verdict_print(out, r, comparison_verdict(c));
    fputc('\n', out);
}

int report_text(FILE *out, const struct report *r)
{
    machine_print(out, r->matrix->run);
    noise_print(out, r->matrix);
    errors_print(out, r->matrix->run);
    table_print(out, r);
    sum_print(out, r);
    if (r->comparison)
        comparison_print(out, r);
    return 0;
}

/* Formats of other tools: Bencher's, github-action-benchmark's, CSV. */
#include <math.h>
#include <string.h>

#include "report.h"
#include "show.h"

/* --- Bencher Metric Format ---------------------------------------------------- */
/* Its measures are named by slugs: "mib-s" for "MiB/s". */
static void slug_of(const char *unit, char *slug, size_t size)
{
    size_t n = 0;
    bool gap = false;

    for (; *unit && n + 2 < size; unit++) {
        unsigned char c = (unsigned char)*unit;
        bool upper = c >= 'A' && c <= 'Z';

        if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
            gap = n > 0;
            continue;
        }
        if (gap)
            slug[n++] = '-';
        gap = false;
        slug[n++] = (char)(upper ? c + 'a' - 'A' : c);
    }
    slug[n] = 0;
    if (!n)
        snprintf(slug, size, "value");
}

static cJSON *metric_make(double value, struct interval i)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(o, "value", value);
    if (isfinite(i.low))
        cJSON_AddNumberToObject(o, "lower_value", i.low);
    if (isfinite(i.high))
        cJSON_AddNumberToObject(o, "upper_value", i.high);
    return o;
}

int report_bmf(FILE *out, const struct report *r)
{
    cJSON *root = cJSON_CreateObject();
    char slug[RUN_UNIT_BYTES + 2];

    for (size_t i = 0; i < r->matrix->rows; i++) {
        const struct row *row = &r->matrix->row[i];
        cJSON *measures;

        if (!row->judged.nx)
            continue;
        measures = cJSON_AddObjectToObject(root, row->measure->name);
        slug_of(row->measure->unit, slug, sizeof(slug));
        cJSON_AddItemToObject(
            measures, slug, metric_make(row->judged.x, row->judged.x_interval));
        if (row_compares(row) && isfinite(row->judged.ratio) &&
            strcmp(slug, "ratio") != 0)
            cJSON_AddItemToObject(
                measures, "ratio",
                metric_make(row->judged.ratio, row->judged.interval));
    }
    return report_tree(out, root, true);
}

/* --- github-action-benchmark -------------------------------------------------- */
static cJSON *benchmark_make(const struct matrix *m, const struct row *row)
{
    const struct judged *j = &row->judged;
    char range[SHOW_BYTES], extra[512], ratio[SHOW_BYTES];
    cJSON *o = cJSON_CreateObject();
    double half = (j->x_interval.high - j->x_interval.low) / 2;

    cJSON_AddStringToObject(o, "name", row->measure->name);
    cJSON_AddStringToObject(o, "unit", row->measure->unit);
    cJSON_AddNumberToObject(o, "value", j->x);
    snprintf(range, sizeof(range), "\u00b1 %.3g", half);
    cJSON_AddStringToObject(o, "range", range);
    snprintf(extra, sizeof(extra), "%zu samples%s%s%s%s%s%s", j->nx,
             row_compares(row) ? ", ratio to " : "",
             row_compares(row) ? m->run->peer[row->peer] : "",
             row_compares(row) ? " " : "",
             row_compares(row) ? show_ratio(j->ratio, ratio) : "",
             row_compares(row) ? ": " : "",
             row_compares(row) ? verdict_name(j->verdict) : "");
    cJSON_AddStringToObject(o, "extra", extra);
    return o;
}

/* That tool judges a list by one rule: more is better, or less is. */
static int benchmarks_print(FILE *out, const struct report *r, bool higher)
{
    cJSON *root = cJSON_CreateArray();

    for (size_t i = 0; i < r->matrix->rows; i++) {
        const struct row *row = &r->matrix->row[i];

        if (row->judged.nx && row->measure->higher == higher)
            cJSON_AddItemToArray(root, benchmark_make(r->matrix, row));
    }
    return report_tree(out, root, true);
}

int report_github_bigger(FILE *out, const struct report *r)
{
    return benchmarks_print(out, r, true);
}

int report_github_smaller(FILE *out, const struct report *r)
{
    return benchmarks_print(out, r, false);
}

/* --- CSV (RFC 4180) ----------------------------------------------------------- */
/* Quoted; what a spreadsheet would take for a formula begins with '. */
static void cell_text(FILE *out, const char *text)
{
    fputs(strchr("=+-@", *text) && *text ? "\"'" : "\"", out);
    for (; *text; text++)
        if (*text == '"')
            fputs("\"\"", out);
        else
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
    fputc('"', out);
}

static void cell_number(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, "%.9g", value);
}

static void side_cells(FILE *out, double median, struct interval i, size_t n)
{
    cell_number(out, median);
    cell_number(out, i.low);
    cell_number(out, i.high);
    fprintf(out, ",%zu", n);
}

static void row_csv(FILE *out, const struct matrix *m, const struct row *row)
{
    const struct judged *j = &row->judged;

    cell_text(out, row->measure->name);
    fputc(',', out);
    cell_text(out, row->measure->unit);
    fprintf(out, ",%s,%s", row->measure->higher ? "higher" : "lower",
            row->measure->count ? "count" : "time");
    side_cells(out, j->x, j->x_interval, j->nx);
    fprintf(out, ",%s", row->peer < 0 ? "" : m->run->peer[row->peer]);
    side_cells(out, j->y, j->y_interval, j->ny);
    cell_number(out, j->ratio);
    cell_number(out, j->interval.low);
    cell_number(out, j->interval.high);
    fprintf(out, ",%s,", row_compares(row) ? verdict_name(j->verdict) : "");
    cell_text(out, row_compares(row) ? j->reason : "");
    cell_number(out, j->p);
    cell_number(out, j->q);
    cell_number(out, j->delta);
    fputc(',', out);
    cell_text(out, row->measure->note);
    fputs("\r\n", out);
}

int report_csv(FILE *out, const struct report *r)
{
    fputs("name,unit,better,kind,ours,ours_low,ours_high,ours_samples,"
          "peer_name,peer,peer_low,peer_high,peer_samples,ratio,low,high,"
          "verdict,reason,p,q,delta,note\r\n",
          out);
    for (size_t i = 0; i < r->matrix->rows; i++)
        row_csv(out, r->matrix, &r->matrix->row[i]);
    for (size_t i = 0; i < r->matrix->others; i++)
        row_csv(out, r->matrix, &r->matrix->other[i]);
    return 0;
}

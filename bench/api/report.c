/* Keeps figures and prints them. */
#include "report.h"

static const struct {
    const char *name, *unit, *text;
    double target;
    bool most;
} rows[] = {
#define FIGURE(n, u, t, m, x) \
    {.name = #n, .unit = u, .text = x, .target = t, .most = m},
#include "figures.def"
#undef FIGURE
};

static struct {
    bool known;
    double value;
} figures[FIGURES_NR];

void figure_set(enum figure f, double value)
{
    figures[f].known = true;
    figures[f].value = value;
    fprintf(stderr, "  %s: %.4g %s\n", rows[f].text, value, rows[f].unit);
}

bool figure_known(enum figure f)
{
    return figures[f].known;
}

static bool met(int f)
{
    return rows[f].most ? figures[f].value <= rows[f].target
                        : figures[f].value >= rows[f].target;
}

int figures_print(FILE *out)
{
    int missed = 0;

    for (int i = 0; i < FIGURES_NR; i++) {
        if (!figures[i].known)
            continue;
        fprintf(out, "%-44s %10.4g %-8s", rows[i].text, figures[i].value,
                rows[i].unit);
        if (rows[i].target > 0) {
            fprintf(out, " %s %-6.5g %s",
                    rows[i].most ? "<=" : ">=", rows[i].target,
                    met(i) ? "met" : "MISSED");
            missed += !met(i);
        }
        fputc('\n', out);
    }
    return missed;
}

void figures_print_json(FILE *out, const char *url)
{
    const char *comma = "";

    fprintf(out, "{\"url\":\"%s\",\"figures\":[", url);
    for (int i = 0; i < FIGURES_NR; i++) {
        if (!figures[i].known)
            continue;
        fprintf(out,
                "%s\n{\"name\":\"%s\",\"text\":\"%s\",\"unit\":\"%s\","
                "\"value\":%.6g",
                comma, rows[i].name, rows[i].text, rows[i].unit,
                figures[i].value);
        if (rows[i].target > 0)
            fprintf(out, ",\"%s\":%.6g,\"met\":%s",
                    rows[i].most ? "most" : "least", rows[i].target,
                    met(i) ? "true" : "false");
        fputc('}', out);
        comma = ",";
    }
    fputs("\n]}\n", out);
}

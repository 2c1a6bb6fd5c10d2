/* The page: one file that needs nothing else. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "page.h"
#include "show.h"

extern const char _binary_bench_judge_page_html_start[],
    _binary_bench_judge_page_html_end[], _binary_bench_judge_plot_css_start[],
    _binary_bench_judge_plot_css_end[];

/* Shapes of flame graphs, width over height. */
#define SHAPE_DEFAULT  1.6
#define SHAPE_FLATTEST 12.0
#define SHAPE_ROOM     1.04 /* for the frame */

/* What is replaced in page.html. */
static const char style_mark[] = "/*PLOT*/", body_mark[] = "<!--BODY-->";

const char *page_look(enum verdict v)
{
    static const char *const looks[VERDICTS] = {[VERDICT_BETTER] = "better",
                                                [VERDICT_WORSE] = "worse",
                                                [VERDICT_SAME] = "same",
                                                [VERDICT_UNKNOWN] = "unsure"};

    return looks[v];
}

void page_section(FILE *out, const char *id, const char *title,
                  const char *words)
{
    fprintf(out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
    if (*words)
        fprintf(out, "<p class=\"faint\">%s</p>\n", words);
}

/* --- Plots ------------------------------------------------------------------- */
static bool any_plot(const struct plots *p, enum plot_kind kind, bool count)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->plot[i].kind == kind && p->plot[i].member[0]->count == count)
            return true;
    return false;
}

/* What is said of all members; of each alone, the plot says it. */
static void figure_note(FILE *out, const struct plot *p)
{
    char note[RUN_TEXT_BYTES];
    size_t n = plot_note_common(p);

    while (n && strchr("; ", p->member[0]->note[n - 1]))
        n--;
    snprintf(note, sizeof(note), "%.*s", (int)n, p->member[0]->note);
    if (!*note)
        return;
    fputs("<small>", out);
    show_markup(out, note);
    fputs("</small>", out);
}

static int figure(FILE *out, const struct plot *p, const struct report *r)
{
    int rc;

    fputs("<figure data-find=\"", out);
    for (size_t i = 0; i < p->members; i++)
        fprintf(out, "%s ", p->member[i]->name);
    fprintf(out, "\"><figcaption>%s", p->key);
    figure_note(out, p);
    if (p->left_out)
        fprintf(out, "<small>%zu more are in the table</small>", p->left_out);
    fputs("</figcaption>\n", out);
    rc = plot_draw(out, p, r, false);
    fputs("</figure>\n", out);
    return rc;
}

static size_t area_length(const char *key)
{
    return strcspn(key, ".");
}

static size_t in_area(const struct plots *p, enum plot_kind kind, bool count,
                      const char *area)
{
    size_t len = area_length(area), n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += p->plot[i].kind == kind && p->plot[i].member[0]->count == count &&
             area_length(p->plot[i].key) == len &&
             strncmp(p->plot[i].key, area, len) == 0;
    return n;
}

/* Plots of a kind, by area; long ones are folded. */
static int figures(FILE *out, const struct report *r, const struct plots *p,
                   enum plot_kind kind, bool count)
{
    const char *area = NULL;
    int rc = 0;

    for (size_t i = 0; i < p->n && !rc; i++) {
        const struct plot *plot = &p->plot[i];
        size_t len = area_length(plot->key);

        if (plot->kind != kind || plot->member[0]->count != count)
            continue;
        if (!area || area_length(area) != len ||
            strncmp(area, plot->key, len)) {
            fprintf(out,
                    "%s<details%s><summary>%.*s %s (%zu)</summary>"
                    "<div class=\"plots\">\n",
                    area ? "</div></details>\n" : "", count ? "" : " open",
                    (int)len, plot->key,
                    kind == PLOT_HISTOGRAM ? ", how often" : "",
                    in_area(p, kind, count, plot->key));
            area = plot->key;
        }
        rc = figure(out, plot, r);
    }
    fputs(area ? "</div></details>\n" : "", out);
    return rc;
}

static bool sides_there(const struct report *r, const struct plots *p)
{
    return any_plot(p, PLOT_SIDES, false);
}

static int sides_write(FILE *out, const struct report *r, const struct plots *p)
{
    page_section(out, "sides", "Side by side",
                 "Bars reach to the median; thick lines are its 95 % interval; "
                 "dots are single samples.");
    return figures(out, r, p, PLOT_SIDES, false);
}

static bool counts_there(const struct report *r, const struct plots *p)
{
    return any_plot(p, PLOT_SIDES, true);
}

static int counts_write(FILE *out, const struct report *r,
                        const struct plots *p)
{
    page_section(out, "counts", "Counts",
                 "What noise cannot move: instructions, exits, copies.");
    return figures(out, r, p, PLOT_SIDES, true);
}

static bool depth_there(const struct report *r, const struct plots *p)
{
    return any_plot(p, PLOT_DEPTH, false);
}

static int depth_write(FILE *out, const struct report *r, const struct plots *p)
{
    page_section(out, "depth", "Throughput against depth",
                 "A colour for each hypervisor, dashes for each device.");
    return figures(out, r, p, PLOT_DEPTH, false);
}

static bool latency_there(const struct report *r, const struct plots *p)
{
    return any_plot(p, PLOT_LATENCY, false) || any_plot(p, PLOT_LATENCY, true);
}

static int latency_write(FILE *out, const struct report *r,
                         const struct plots *p)
{
    int rc = 0;

    page_section(out, "latency", "Latency",
                 "Percentiles, the tail spread out, and below them how often "
                 "each latency was seen.");
    for (int count = 0; count < 2 && !rc; count++) {
        rc = figures(out, r, p, PLOT_LATENCY, count);
        if (!rc)
            rc = figures(out, r, p, PLOT_HISTOGRAM, count);
    }
    return rc;
}

static bool trend_there(const struct report *r, const struct plots *p)
{
    return any_plot(p, PLOT_TREND, false) || any_plot(p, PLOT_TREND, true);
}

static int trend_write(FILE *out, const struct report *r, const struct plots *p)
{
    int rc;

    page_section(out, "trend", "Trend",
                 "Baselines of this machine, the oldest first, this run last.");
    rc = figures(out, r, p, PLOT_TREND, false);
    if (!rc)
        rc = figures(out, r, p, PLOT_TREND, true);
    return rc;
}

/* --- The flame graph ---------------------------------------------------------- */
static bool flame_there(const struct report *r, const struct plots *p)
{
    return r->flames > 0;
}

/* Width over height, as the graph says, within what fits a page. */
static double flame_shape(const char *svg)
{
    static const char attribute[] = "viewBox=\"";
    const char *box = strstr(svg, attribute);
    double left, top, width, height;

    if (!box || sscanf(box + strlen(attribute), "%lf %lf %lf %lf", &left, &top,
                       &width, &height) != 4)
        return SHAPE_DEFAULT;
    return fmin(fmax(width / (height * SHAPE_ROOM), SHAPE_DEFAULT),
                SHAPE_FLATTEST);
}

/* In a frame of its own, where its scripts reach nothing of the page. */
static int flame_write(FILE *out, const struct report *r, const struct plots *p)
{
    page_section(out, "flame", "Flame graph",
                 "Where the hypervisor spends its instructions.");
    for (size_t i = 0; i < r->flames; i++) {
        fputs("<p class=\"mono\">", out);
        show_markup(out, r->flame[i].name);
        fprintf(out,
                "</p><div class=\"scroll\"><iframe sandbox=\"allow-scripts\" "
                "title=\"flame graph\" style=\"aspect-ratio: %.3f\" "
                "srcdoc=\"",
                flame_shape(r->flame[i].svg));
        show_markup(out,
                    "<!doctype html><style>body{margin:0}svg{display:block;"
                    "width:100%;height:auto}</style>");
        show_markup(out, r->flame[i].svg);
        fputs("\"></iframe></div>\n", out);
    }
    return 0;
}

/* --- The page ---------------------------------------------------------------- */
static bool always(const struct report *r, const struct plots *p)
{
    return true;
}

static bool compared(const struct report *r, const struct plots *p)
{
    return r->comparison;
}

static const struct part parts[] = {
    {"verdicts", "Verdicts", always, page_verdicts},
    {"changes", "Changes", compared, page_changes},
    {"sides", "Side by side", sides_there, sides_write},
    {"depth", "Depth", depth_there, depth_write},
    {"latency", "Latency", latency_there, latency_write},
    {"counts", "Counts", counts_there, counts_write},
    {"trend", "Trend", trend_there, trend_write},
    {"flame", "Flame graph", flame_there, flame_write},
    {"machine", "Machine", always, page_machine},
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static void head_write(FILE *out, const struct report *r, const struct plots *p)
{
    const struct run *run = r->matrix->run;
    const char *const words[] = {run->machine, run->accelerator, run->qemu,
                                 run->profile, run->revision,    run->started};
    static const char *const labels[] = {"machine ",    ", accelerator ",
                                         ", QEMU ",     ", profile ",
                                         ", revision ", ", "};

    fputs("<header><div><h1>PV I/O lab</h1><p class=\"faint\">", out);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        fputs(*words[i] ? labels[i] : "", out);
        show_markup(out, words[i]);
    }
    fputs("</p></div></header>\n<nav><div>", out);
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].there(r, p))
            fprintf(out, "<a href=\"#%s\">%s</a>\n", parts[i].id,
                    parts[i].title);
    fputs("<input type=\"search\" id=\"find\" placeholder=\"Find measures\" "
          "aria-label=\"Find measures\"></div></nav>\n<main>\n",
          out);
}

static int body_write(FILE *out, const struct report *r)
{
    struct plots p;
    int rc = plots_init(&p, r);

    if (rc)
        return rc;
    head_write(out, r, &p);
    for (size_t i = 0; i < PARTS && !rc; i++) {
        if (!parts[i].there(r, &p))
            continue;
        rc = parts[i].write(out, r, &p);
        fputs("</section>\n", out);
    }
    fputs("<footer>Written by touchstone bench. This file holds everything "
          "that it shows.</footer></main>\n",
          out);
    plots_fini(&p);
    return rc;
}

static const char *part_write(FILE *out, const char *from, const char *mark)
{
    const char *end = _binary_bench_judge_page_html_end;
    const char *at =
        mark ? memmem(from, (size_t)(end - from), mark, strlen(mark)) : end;

    fwrite(from, 1, (size_t)(at - from), out);
    return mark ? at + strlen(mark) : end;
}

int report_html(FILE *out, const struct report *r)
{
    const char *at =
        part_write(out, _binary_bench_judge_page_html_start, style_mark);
    int rc;

    fwrite(_binary_bench_judge_plot_css_start, 1,
           (size_t)(_binary_bench_judge_plot_css_end -
                    _binary_bench_judge_plot_css_start),
           out);
    at = part_write(out, at, body_mark);
    rc = body_write(out, r);
    (void)part_write(out, at, NULL); /* to the end */
    return rc;
}

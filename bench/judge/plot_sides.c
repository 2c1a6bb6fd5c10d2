/* Devices and hypervisors side by side: bar to the median, its interval, and
   every sample. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots.h"
#include "show.h"
#include "svg.h"

enum {
    HEAD = 22,  /* a device's name */
    ROW = 17,   /* a peer below it */
    LEFT = 62,  /* names of peers */
    RIGHT = 60, /* figures */
    TOP = 6,
    BOTTOM = 34,
    DOTS_MAX = 100, /* of a series: more say no more */
    NOTE_MAX = 70,  /* letters of a note */
};

/* About as wide as a letter is, on the average. */
#define BOLD_LETTER 7.6
#define LETTER      6.4

/* From here on small ones would not be seen on a linear axis. */
#define SPREAD_FOR_LOG 30

static bool shown(const struct series *s)
{
    return s->n > 0;
}

static size_t rows_of(const struct plot *p, const struct run *run)
{
    size_t rows = 0;

    for (size_t i = 0; i < p->members; i++)
        for (size_t k = 0; k < run->peers; k++)
            rows += shown(&p->member[i]->series[k]);
    return rows;
}

static void extremes(const struct plot *p, const struct run *run, double *low,
                     double *high)
{
    *low = INFINITY;
    *high = 0;
    for (size_t i = 0; i < p->members; i++)
        for (size_t k = 0; k < run->peers; k++) {
            const struct series *s = &p->member[i]->series[k];

            for (size_t v = 0; v < s->n; v++) {
                if (s->value[v] > 0)
                    *low = fmin(*low, s->value[v]);
                *high = fmax(*high, s->value[v]);
            }
        }
    if (!isfinite(*low))
        *low = 0;
}

static void grid(FILE *out, const struct axis *a, int bottom, const char *unit,
                 bool higher)
{
    double tick[TICKS_MAX];
    char text[RUN_UNIT_BYTES + 64], number[SHOW_BYTES];
    size_t n = axis_ticks(a, tick);

    for (size_t i = 0; i < n; i++) {
        double x = axis_at(a, tick[i]);

        svg_line(out, x, TOP, x, bottom, "grid");
        svg_text(out, x, bottom + 13, "faint middle num",
                 show_number(tick[i], number));
    }
    snprintf(text, sizeof(text), "%s, %s is better%s", unit,
             higher ? "more" : "less", a->log ? " (logarithmic)" : "");
    svg_text(out, LEFT, bottom + 28, "faint", text);
}

static void dots(FILE *out, const struct series *s, const struct axis *a,
                 double y, const char *look)
{
    size_t step = s->n / DOTS_MAX + 1;

    for (size_t i = 0; i < s->n; i += step)
        fprintf(
            out,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\" class=\"dot %s\"/>\n",
            axis_at(a, s->value[i]), y + (double)(i % 5) - 2, look);
}

static int series_draw(FILE *out, const struct measure *m,
                       const struct series *s, const char *peer,
                       const struct axis *a, double y)
{
    const char *look = svg_peer(peer);
    char number[SHOW_BYTES], classes[32];
    struct interval i;
    double median, x;

    if (side_measure(series_values(s), 0.95, &median, &i))
        return -ENOMEM;
    x = axis_at(a, median);
    svg_text(out, LEFT - 6, y + 4, "end faint", peer);
    fprintf(out,
            "<g><title>%s %s: %s (%s to %s), %zu samples</title>"
            "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"11\" "
            "class=\"bar %s\"/>\n",
            m->name, peer, show_number(median, number),
            show_number(i.low, (char[SHOW_BYTES]){""}),
            show_number(i.high, (char[SHOW_BYTES]){""}), s->n, LEFT, y - 5.5,
            fmax(x - LEFT, 0), look);
    if (!m->count)
        dots(out, s, a, y, look);
    snprintf(classes, sizeof(classes), "ci %s", look);
    svg_line(out, axis_at(a, i.low), y, axis_at(a, i.high), y, classes);
    snprintf(classes, sizeof(classes), "mid %s", look);
    svg_line(out, x, y - 6, x, y + 6, classes);
    fputs("</g>\n", out);
    svg_text(out, PLOT_WIDTH - 4, y + 4, "end num",
             show_number(median, number));
    return 0;
}

/* The part that differs between the members: the device. */
static void member_name(const struct measure *m, char *out, size_t size)
{
    const char *dot = strchr(m->name, '.');
    size_t group = show_group(m->name);

    if (!dot || !m->name[group])
        snprintf(out, size, "%s", m->name);
    else
        snprintf(out, size, "%.*s", (int)(m->name + group - dot - 1), dot + 1);
}

/* Above its peers: the device, and what is said of it alone. */
static void member_head(FILE *out, const struct plot *p,
                        const struct measure *m, double y)
{
    const char *own = m->note + plot_note_common(p);
    char name[RUN_NAME_BYTES], note[4 * NOTE_MAX + 1];
    double room;
    size_t bytes;

    member_name(m, name, sizeof(name));
    room = PLOT_WIDTH - BOLD_LETTER * (double)strlen(name) - 20;
    bytes = show_letters(own, (size_t)fmax(fmin(room / LETTER, NOTE_MAX), 0));
    snprintf(note, sizeof(note), "%.*s", (int)bytes, own);
    fprintf(out,
            "<text x=\"4\" y=\"%.1f\"><tspan class=\"bold\">%s</tspan>"
            "<tspan class=\"faint\" dx=\"8\">",
            y + HEAD - 7, name);
    show_markup(out, note);
    fprintf(out, "%s</tspan></text>\n", own[bytes] ? "\u2026" : "");
}

int plot_sides(FILE *out, const struct plot *p, const struct report *r,
               bool alone)
{
    const struct run *run = r->matrix->run;
    int bottom = TOP + (int)(p->members * HEAD + rows_of(p, run) * ROW);
    double low, high, y = TOP;
    struct axis a;

    extremes(p, run, &low, &high);
    a = axis_make(low, high, high > SPREAD_FOR_LOG * low, LEFT,
                  PLOT_WIDTH - RIGHT);
    if (a.log)
        a.low /= 1.5;
    svg_begin(out, PLOT_WIDTH, bottom + BOTTOM, p->key, alone);
    grid(out, &a, bottom, p->member[0]->unit, p->member[0]->higher);
    for (size_t i = 0; i < p->members; i++) {
        member_head(out, p, p->member[i], y);
        y += HEAD;
        for (size_t k = 0; k < run->peers; k++) {
            const struct series *s = &p->member[i]->series[k];

            if (!shown(s))
                continue;
            if (series_draw(out, p->member[i], s, run->peer[k], &a, y + 7))
                return -ENOMEM;
            y += ROW;
        }
    }
    svg_end(out);
    return 0;
}

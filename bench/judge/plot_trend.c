/* A measure over the baselines of its machine, the oldest first, now last. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "plots.h"
#include "show.h"
#include "svg.h"

enum {
    HEIGHT = 190,
    LEFT = 52,
    RIGHT = 16,
    TOP = 40,
    BOTTOM = 24,
    POINTS_MAX = HISTORY_MAX + 1,
};

static const struct run *run_at(const struct report *r, size_t i)
{
    return i < r->history->runs ? &r->history->run[i] : r->matrix->run;
}

static const char *name_at(const struct report *r, size_t i)
{
    if (i < r->history->runs)
        return r->history->name[i];
    return *r->matrix->run->revision ? r->matrix->run->revision : "now";
}

/* One peer's points; those of other units are left out. */
static int points_get(const struct plot *p, const struct report *r,
                      const char *peer, struct svg_point *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i <= r->history->runs && *n < POINTS_MAX; i++) {
        const struct run *run = run_at(r, i);
        const struct measure *m = run_measure_find(run, p->key);
        int at = run_peer_find(run, peer);
        struct interval ci;
        double median;

        if (!m || at < 0 || !m->series[at].n ||
            strcmp(m->unit, p->member[0]->unit) != 0)
            continue;
        if (side_measure(series_values(&m->series[at]), 0.95, &median, &ci))
            return -ENOMEM;
        out[(*n)++] = (struct svg_point){(double)i, median, ci.low, ci.high};
    }
    return 0;
}

static void trend_curve(FILE *out, const struct report *r,
                        const struct svg_point *p, size_t n,
                        const struct axis *x, const struct axis *y,
                        const char *peer)
{
    const char *look = svg_peer(peer);
    char number[SHOW_BYTES];

    svg_curve(out, p, n, x, y, look);
    for (size_t i = 0; i < n; i++) {
        svg_interval(out, &p[i], x, y, look);
        fprintf(out,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" "
                "class=\"%s\"><title>",
                axis_at(x, p[i].x), axis_at(y, p[i].y), look);
        show_markup(out, name_at(r, (size_t)p[i].x));
        fprintf(out, " %s: %s</title></circle>\n", peer,
                show_number(p[i].y, number));
    }
}

static void frame(FILE *out, const struct plot *p, const struct report *r,
                  const struct axis *x, const struct axis *y)
{
    char first[16], last[16];

    svg_grid(out, y, LEFT, PLOT_WIDTH - RIGHT);
    snprintf(first, sizeof(first), "%.15s", name_at(r, 0));
    snprintf(last, sizeof(last), "%.15s", name_at(r, r->history->runs));
    svg_text(out, LEFT, HEIGHT - 6, "faint num", first);
    svg_text(out, PLOT_WIDTH - RIGHT, HEIGHT - 6, "end faint num", last);
    svg_text(out, LEFT, TOP - 8, "faint", p->member[0]->unit);
}

int plot_trend(FILE *out, const struct plot *p, const struct report *r,
               bool alone)
{
    const struct run *run = r->matrix->run;
    struct svg_point point[RUN_PEERS_MAX][POINTS_MAX];
    size_t n[RUN_PEERS_MAX];
    bool shown[RUN_PEERS_MAX] = {false};
    double most = 0;
    struct axis x, y;

    for (size_t k = 0; k < run->peers; k++) {
        if (points_get(p, r, run->peer[k], point[k], &n[k]))
            return -ENOMEM;
        shown[k] = n[k] > 0;
        for (size_t i = 0; i < n[k]; i++)
            most = fmax(most, point[k][i].high);
    }
    x = axis_make(0, (double)r->history->runs, false, LEFT + 8,
                  PLOT_WIDTH - RIGHT - 8);
    y = axis_make(0, most, false, HEIGHT - BOTTOM, TOP);
    svg_begin(out, PLOT_WIDTH, HEIGHT, p->key, alone);
    frame(out, p, r, &x, &y);
    for (size_t k = 0; k < run->peers; k++)
        if (n[k])
            trend_curve(out, r, point[k], n[k], &x, &y, run->peer[k]);
    plot_legend(out, run, shown, 14);
    svg_end(out);
    return 0;
}

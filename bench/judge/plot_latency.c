/* Latency: percentiles with their tail spread out, and histograms. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "latency.h"
#include "plots.h"
#include "show.h"
#include "svg.h"

enum {
    HEIGHT = 250,
    LEFT = 52,
    RIGHT = 16,
    TOP = 40,
    BOTTOM = 38,
    BINS = 48,
};

/* Percentiles by the number of nines: 90 is 1, 99 is 2. */
static const struct {
    double nines;
    const char *text;
} percentiles[] = {{0.30103, "50 %"}, {1, "90 %"},    {2, "99 %"},
                   {3, "99.9 %"},     {4, "99.99 %"}, {5, "99.999 %"}};

/* The histograms of all peers. */
struct latencies {
    struct latency of[RUN_PEERS_MAX];
    bool shown[RUN_PEERS_MAX];
    double low, high, most;
};

static void latencies_fini(struct latencies *all)
{
    for (size_t i = 0; i < RUN_PEERS_MAX; i++)
        latency_fini(&all->of[i]);
}

static int latencies_init(struct latencies *all, const struct run *run,
                          const char *name)
{
    *all = (struct latencies){.low = INFINITY};
    for (size_t i = 0; i < run->peers; i++) {
        struct latency *l = &all->of[i];

        if (latency_init(l, run, name, run->peer[i])) {
            latencies_fini(all);
            return -ENOMEM;
        }
        if (!l->n)
            continue;
        all->shown[i] = true;
        all->low = fmin(all->low, l->upper[0]);
        all->high = fmax(all->high, l->upper[l->n - 1]);
        all->most = fmax(all->most, l->samples);
    }
    return 0;
}

static void latency_ticks(FILE *out, const struct axis *a, bool across)
{
    double tick[TICKS_MAX];
    char text[SHOW_BYTES];
    size_t n = axis_ticks(a, tick);

    for (size_t i = 0; i < n; i++) {
        double at = axis_at(a, tick[i]);

        show_number(tick[i], text);
        if (across) {
            svg_line(out, at, TOP, at, HEIGHT - BOTTOM, "grid");
            svg_text(out, at, HEIGHT - BOTTOM + 16, "middle faint num", text);
        } else {
            svg_line(out, LEFT, at, PLOT_WIDTH - RIGHT, at, "grid");
            svg_text(out, LEFT - 6, at + 4, "end faint num", text);
        }
    }
}

/* --- Percentiles ------------------------------------------------------------- */
static void percentile_curve(FILE *out, const struct latency *l,
                             const struct axis *x, const struct axis *y,
                             const char *peer)
{
    double before = axis_at(x, 0);

    fprintf(out, "<polyline class=\"curve %s\" points=\"", svg_peer(peer));
    for (size_t i = 0; i < l->n; i++) {
        double left = 1 - l->share[i];
        /* The last one is as far out as there are samples to say so. */
        double nines = -log10(fmax(left, 1 / (2 * l->samples)));
        double at = axis_at(x, nines), level = axis_at(y, l->upper[i]);

        fprintf(out, "%.1f,%.1f %.1f,%.1f ", before, level, at, level);
        before = at;
    }
    fputs("\"/>\n", out);
}

int plot_latency(FILE *out, const struct plot *p, const struct report *r,
                 bool alone)
{
    const struct run *run = r->matrix->run;
    struct latencies all;
    struct axis x, y;

    if (latencies_init(&all, run, p->key))
        return -ENOMEM;
    x = axis_make(0, fmin(fmax(log10(2 * all.most), 1), 5), false, LEFT,
                  PLOT_WIDTH - RIGHT);
    y = axis_make(all.low / 1.1, all.high * 1.1, true, HEIGHT - BOTTOM, TOP);
    svg_begin(out, PLOT_WIDTH, HEIGHT, p->key, alone);
    latency_ticks(out, &y, false);
    for (size_t i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++) {
        double at = axis_at(&x, percentiles[i].nines);

        if (percentiles[i].nines > x.high)
            break;
        svg_line(out, at, TOP, at, HEIGHT - BOTTOM, "grid");
        svg_text(out, at, HEIGHT - BOTTOM + 16, "middle faint num",
                 percentiles[i].text);
    }
    for (size_t i = 0; i < run->peers; i++)
        if (all.shown[i])
            percentile_curve(out, &all.of[i], &x, &y, run->peer[i]);
    plot_legend(out, run, all.shown, 14);
    svg_text(out, LEFT, TOP - 8, "faint", latency_unit(run, p->key));
    svg_text(out, (double)(LEFT + PLOT_WIDTH - RIGHT) / 2, HEIGHT - 5,
             "middle faint", "share of requests that took at most this long");
    svg_end(out);
    latencies_fini(&all);
    return 0;
}

/* --- Histograms -------------------------------------------------------------- */
/* Shares in bins as wide as each other on the axis. */
static void bins_fill(const struct latency *l, const struct axis *x,
                      double bin[BINS])
{
    double before = 0;

    memset(bin, 0, BINS * sizeof(*bin));
    for (size_t i = 0; i < l->n; i++) {
        double place =
            (axis_at(x, l->upper[i]) - x->from) / (x->to - x->from) * BINS;
        size_t at = (size_t)fmax(ceil(place) - 1, 0);

        bin[at < BINS ? at : BINS - 1] += l->share[i] - before;
        before = l->share[i];
    }
}

static void bins_draw(FILE *out, const double bin[BINS], const struct axis *x,
                      const struct axis *y, const char *look)
{
    double width = (x->to - x->from) / BINS;

    for (int outline = 0; outline < 2; outline++) {
        fprintf(out, "<polyline class=\"%s %s\" points=\"%.1f,%.1f ",
                outline ? "curve" : "area", look, x->from, y->from);
        for (int i = 0; i < BINS; i++)
            fprintf(out, "%.1f,%.1f %.1f,%.1f ", x->from + i * width,
                    axis_at(y, bin[i]), x->from + (i + 1) * width,
                    axis_at(y, bin[i]));
        fprintf(out, "%.1f,%.1f\"/>\n", x->to, y->from);
    }
}

static void shares_ticks(FILE *out, const struct axis *y)
{
    double tick[TICKS_MAX];
    char text[SHOW_BYTES];
    size_t n = axis_ticks(y, tick);

    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "%.3g %%", 100 * tick[i]);
        svg_line(out, LEFT, axis_at(y, tick[i]), PLOT_WIDTH - RIGHT,
                 axis_at(y, tick[i]), "grid");
        svg_text(out, LEFT - 6, axis_at(y, tick[i]) + 4, "end faint num", text);
    }
}

int plot_histogram(FILE *out, const struct plot *p, const struct report *r,
                   bool alone)
{
    const struct run *run = r->matrix->run;
    double bin[RUN_PEERS_MAX][BINS], most = 0;
    struct latencies all;
    struct axis x, y;

    if (latencies_init(&all, run, p->key))
        return -ENOMEM;
    x = axis_make(all.low / 1.1, all.high * 1.1, true, LEFT,
                  PLOT_WIDTH - RIGHT);
    for (size_t i = 0; i < run->peers; i++) {
        bins_fill(&all.of[i], &x, bin[i]);
        for (size_t k = 0; k < BINS; k++)
            most = fmax(most, bin[i][k]);
    }
    y = axis_make(0, most, false, HEIGHT - BOTTOM, TOP);
    svg_begin(out, PLOT_WIDTH, HEIGHT, p->key, alone);
    shares_ticks(out, &y);
    latency_ticks(out, &x, true);
    for (size_t i = 0; i < run->peers; i++)
        if (all.shown[i])
            bins_draw(out, bin[i], &x, &y, svg_peer(run->peer[i]));
    plot_legend(out, run, all.shown, 14);
    svg_text(out, LEFT, TOP - 8, "faint", "share of requests");
    svg_text(out, (double)(LEFT + PLOT_WIDTH - RIGHT) / 2, HEIGHT - 5,
             "middle faint", latency_unit(run, p->key));
    svg_end(out);
    latencies_fini(&all);
    return 0;
}

/* Throughput against depth: a curve for each device and hypervisor. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots.h"
#include "show.h"
#include "svg.h"

enum {
    HEIGHT = 250,
    LEFT = 52,
    RIGHT = 14,
    TOP = 40,
    BOTTOM = 38,
    DASHES = 6,
    DEVICES_MAX = 12,
    COLUMNS = 2, /* of the devices' names */
    COLUMN = 180,
    LINE = 17,
};

/* The devices of the plot, in order; each has its dashes. */
struct devices {
    const char *name[DEVICES_MAX];
    size_t len[DEVICES_MAX], n;
};

static size_t device_of(struct devices *d, const struct measure *m)
{
    size_t len = show_group(m->name), i;

    for (i = 0; i < d->n; i++)
        if (d->len[i] == len && strncmp(d->name[i], m->name, len) == 0)
            return i;
    if (d->n < DEVICES_MAX) {
        d->name[d->n] = m->name;
        d->len[d->n++] = len;
    }
    return i;
}

static int point_compare(const void *a, const void *b)
{
    double x = ((const struct svg_point *)a)->x,
           y = ((const struct svg_point *)b)->x;

    return (x > y) - (x < y);
}

/* Points of one device under one peer, by depth. */
static int points_get(const struct plot *p, struct devices *d, size_t device,
                      size_t peer, struct svg_point *out, size_t *n)
{
    struct interval i;
    double median;

    *n = 0;
    for (size_t k = 0; k < p->members; k++) {
        const struct series *s = &p->member[k]->series[peer];

        if (device_of(d, p->member[k]) != device || !s->n)
            continue;
        if (side_measure(series_values(s), 0.95, &median, &i))
            return -ENOMEM;
        out[(*n)++] = (struct svg_point){plot_depth_of(p->member[k]->name),
                                         median, i.low, i.high};
    }
    qsort(out, *n, sizeof(*out), point_compare);
    return 0;
}

static void curve_draw(FILE *out, const struct svg_point *p, size_t n,
                       const struct axis *x, const struct axis *y,
                       const char *peer, size_t device)
{
    const char *look = svg_peer(peer);
    char classes[32];

    snprintf(classes, sizeof(classes), "%s d%zu", look, device % DASHES);
    svg_curve(out, p, n, x, y, classes);
    for (size_t i = 0; i < n; i++) {
        svg_interval(out, &p[i], x, y, look);
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" class=\"%s\"/>\n",
                axis_at(x, p[i].x), axis_at(y, p[i].y), look);
    }
}

static void scales(const struct plot *p, const struct run *run, struct axis *x,
                   struct axis *y)
{
    double low = INFINITY, high = 1, most = 0;

    for (size_t i = 0; i < p->members; i++) {
        double depth = plot_depth_of(p->member[i]->name);

        low = fmin(low, fmax(depth, 1));
        high = fmax(high, depth);
        for (size_t k = 0; k < run->peers; k++)
            for (size_t v = 0; v < p->member[i]->series[k].n; v++)
                most = fmax(most, p->member[i]->series[k].value[v]);
    }
    *x = axis_make(low, high, true, LEFT + 8, PLOT_WIDTH - RIGHT - 8);
    *y = axis_make(0, most, false, HEIGHT - BOTTOM, TOP);
}

static void frame(FILE *out, const struct plot *p, const struct axis *x,
                  const struct axis *y)
{
    char text[SHOW_BYTES];

    svg_grid(out, y, LEFT, PLOT_WIDTH - RIGHT);
    for (size_t i = 0; i < p->members; i++) {
        unsigned int depth = plot_depth_of(p->member[i]->name);

        snprintf(text, sizeof(text), "%u", depth);
        svg_text(out, axis_at(x, depth), HEIGHT - BOTTOM + 16,
                 "middle faint num", text);
    }
    svg_text(out, (double)(LEFT + PLOT_WIDTH - RIGHT) / 2, HEIGHT - 5,
             "middle faint", "depth");
    svg_text(out, LEFT, TOP - 8, "faint", p->member[0]->unit);
}

/* The device's own name, behind the area. */
static void device_name(const struct devices *d, size_t i, char *out,
                        size_t size)
{
    const char *dot = memchr(d->name[i], '.', d->len[i]);
    size_t skip = dot ? (size_t)(dot - d->name[i]) + 1 : 0;

    snprintf(out, size, "%.*s", (int)(d->len[i] - skip), d->name[i] + skip);
}

/* Dashes of devices, in columns below the plot. */
static void devices_name(FILE *out, const struct devices *d)
{
    char text[RUN_NAME_BYTES], classes[32];

    for (size_t i = 0; i < d->n; i++) {
        double x = LEFT + (double)(i % COLUMNS * COLUMN);
        double y = HEIGHT + 10 + (double)(i / COLUMNS * LINE);

        device_name(d, i, text, sizeof(text));
        snprintf(classes, sizeof(classes), "curve key d%zu", i % DASHES);
        svg_line(out, x, y - 4, x + 26, y - 4, classes);
        svg_text(out, x + 31, y, "faint", text);
    }
}

int plot_depth(FILE *out, const struct plot *p, const struct report *r,
               bool alone)
{
    const struct run *run = r->matrix->run;
    struct svg_point point[PLOT_MEMBERS_MAX];
    bool shown[RUN_PEERS_MAX] = {false};
    struct devices d = {.n = 0};
    struct axis x, y;
    size_t n;

    scales(p, run, &x, &y);
    for (size_t i = 0; i < p->members; i++)
        (void)device_of(&d, p->member[i]); /* they get their order */
    svg_begin(out, PLOT_WIDTH,
              HEIGHT + (int)((d.n + COLUMNS - 1) / COLUMNS) * LINE, p->key,
              alone);
    frame(out, p, &x, &y);
    for (size_t device = 0; device < d.n; device++)
        for (size_t k = 0; k < run->peers; k++) {
            if (points_get(p, &d, device, k, point, &n))
                return -ENOMEM;
            shown[k] |= n > 0;
            if (n)
                curve_draw(out, point, n, &x, &y, run->peer[k], device);
        }
    plot_legend(out, run, shown, 14);
    devices_name(out, &d);
    svg_end(out);
    return 0;
}

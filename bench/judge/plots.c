/* Which plots there are, and what each has in it. */
#include "plots.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "latency.h"
#include "show.h"
#include "svg.h"

#define DEPTH "-qd"

static const struct {
    const char *name;
    plot_fn *draw;
} kinds[PLOT_KINDS] = {
    [PLOT_SIDES] = {"sides", plot_sides},
    [PLOT_DEPTH] = {"depth", plot_depth},
    [PLOT_LATENCY] = {"latency", plot_latency},
    [PLOT_HISTOGRAM] = {"histogram", plot_histogram},
    [PLOT_TREND] = {"trend", plot_trend},
};

const char *plot_kind_name(enum plot_kind k)
{
    return kinds[k].name;
}

int plot_draw(FILE *out, const struct plot *p, const struct report *r,
              bool alone)
{
    return kinds[p->kind].draw(out, p, r, alone);
}

void plots_fini(struct plots *p)
{
    free(p->plot);
    *p = (struct plots){0};
}

/* --- What a measure is part of ------------------------------------------------ */
/* "blk.blkfront-raw.randread.v1" is of "blk.randread.v1"; what has but two
   parts stands alone. */
static void sides_key(const char *name, char *key)
{
    const char *dot = strchr(name, '.');
    size_t group = show_group(name);

    if (!dot || !name[group])
        snprintf(key, RUN_NAME_BYTES, "%s", name);
    else
        snprintf(key, RUN_NAME_BYTES, "%.*s%s", (int)(dot - name), name,
                 name + group);
}

static const char *depth_find(const char *name)
{
    const char *at = strstr(name, DEPTH);

    return at && isdigit((unsigned char)at[strlen(DEPTH)]) ? at : NULL;
}

unsigned int plot_depth_of(const char *name)
{
    const char *at = depth_find(name);
    unsigned long depth = at ? strtoul(at + strlen(DEPTH), NULL, 10) : 0;

    return depth <= RUN_ROUND_MAX ? (unsigned int)depth : 0;
}

/* The same without the depth; false when there is none. */
static bool depth_key(const char *name, char *key)
{
    char sides[RUN_NAME_BYTES];
    const char *at;

    sides_key(name, sides);
    at = depth_find(sides);
    if (!at)
        return false;
    snprintf(key, RUN_NAME_BYTES, "%.*s%s", (int)(at - sides), sides,
             at + strlen(DEPTH) + strspn(at + strlen(DEPTH), "0123456789"));
    return true;
}

/* --- Gathering --------------------------------------------------------------- */
/* Bytes that both begin with. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static struct plot *plot_get(struct plots *p, enum plot_kind kind,
                             const char *key)
{
    struct plot *new;

    for (size_t i = 0; i < p->n; i++)
        if (p->plot[i].kind == kind && strcmp(p->plot[i].key, key) == 0)
            return &p->plot[i];
    if (p->n == PLOTS_MAX)
        return NULL;
    new = &p->plot[p->n++];
    *new = (struct plot){.kind = kind};
    snprintf(new->key, sizeof(new->key), "%s", key);
    return new;
}

static void plot_add(struct plots *p, enum plot_kind kind, const char *key,
                     const struct measure *m)
{
    struct plot *plot = plot_get(p, kind, key);

    if (!plot)
        return;
    /* One axis: what is measured otherwise does not fit. */
    if (plot->members == PLOT_MEMBERS_MAX ||
        (plot->members && strcmp(plot->member[0]->unit, m->unit) != 0))
        plot->left_out++;
    else
        plot->member[plot->members++] = m;
}

static bool depths_differ(const struct plot *p)
{
    for (size_t i = 1; i < p->members; i++)
        if (plot_depth_of(p->member[i]->name) !=
            plot_depth_of(p->member[0]->name))
            return true;
    return false;
}

static bool worth_showing(const struct plot *p)
{
    return p->members && (p->kind != PLOT_DEPTH || depths_differ(p));
}

static bool in_history(const struct report *r, const struct measure *m)
{
    for (size_t i = 0; r->history && i < r->history->runs; i++)
        if (run_measure_find(&r->history->run[i], m->name))
            return true;
    return false;
}

static void measure_add(struct plots *p, const struct report *r,
                        const struct measure *m)
{
    char key[RUN_NAME_BYTES];

    sides_key(m->name, key);
    plot_add(p, PLOT_SIDES, key, m);
    if (!m->count && depth_key(m->name, key))
        plot_add(p, PLOT_DEPTH, key, m);
    if (latency_known(r->matrix->run, m->name)) {
        plot_add(p, PLOT_LATENCY, m->name, m);
        plot_add(p, PLOT_HISTOGRAM, m->name, m);
    }
    if (in_history(r, m))
        plot_add(p, PLOT_TREND, m->name, m);
}

/* Whose a histogram is that has a name of its own: "api.login" is of
   "api.login.p99", "blk.raw.read.v1.wake" of "blk.raw.read.v1". */
static const struct measure *owner_of(const struct run *run, const char *name)
{
    const struct measure *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < run->measures; i++) {
        size_t same = common(run->measure[i].name, name);

        if (same > most) {
            most = same;
            found = &run->measure[i];
        }
    }
    return most >= show_group(name) && run_name_check(name) ? found : NULL;
}

/* Histograms that are not of one measure alone. */
static void histograms_add(struct plots *p, const struct run *run)
{
    const cJSON *h;
    int looked = 0;

    cJSON_ArrayForEach(
        h, cJSON_GetObjectItemCaseSensitive(run->json, "histograms"))
    {
        const struct measure *m = h->string ? owner_of(run, h->string) : NULL;

        if (looked++ == RUN_MEASURES_MAX)
            break;
        if (!m || run_measure_find(run, h->string) ||
            !latency_known(run, h->string))
            continue;
        plot_add(p, PLOT_LATENCY, h->string, m);
        plot_add(p, PLOT_HISTOGRAM, h->string, m);
    }
}

int plots_init(struct plots *p, const struct report *r)
{
    const struct run *run = r->matrix->run;
    size_t kept = 0;

    *p = (struct plots){.plot = calloc(PLOTS_MAX, sizeof(*p->plot))};
    if (!p->plot)
        return -ENOMEM;
    for (size_t i = 0; i < run->measures; i++)
        measure_add(p, r, &run->measure[i]);
    histograms_add(p, run);
    for (size_t i = 0; i < p->n; i++)
        if (worth_showing(&p->plot[i]))
            p->plot[kept++] = p->plot[i];
    p->n = kept;
    return 0;
}

/* --- Notes ------------------------------------------------------------------- */
#define PARTS_BY "; "

size_t plot_note_common(const struct plot *p)
{
    const char *note = p->member[0]->note;
    size_t n = strlen(note), part = strlen(PARTS_BY);
    bool all = true;

    for (size_t i = 1; i < p->members; i++) {
        size_t same = common(note, p->member[i]->note);

        all &= !note[same] && !p->member[i]->note[same];
        n = same < n ? same : n;
    }
    while (!all && n && (n < part || strncmp(note + n - part, PARTS_BY, part)))
        n--;
    return n;
}

/* --- Legend ------------------------------------------------------------------ */
void plot_legend(FILE *out, const struct run *run, const bool *shown, double y)
{
    double x = 8;

    for (size_t i = 0; i < run->peers; i++) {
        if (!shown[i])
            continue;
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" "
                "rx=\"2\" class=\"%s\"/>\n",
                x, y - 9, svg_peer(run->peer[i]));
        svg_text(out, x + 15, y, "", run->peer[i]);
        x += 15 + 8 * (double)strlen(run->peer[i]) + 14;
    }
}

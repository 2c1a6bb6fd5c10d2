/*
 * The plots of a run. Each is drawn narrow enough for a telephone; wide
 * screens show several beside each other.
 */
#ifndef JUDGE_PLOTS_H
#define JUDGE_PLOTS_H

#include "report.h"

enum plot_kind {
    PLOT_SIDES,     /* devices and hypervisors side by side, every sample */
    PLOT_DEPTH,     /* throughput against depth */
    PLOT_LATENCY,   /* percentiles of latency */
    PLOT_HISTOGRAM, /* how often each latency was seen */
    PLOT_TREND,     /* over baselines */
    PLOT_KINDS,
};

enum {
    PLOTS_MAX = 2000,
    PLOT_MEMBERS_MAX = 40,
};

struct plot {
    enum plot_kind kind;
    char key[RUN_NAME_BYTES];                       /* what it shows */
    const struct measure *member[PLOT_MEMBERS_MAX]; /* by name */
    size_t members, left_out;
};

struct plots {
    struct plot *plot;
    size_t n;
};

/* All that there is something to show of. 0, or -ENOMEM. */
int plots_init(struct plots *p, const struct report *r);
void plots_fini(struct plots *p);

const char *plot_kind_name(enum plot_kind k); /* for files: "sides" */

/* `alone`: a file of its own. 0, or -ENOMEM. */
int plot_draw(FILE *out, const struct plot *p, const struct report *r,
              bool alone);

/* One of each kind. */
typedef int plot_fn(FILE *out, const struct plot *p, const struct report *r,
                    bool alone);
plot_fn plot_sides, plot_depth, plot_latency, plot_histogram, plot_trend;

/* The depth in a measure's name (-qd32); 0: none. */
unsigned int plot_depth_of(const char *name);

enum {
    PLOT_WIDTH = 420,
};

/* Bytes of the notes that all members have in common: all, or up to a "; "
   behind which they differ. The caption has them. */
size_t plot_note_common(const struct plot *p);

/* Names of peers in their colours, on one line at `y`. */
void plot_legend(FILE *out, const struct run *run, const bool *shown, double y);

#endif

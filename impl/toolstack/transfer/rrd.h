/*
 * Round-robin archives of what is measured: which data sources an object has,
 * and its values over time, consolidated.
 *
 * Nothing is stored and nothing ticks: a row is worked out when somebody reads
 * it, from the driver or from the database. The archives, their names and the
 * shape of the documents are those of the RRD daemon that clients know: 10
 * minutes of 5 s, 2 hours of 1 min, a week of 1 h, a year of 1 day.
 */
#ifndef TRANSFER_RRD_H
#define TRANSFER_RRD_H

#include "buf.h"
#include "metrics.h"
#include "toolstack.h"

enum {
    SOURCE_NAME_BYTES = 96,
    RRD_ARCHIVES = 4,
};

struct source_row;

/* One data source of one object. */
struct source {
    char name[SOURCE_NAME_BYTES];
    const struct source_row *row; /* units, limits: see rrd_source_* */
    const char *what;             /* which of several; "" */
    bool recorded;
    double known; /* NaN: ask the driver */
};

/* What is measured of one object. */
struct measured {
    struct object *object;
    const char *prefix;  /* of legends: "vm:UUID:" */
    int64_t from, until; /* seconds since 1970 that are known */
    struct source *sources;
    int sources_nr;
};

struct archive {
    int rows, steps; /* steps in a row */
};

extern const struct archive rrd_archives[RRD_ARCHIVES];

const char *rrd_cf_name(enum metrics_cf cf);
/* CF_NR: there is no such. */
enum metrics_cf rrd_cf_find(const char *name);

/* Of a host, a VM or an SR. In the arena. */
void rrd_measured(struct toolstack *ts, struct arena *a, struct object *o,
                  struct measured *m);
const char *rrd_source_units(const struct source *s);
const char *rrd_source_type(const struct source *s);
const char *rrd_source_text(struct arena *a, const struct source *s);
double rrd_source_min(const struct source *s);
double rrd_source_max(const struct source *s); /* INFINITY: no limit */
bool rrd_source_standard(const struct source *s);
/* NULL: no such. */
struct source *rrd_source_find(struct measured *m, const char *name);

/* The latest time that has values. */
int64_t rrd_last(const struct toolstack *ts, const struct measured *m);
/* The row that ends at `time`, which is a multiple of the row's seconds. */
double rrd_value(struct toolstack *ts, const struct measured *m,
                 const struct source *s, enum metrics_cf cf, int64_t time,
                 int steps);

/* --- Documents --------------------------------------------------------- */

void rrd_float(struct buf *out, double f);
/* A whole RRD. */
void rrd_write(struct toolstack *ts, struct buf *out, const struct measured *m,
               bool json);

struct rrd_update {
    int64_t start;      /* negative: that long ago */
    int64_t interval;   /* seconds a row has at least */
    enum metrics_cf cf; /* CF_NR: all */
    bool json;
};

/* Rows since a time, of several objects. */
void rrd_write_update(struct toolstack *ts, struct buf *out,
                      const struct measured *m, int nr,
                      const struct rrd_update *u);

#endif

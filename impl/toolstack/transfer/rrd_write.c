/* The documents that RRDs are read as: XML and JSON. */
#include <math.h>

#include "json.h"
#include "rrd.h"
#include "xmlrpc.h"

#define XML_PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

enum {
    CF_ARCHIVED = CF_MAX + 1, /* averages, minima and maxima are kept */
    HEARTBEAT_S = 300,
};

void rrd_float(struct buf *out, double f)
{
    if (isnan(f))
        buf_puts(out, "NaN");
    else if (isinf(f))
        buf_puts(out, f > 0 ? "Infinity" : "-Infinity");
    else if (f == 0)
        buf_puts(out, "0.0");
    else
        buf_printf(out, "%.15g", f);
}

/* <tag>number</tag>, or "tag": "number". */
static void put_float(struct buf *out, const char *tag, double f, bool json)
{
    buf_printf(out, json ? "\"%s\":\"" : "<%s>", tag);
    rrd_float(out, f);
    if (json)
        buf_puts(out, "\"");
    else
        buf_printf(out, "</%s>", tag);
}

static void put_text(struct buf *out, const char *tag, const char *text,
                     bool json)
{
    if (json) {
        buf_printf(out, "\"%s\":", tag);
        json_string(out, text);
    } else {
        buf_printf(out, "<%s>", tag);
        xmlrpc_text(out, text);
        buf_printf(out, "</%s>", tag);
    }
}

static void put_int(struct buf *out, const char *tag, int64_t i, bool json)
{
    buf_printf(out, json ? "\"%s\":\"%lld\"" : "<%s>%lld</%s>", tag,
               (long long)i, tag);
}

static void comma(struct buf *out, bool json)
{
    if (json)
        buf_putc(out, ',');
}

/* Whether something goes before this item of a list. */
static void between(struct buf *out, int *nr, bool json)
{
    if ((*nr)++)
        comma(out, json);
}

/* --- A whole RRD -------------------------------------------------------- */

static void write_source(struct toolstack *ts, struct buf *out,
                         const struct measured *m, const struct source *s,
                         bool json)
{
    int64_t last = rrd_last(ts, m);
    double now = rrd_value(ts, m, s, CF_LAST, last, 1);

    buf_puts(out, json ? "{" : "<ds>");
    put_text(out, "name", s->name, json);
    comma(out, json);
    put_text(out, "type", rrd_source_type(s), json);
    comma(out, json);
    put_float(out, "minimal_heartbeat", HEARTBEAT_S, json);
    comma(out, json);
    put_float(out, "min", rrd_source_min(s), json);
    comma(out, json);
    put_float(out, "max", rrd_source_max(s), json);
    comma(out, json);
    put_float(out, "last_ds", isnan(now) ? 0 : now, json);
    comma(out, json);
    put_float(out, "value", 0, json); /* whole steps only: nothing is open */
    comma(out, json);
    put_int(out, "unknown_sec", 0, json);
    if (json) {
        comma(out, json);
        put_int(out, "last_updated", last, json);
    }
    buf_puts(out, json ? "}" : "</ds>");
}

static void write_prepared(struct buf *out, int columns, bool json)
{
    buf_puts(out, json ? "\"cdp_prep\":{\"ds\":[" : "<cdp_prep>");
    for (int i = 0, nr = 0; i < columns; i++) {
        between(out, &nr, json);
        buf_puts(out, json ? "{" : "<ds>");
        put_float(out, "primary_value", 0, json);
        comma(out, json);
        put_float(out, "secondary_value", 0, json);
        comma(out, json);
        put_float(out, "value", 0, json);
        comma(out, json);
        put_int(out, "unknown_datapoints", 0, json);
        buf_puts(out, json ? "}" : "</ds>");
    }
    buf_puts(out, json ? "]}" : "</cdp_prep>");
}

static void write_row(struct toolstack *ts, struct buf *out,
                      const struct measured *m, enum metrics_cf cf,
                      int64_t time, int steps, int *nr, bool json)
{
    for (int i = 0; i < m->sources_nr; i++) {
        if (!m->sources[i].recorded)
            continue;
        between(out, nr, json);
        buf_puts(out, json ? "\"" : "<v>");
        rrd_float(out, rrd_value(ts, m, &m->sources[i], cf, time, steps));
        buf_puts(out, json ? "\"" : "</v>");
    }
}

/* Oldest row first. */
static void write_archive(struct toolstack *ts, struct buf *out,
                          const struct measured *m, const struct archive *rra,
                          enum metrics_cf cf, int columns, bool json)
{
    int64_t row_s = (int64_t)rra->steps * METRICS_STEP_S;
    int64_t last = rrd_last(ts, m) / row_s * row_s;

    buf_puts(out, json ? "{" : "<rra>");
    put_text(out, "cf", rrd_cf_name(cf), json);
    comma(out, json);
    put_int(out, "pdp_per_row", rra->steps, json);
    comma(out, json);
    buf_puts(out, json ? "\"params\":{" : "<params>");
    put_float(out, "xff", rra->steps == 1 ? 0.5 : 1, json);
    buf_puts(out, json ? "}," : "</params>");
    write_prepared(out, columns, json);
    buf_puts(out, json ? ",\"database\":[" : "<database>");
    for (int i = rra->rows - 1, nr = 0; i >= 0; i--) {
        int values = 0;

        between(out, &nr, json);
        buf_puts(out, json ? "[" : "<row>");
        write_row(ts, out, m, cf, last - i * row_s, rra->steps, &values, json);
        buf_puts(out, json ? "]" : "</row>");
    }
    buf_puts(out, json ? "]}" : "</database></rra>");
}

static int columns_of(const struct measured *m)
{
    int nr = 0;

    for (int i = 0; i < m->sources_nr; i++)
        nr += m->sources[i].recorded;
    return nr;
}

void rrd_write(struct toolstack *ts, struct buf *out, const struct measured *m,
               bool json)
{
    int columns = columns_of(m), nr = 0;

    buf_puts(out, json ? "{" : XML_PROLOG "<rrd>");
    put_text(out, "version", "0003", json);
    comma(out, json);
    put_int(out, "step", METRICS_STEP_S, json);
    comma(out, json);
    put_int(out, "lastupdate", rrd_last(ts, m), json);
    buf_puts(out, json ? ",\"ds\":[" : "");
    for (int i = 0; i < m->sources_nr; i++)
        if (m->sources[i].recorded) {
            between(out, &nr, json);
            write_source(ts, out, m, &m->sources[i], json);
        }
    buf_puts(out, json ? "],\"rra\":[" : "");
    nr = 0;
    for (int i = 0; i < RRD_ARCHIVES; i++)
        for (int cf = 0; cf < CF_ARCHIVED; cf++) {
            if (cf != CF_AVERAGE && rrd_archives[i].steps == 1)
                continue; /* one step is all three of them */
            between(out, &nr, json);
            write_archive(ts, out, m, &rrd_archives[i], cf, columns, json);
        }
    buf_puts(out, json ? "]}" : "</rrd>");
}

/* --- Rows since a time --------------------------------------------------- */

/* The finest archive that reaches back to the time; else the coarsest. */
static const struct archive *archive_for(int64_t last, int64_t start,
                                         int64_t interval)
{
    for (int i = 0; i < RRD_ARCHIVES; i++) {
        const struct archive *rra = &rrd_archives[i];
        int64_t span = (int64_t)rra->rows * rra->steps * METRICS_STEP_S;

        if (rra->steps >= interval / METRICS_STEP_S && start > last - span)
            return rra;
    }
    return &rrd_archives[RRD_ARCHIVES - 1];
}

static bool wanted(const struct rrd_update *u, const struct archive *rra,
                   int cf)
{
    if (u->cf != CF_NR)
        return (int)u->cf == cf;
    return cf == CF_AVERAGE || (cf < CF_ARCHIVED && rra->steps > 1);
}

static void write_legend(struct buf *out, const struct measured *m, int nr,
                         const struct rrd_update *u, const struct archive *rra)
{
    int written = 0;

    for (int i = 0; i < nr; i++)
        for (int cf = 0; cf < CF_NR; cf++)
            for (int s = 0; wanted(u, rra, cf) && s < m[i].sources_nr; s++) {
                if (!m[i].sources[s].recorded)
                    continue;
                between(out, &written, u->json);
                buf_printf(out,
                           u->json ? "\"%s:%s%s\"" : "<entry>%s:%s%s</entry>",
                           rrd_cf_name(cf), m[i].prefix, m[i].sources[s].name);
            }
}

static void write_updates(struct toolstack *ts, struct buf *out,
                          const struct measured *m, int nr,
                          const struct rrd_update *u, const struct archive *rra,
                          int64_t time)
{
    int values = 0;

    buf_printf(out, u->json ? "{\"t\":%lld,\"values\":[" : "<row><t>%lld</t>",
               (long long)time);
    for (int i = 0; i < nr; i++)
        for (int cf = 0; cf < CF_NR; cf++)
            if (wanted(u, rra, cf))
                write_row(ts, out, &m[i], cf, time, rra->steps, &values,
                          u->json);
    buf_puts(out, u->json ? "]}" : "</row>");
}

static void write_meta(struct buf *out, int64_t first, int64_t row_s,
                       int64_t last, int rows, int columns, bool json)
{
    static const char *const shapes[] = {
        "<meta><start>%lld</start><step>%lld</step><end>%lld</end>"
        "<rows>%d</rows><columns>%d</columns><legend>",
        "{\"meta\":{\"start\":%lld,\"step\":%lld,\"end\":%lld,\"rows\":%d,"
        "\"columns\":%d,\"legend\":["};

    buf_printf(out, shapes[json], (long long)first, (long long)row_s,
               (long long)last, rows, columns);
}

void rrd_write_update(struct toolstack *ts, struct buf *out,
                      const struct measured *m, int nr,
                      const struct rrd_update *u)
{
    int64_t last = ts->env.now_ms(ts->env.ctx) / 1000, start = u->start;
    int columns = 0, cfs = 0, rows = 0, written = 0;
    const struct archive *rra;
    int64_t row_s, first;

    last -= last % METRICS_STEP_S;
    start += start < 0 ? last : 0;
    rra = archive_for(last, start, u->interval);
    row_s = (int64_t)rra->steps * METRICS_STEP_S;
    first = start / row_s * row_s + row_s;
    last = last / row_s * row_s;
    for (int cf = 0; cf < CF_NR; cf++)
        cfs += wanted(u, rra, cf);
    for (int i = 0; i < nr; i++)
        columns += cfs * columns_of(&m[i]);
    while (rows < rra->rows && last - rows * row_s >= start)
        rows++;
    buf_puts(out, u->json ? "" : XML_PROLOG "<xport>");
    write_meta(out, first, row_s, last, rows, columns, u->json);
    write_legend(out, m, nr, u, rra);
    buf_puts(out, u->json ? "]},\"data\":[" : "</legend></meta><data>");
    for (int i = 0; i < rows; i++) {
        between(out, &written, u->json);
        write_updates(ts, out, m, nr, u, rra, last - i * row_s);
    }
    buf_puts(out, u->json ? "]}" : "</data></xport>");
}

/* Data sources of objects, and their values over time. */
#include "rrd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transfer.h"

#define NO_LIMIT INFINITY

enum owner {
    OWNER_HOST,
    OWNER_VM,
    OWNER_SR,
};

/* What there may be several of. */
enum each {
    EACH_ONE,
    EACH_CPU,
    EACH_PIF,
    EACH_VIF,
    EACH_VBD,
    EACH_SR,
};

enum {
    EACH_MAX = 1024,
    DAY_S = 24 * 3600,
};

struct source_row {
    enum owner owner;
    enum each each;
    const char *name, *units, *type;
    double min, max;
    bool standard;
    double (*known)(struct toolstack *ts, const struct object *o);
    const char *text;
};

const struct archive rrd_archives[RRD_ARCHIVES] = {
    {120, 1}, {120, 12}, {168, 720}, {366, 17280}};

static const char *const cf_names[CF_NR] = {
    [CF_AVERAGE] = "AVERAGE",
    [CF_MIN] = "MIN",
    [CF_MAX] = "MAX",
    [CF_LAST] = "LAST",
};

const char *rrd_cf_name(enum metrics_cf cf)
{
    return cf_names[cf];
}

enum metrics_cf rrd_cf_find(const char *name)
{
    int cf = 0;

    while (cf < CF_NR && strcmp(cf_names[cf], name) != 0)
        cf++;
    return cf;
}

/* --- What the database knows -------------------------------------------- */

static double none(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    (void)o;
    return NAN;
}

static double nothing(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    (void)o;
    return 0;
}

static double running_domains(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    return db_get(o, "resident_VMs")->nr;
}

static double running_vcpus(struct toolstack *ts, const struct object *o)
{
    const struct value *vms = db_get(o, "resident_VMs");
    double sum = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find(&ts->db, "VM", vms->items[i].s);

        sum += vm ? (double)db_int(vm, "VCPUs_at_startup") : 0;
    }
    return sum;
}

static double metrics_int(struct toolstack *ts, const struct object *o,
                          const char *field)
{
    struct object *metrics = db_ref(&ts->db, o, "metrics");

    return metrics ? (double)db_int(metrics, field) : NAN;
}

static double host_memory_total(struct toolstack *ts, const struct object *o)
{
    return metrics_int(ts, o, "memory_total") / 1024;
}

static double host_memory_free(struct toolstack *ts, const struct object *o)
{
    return metrics_int(ts, o, "memory_free") / 1024;
}

static double task_count(struct toolstack *ts, const struct object *o)
{
    (void)o;
    return db_count(&ts->db, class_find("task"));
}

static double session_count(struct toolstack *ts, const struct object *o)
{
    (void)o;
    return db_count(&ts->db, class_find("session"));
}

static double vm_memory_target(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    return (double)(db_int(o, "memory_target") > 0
                        ? db_int(o, "memory_target")
                        : db_int(o, "memory_dynamic_max"));
}

static double vm_memory(struct toolstack *ts, const struct object *o)
{
    double actual = metrics_int(ts, o, "memory_actual");

    return actual > 0 ? actual : vm_memory_target(ts, o);
}

static double sr_size(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    return (double)db_int(o, "physical_size");
}

static double sr_used(struct toolstack *ts, const struct object *o)
{
    (void)ts;
    return (double)db_int(o, "physical_utilisation");
}

static const struct source_row rows[] = {
#define SOURCE(owner, each, name, units, type, min, max, standard, known, \
               text)                                                      \
    {OWNER_##owner, EACH_##each, name,     units, type,                   \
     min,           max,         standard, known, text},
#include "sources.def"
#undef SOURCE
};

const char *rrd_source_units(const struct source *s)
{
    return s->row->units;
}

const char *rrd_source_type(const struct source *s)
{
    return s->row->type;
}

/* Texts and names hold at most one %s. */
static const char *filled(struct arena *a, const char *pattern,
                          const char *what)
{
    const char *mark = strstr(pattern, "%s");

    if (!mark)
        return pattern;
    return arena_printf(a, "%.*s%s%s", (int)(mark - pattern), pattern, what,
                        mark + 2);
}

const char *rrd_source_text(struct arena *a, const struct source *s)
{
    return filled(a, s->row->text, s->what);
}

double rrd_source_min(const struct source *s)
{
    return s->row->min;
}

double rrd_source_max(const struct source *s)
{
    return s->row->max;
}

bool rrd_source_standard(const struct source *s)
{
    return s->row->standard;
}

struct source *rrd_source_find(struct measured *m, const char *name)
{
    for (int i = 0; i < m->sources_nr; i++)
        if (strcmp(m->sources[i].name, name) == 0)
            return &m->sources[i];
    return NULL;
}

/* --- Which sources an object has ----------------------------------------- */

static int names_of_cpus(struct arena *a, const struct object *o,
                         const char **names)
{
    int nr =
        (int)(strcmp(o->class->name, "VM") == 0 ? db_int(o, "VCPUs_at_startup")
                                                : db_get(o, "host_CPUs")->nr);

    nr = nr < EACH_MAX ? nr : EACH_MAX;
    for (int i = 0; i < nr; i++)
        names[i] = arena_printf(a, "%d", i);
    return nr;
}

/* A text field of each object that a set of references leads to. */
static int names_of_refs(struct toolstack *ts, const struct object *o,
                         const char *set, const char *field, const char **names)
{
    const struct value *refs = db_get(o, set);
    int nr = 0;

    for (uint32_t i = 0; i < refs->nr && nr < EACH_MAX; i++) {
        struct object *of = db_find_any(&ts->db, refs->items[i].s);
        const char *name = of ? db_text(of, field) : "";

        if (*name && strlen(name) < SOURCE_NAME_BYTES / 2)
            names[nr++] = name;
    }
    return nr;
}

/* Attached repositories go by the first part of their uuid. */
static int names_of_srs(struct toolstack *ts, struct arena *a,
                        const struct object *o, const char **names)
{
    const struct value *refs = db_get(o, "PBDs");
    int nr = 0;

    for (uint32_t i = 0; i < refs->nr && nr < EACH_MAX; i++) {
        struct object *pbd = db_find(&ts->db, "PBD", refs->items[i].s);
        struct object *sr = pbd ? db_ref(&ts->db, pbd, "SR") : NULL;

        if (sr && db_bool(pbd, "currently_attached"))
            names[nr++] = arena_printf(a, "%.8s", db_text(sr, "uuid"));
    }
    return nr;
}

static int names_of(struct toolstack *ts, struct arena *a,
                    const struct object *o, enum each each, const char **names)
{
    switch (each) {
    case EACH_CPU:
        return names_of_cpus(a, o, names);
    case EACH_PIF:
        return names_of_refs(ts, o, "PIFs", "device", names);
    case EACH_VIF:
        return names_of_refs(ts, o, "VIFs", "device", names);
    case EACH_VBD:
        return names_of_refs(ts, o, "VBDs", "device", names);
    case EACH_SR:
        return names_of_srs(ts, a, o, names);
    default:
        names[0] = "";
        return 1;
    }
}

static void add_sources(struct toolstack *ts, struct arena *a,
                        struct measured *m, const struct source_row *row)
{
    const char *names[EACH_MAX];
    int nr = names_of(ts, a, m->object, row->each, names);
    struct source *grown =
        arena_alloc(a, sizeof(*grown) * (size_t)(m->sources_nr + nr + 1));

    if (m->sources_nr)
        memcpy(grown, m->sources, sizeof(*grown) * (size_t)m->sources_nr);
    m->sources = grown;
    for (int i = 0; i < nr; i++) {
        struct source *s = &m->sources[m->sources_nr];

        (void)snprintf(s->name, sizeof(s->name), "%s",
                       filled(a, row->name, names[i])); /* long ones are cut */
        if (rrd_source_find(m, s->name))
            continue; /* VLANs share their device's name */
        s->row = row;
        s->what = names[i];
        s->known = row->known(ts, m->object);
        s->recorded =
            row->standard !=
            transfer_rrd_excepted(ts, db_text(m->object, "uuid"), s->name);
        m->sources_nr++;
    }
}

static const struct {
    const char *class_name, *prefix;
    enum owner owner;
} owners[] = {
    {"host", "host", OWNER_HOST},
    {"VM", "vm", OWNER_VM},
    {"SR", "sr", OWNER_SR},
};

/* Seconds since 1970 of a date as the API writes it; 0: not one. */
static int64_t seconds_of(const char *date)
{
    struct tm tm = {0};

    if (sscanf(date, "%4d%2d%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon,
               &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return timegm(&tm);
}

/* Machines are known while they run; everything else always was. */
static void set_span(struct toolstack *ts, struct measured *m, enum owner owner)
{
    struct object *metrics;

    m->from = 0;
    m->until = ts->env.now_ms(ts->env.ctx) / 1000;
    if (owner != OWNER_VM)
        return;
    metrics = db_ref(&ts->db, m->object, "metrics");
    m->from = metrics ? seconds_of(db_text(metrics, "start_time")) : m->until;
    if (db_int(m->object, "domid") < 0) /* noted when it stopped */
        m->until = metrics ? seconds_of(db_text(metrics, "last_updated")) : 0;
    if (m->until < m->from || m->from == 0)
        m->from = m->until;
}

void rrd_measured(struct toolstack *ts, struct arena *a, struct object *o,
                  struct measured *m)
{
    size_t kind = 0;

    *m = (struct measured){.object = o};
    while (strcmp(owners[kind].class_name, o->class->name) != 0)
        kind++;
    m->prefix =
        arena_printf(a, "%s:%s:", owners[kind].prefix, db_text(o, "uuid"));
    set_span(ts, m, owners[kind].owner);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].owner == owners[kind].owner)
            add_sources(ts, a, m, &rows[i]);
}

/* --- Values ------------------------------------------------------------- */

int64_t rrd_last(const struct toolstack *ts, const struct measured *m)
{
    int64_t now = ts->env.now_ms(ts->env.ctx) / 1000;

    now = now < m->until ? now : m->until;
    return now - now % METRICS_STEP_S;
}

double rrd_value(struct toolstack *ts, const struct measured *m,
                 const struct source *s, enum metrics_cf cf, int64_t time,
                 int steps)
{
    int64_t end = time / METRICS_STEP_S, begin = end - steps;
    int64_t first = (m->from + METRICS_STEP_S - 1) / METRICS_STEP_S;
    int64_t last = rrd_last(ts, m) / METRICS_STEP_S;
    struct metrics_query q = {db_text(m->object, "uuid"), s->name, cf, 0, 0};

    begin = begin > first ? begin : first;
    end = end < last ? end : last;
    if (begin >= end || !s->recorded)
        return NAN;
    if (!isnan(s->known))
        return s->known;
    if (!ts->metrics.value)
        return NAN;
    q.step = begin;
    q.steps = end - begin;
    return ts->metrics.value(ts->metrics.ctx, &q);
}

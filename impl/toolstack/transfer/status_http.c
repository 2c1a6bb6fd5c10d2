/* HTTP handlers of reports: a host's state, its log, balancing, services. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "audit.h"
#include "dump.h"
#include "handlers.h"
#include "json.h"
#include "pool.h"
#include "routes.h"
#include "rrd.h"
#include "squeeze.h"
#include "tar.h"
#include "wlb.h"
#include "xmlrpc.h"

enum {
    ENTRY_SECONDS = 60, /* what an entry takes at most, as clients are told */
    HOUR_STEPS = 720,
};

/* --- What a report holds ---------------------------------------------------- */

static void add_database(struct request *r, struct object *host,
                         struct buf *out)
{
    struct dump d;

    (void)host;
    dump_init(&d, r->db);
    while (!d.over)
        dump_write(&d, r->db, out, SIZE_MAX);
    dump_fini(&d);
}

static void add_log(struct request *r, struct object *host, struct buf *out)
{
    buf_puts(out, agent_ask(r, host, "log"));
}

static void add_audit(struct request *r, struct object *host, struct buf *out)
{
    (void)host;
    audit_read(r->ts, "", out);
}

static void add_dmesg(struct request *r, struct object *host, struct buf *out)
{
    buf_puts(out, agent_ask(r, host, "dmesg"));
}

static void add_version(struct request *r, struct object *host, struct buf *out)
{
    const struct value *map = db_get(host, "software_version");

    (void)r;
    for (uint32_t i = 0; i < map->nr; i++)
        buf_printf(out, "%s: %s\n", map->members[i].key,
                   map->members[i].value.s);
}

static void add_rrd(struct request *r, struct object *host, struct buf *out)
{
    struct measured m;

    rrd_measured(r->ts, r->arena, host, &m);
    rrd_write(r->ts, out, &m, false);
}

static const struct entry {
    const char *key, *file, *personal;
    void (*add)(struct request *r, struct object *host, struct buf *out);
} entries[] = {
#define STATUS_ENTRY(key, file, personal, function) \
    {key, file, personal, function},
#include "status_entries.def"
#undef STATUS_ENTRY
};

enum {
    ENTRIES = sizeof(entries) / sizeof(entries[0]),
};

int host_get_system_status_capabilities(struct request *r)
{
    struct buf out = {0};
    const char *text;

    buf_puts(&out, "<?xml version=\"1.0\" ?>\n<system-status-capabilities>");
    for (size_t i = 0; i < ENTRIES; i++)
        buf_printf(&out,
                   "<capability content-type=\"text/plain\" "
                   "default-checked=\"yes\" key=\"%s\" max-size=\"-1\" "
                   "max-time=\"%d\" min-size=\"-1\" min-time=\"-1\" "
                   "pii=\"%s\"/>",
                   entries[i].key, ENTRY_SECONDS, entries[i].personal);
    buf_puts(&out, "</system-status-capabilities>");
    text = arena_strndup(r->arena, out.data, out.len);
    buf_fini(&out);
    return reply_text(r, text);
}

/* Whether a list with commas has the key; without a list everything is in. */
static bool chosen(const char *list, const char *key)
{
    size_t len = strlen(key);

    if (!list || !*list)
        return true;
    for (const char *at = strstr(list, key); at; at = strstr(at + 1, key))
        if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
            return true;
    return false;
}

static int sink(void *ctx, const void *data, size_t len)
{
    buf_add(ctx, data, len);
    return 0;
}

/* A file of the report, below a folder named after the host. */
static int add_entry(struct route_call *c, struct squeeze *to,
                     struct object *host, const struct entry *e)
{
    struct request *r = &c->request;
    int64_t now_s = r->ts->env.now_ms(r->ts->env.ctx) / 1000;
    struct buf text = {0}, file = {0};
    int rc;

    e->add(r, host, &text);
    tar_file(&file,
             arena_printf(r->arena, "bug-report-%.8s/%s", db_text(host, "uuid"),
                          e->file),
             text.data, text.len, now_s);
    rc = squeeze_feed(to, file.data, file.len);
    buf_fini(&text);
    buf_fini(&file);
    return rc;
}

static int answer_entries(struct route_call *c, const char *list,
                          enum squeeze_kind kind, const char *type)
{
    struct object *host = pool_here(&c->request);
    struct buf out = {0}, end = {0};
    struct squeeze *to = squeeze_create(kind, false, sink, &out);
    int rc = 0;

    for (size_t i = 0; !rc && i < ENTRIES; i++)
        if (chosen(list, entries[i].key))
            rc = add_entry(c, to, host, &entries[i]);
    tar_end(&end);
    if (!rc)
        rc = squeeze_feed(to, end.data, end.len);
    if (!rc)
        rc = squeeze_finish(to);
    squeeze_destroy(to);
    buf_fini(&end);
    if (!rc)
        return route_answer_buf(c, 200, type, &out);
    buf_fini(&out);
    return request_internal(&c->request, "The report cannot be packed");
}

int http_system_status(struct route_call *c)
{
    static const struct {
        const char *output, *type;
        enum squeeze_kind kind;
    } kinds[] = {
        {"tar", "application/x-tar", SQUEEZE_NONE},
        {"tar.gz", "application/gzip", SQUEEZE_GZIP},
        {"tar.zst", "application/zstd", SQUEEZE_ZSTD},
    };
    const char *output = route_param(c, "output");
    size_t i = 0;

    while (i < sizeof(kinds) / sizeof(kinds[0]) && output &&
           strcmp(kinds[i].output, output) != 0)
        i++;
    if (i == sizeof(kinds) / sizeof(kinds[0]))
        return request_fail(
            &c->request, "SYSTEM_STATUS_RETRIEVAL_FAILED",
            arena_printf(c->request.arena, "no output like '%s'", output),
            NULL);
    return answer_entries(c, route_param(c, "entries"), kinds[i].kind,
                          kinds[i].type);
}

int http_host_logs(struct route_call *c)
{
    route_header(c, "Content-Disposition",
                 "attachment; filename=\"logs.tar.gz\"");
    return answer_entries(c, "xenserver-logs,audit,kernel-info", SQUEEZE_GZIP,
                          "application/gzip");
}

/* --- Balancing ----------------------------------------------------------------- */

/* The mean of the last hour. */
static double mean(struct request *r, struct measured *m, const char *name)
{
    const struct source *s = rrd_source_find(m, name);

    return s ? rrd_value(r->ts, m, s, CF_AVERAGE, rrd_last(r->ts, m),
                         HOUR_STEPS)
             : NAN;
}

static void report_host(struct request *r, struct object *host, struct buf *out)
{
    struct measured m;

    rrd_measured(r->ts, r->arena, host, &m);
    buf_puts(out, "<Host><uuid>");
    buf_puts(out, db_text(host, "uuid"));
    buf_puts(out, "</uuid><name>");
    xmlrpc_text(out, db_text(host, "name_label"));
    buf_puts(out, "</name><cpu>");
    rrd_float(out, mean(r, &m, "cpu_avg"));
    buf_puts(out, "</cpu><memory_free_kib>");
    rrd_float(out, mean(r, &m, "memory_free_kib"));
    buf_puts(out, "</memory_free_kib><points>");
    rrd_float(out, wlb_points(r, NULL, host));
    buf_puts(out, "</points></Host>");
}

static int need_wlb(struct route_call *c)
{
    if (db_bool(toolstack_pool(c->request.ts), "wlb_enabled"))
        return 0;
    return request_fail(&c->request, "WLB_NOT_INITIALIZED", NULL);
}

int http_wlb_report(struct route_call *c)
{
    const char *name = route_param(c, "report");
    struct buf out = {0};

    if (!name)
        return route_page(c, 400, "The parameter report is missing");
    if (need_wlb(c))
        return API_FAILED;
    buf_puts(&out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Report name=\"");
    xmlrpc_text(&out, name);
    buf_puts(&out, "\">");
    for (struct object *o = db_first(c->request.db, "host"); o; o = o->next)
        report_host(&c->request, o, &out);
    buf_puts(&out, "</Report>");
    return route_answer_buf(c, 200, "text/xml", &out);
}

int http_wlb_diagnostics(struct route_call *c)
{
    struct buf out = {0};

    if (need_wlb(c))
        return API_FAILED;
    buf_puts(&out, agent_ask(&c->request, pool_here(&c->request), "log"));
    return route_answer_buf(c, 200, "text/plain", &out);
}

/* --- Services -------------------------------------------------------------------- */

static void add_service(struct buf *out, const char *host, const char *service,
                        const char *instance)
{
    buf_puts(out, out->len > 1 ? ",{\"uuid\":" : "{\"uuid\":");
    json_string(out, host);
    buf_puts(out, ",\"service\":");
    json_string(out, service);
    buf_puts(out, ",\"instance\":");
    json_string(out, instance);
    buf_printf(out, ",\"url\":\"/services/%s\"}", service);
}

/* What runs here, and a driver for each type of repository. */
int http_services(struct route_call *c)
{
    const char *host = db_text(pool_here(&c->request), "uuid");
    struct buf out = {0};

    if (*c->rest) /* what others do there is between the hosts of a pool */
        return route_page(c, 404, "No such service");
    buf_putc(&out, '[');
    add_service(&out, host, "xenops", "");
    for (struct object *o = db_first(c->request.db, "SM"); o; o = o->next)
        add_service(&out, host, "SM", db_text(o, "type"));
    buf_putc(&out, ']');
    return route_answer_buf(c, 200, "application/json", &out);
}

/* HTTP handlers of backups: the database, and a host as a tar archive. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "dump.h"
#include "job.h"
#include "routes.h"
#include "tar.h"

enum {
    DUMP_BYTES_MAX = 256 << 20,
    PIECE_BYTES = 16 << 20, /* a dump no larger than that is of one moment */
};

#define DUMP_NAME  "xapi-db.xml"
#define AUDIT_NAME "audit.log"

/* --- The database -------------------------------------------------------------- */

static int give(struct route_call *c, struct buf *out, size_t room)
{
    struct dump *d = c->state;

    (void)room;
    dump_write(d, c->request.db, out, PIECE_BYTES);
    return !d->over;
}

static void done(struct route_call *c, bool ok)
{
    (void)ok;
    dump_fini(c->state);
    free(c->state);
}

static const struct route_stream stream = {.give = give, .done = done};

int http_get_database(struct route_call *c)
{
    struct dump *d = must_alloc(sizeof(*d));

    dump_init(d, c->request.db);
    (void)route_stream(c, &stream, d); /* neither of the two can fail */
    return route_begin(c, 200, "text/xml", ROUTE_LENGTH_UNKNOWN);
}

static int restore(struct route_call *c)
{
    if (dump_restore(&c->request, c->body.len ? c->body.data : "", c->body.len,
                     job_flag(c, "dry_run")))
        return API_FAILED;
    return job_answer(c);
}

int http_put_database(struct route_call *c)
{
    (void)job_greet(c); /* cannot fail */
    return route_collect(c, DUMP_BYTES_MAX, restore);
}

/* --- A host --------------------------------------------------------------------- */

static void add_dump(struct route_call *c, struct buf *out, int64_t now_s)
{
    struct buf xml = {0};
    struct dump d;

    dump_init(&d, c->request.db);
    while (!d.over)
        dump_write(&d, c->request.db, &xml, SIZE_MAX);
    tar_file(out, DUMP_NAME, xml.data, xml.len, now_s);
    buf_fini(&xml);
    dump_fini(&d);
}

static void add_audit(struct route_call *c, struct buf *out, int64_t now_s)
{
    struct buf text = {0};

    audit_read(c->request.ts, "", &text);
    tar_file(out, AUDIT_NAME, text.data, text.len, now_s);
    buf_fini(&text);
}

int http_host_backup(struct route_call *c)
{
    int64_t now_s = c->request.ts->env.now_ms(c->request.ts->env.ctx) / 1000;
    struct buf out = {0};

    add_dump(c, &out, now_s);
    add_audit(c, &out, now_s);
    tar_end(&out);
    return route_answer_buf(c, 200, "application/x-tar", &out);
}

/* What a backup is searched for. */
struct search {
    struct buf found;
    bool taking, seen;
};

static int begin_cb(void *ctx, const char *name, uint64_t size)
{
    struct search *s = ctx;

    s->taking = strcmp(name, DUMP_NAME) == 0;
    s->seen |= s->taking;
    return s->taking && size > DUMP_BYTES_MAX ? -E2BIG : 0;
}

static int data_cb(void *ctx, const void *data, size_t len)
{
    struct search *s = ctx;

    if (s->taking)
        buf_add(&s->found, data, len);
    return 0;
}

static int end_cb(void *ctx)
{
    (void)ctx;
    return 0;
}

static int restore_host(struct route_call *c)
{
    static const struct tar_events events = {begin_cb, data_cb, end_cb};
    struct search s = {0};
    struct tar_reader tar;
    int rc;

    tar_reader_init(&tar, &events, &s);
    rc = tar_feed(&tar, c->body.data, c->body.len);
    if (rc || !s.seen)
        rc = request_fail(&c->request, "RESTORE_SCRIPT_FAILED",
                          "no database in the archive", NULL);
    else
        rc = dump_restore(&c->request, s.found.data, s.found.len, false);
    buf_fini(&s.found);
    return rc ? rc : job_answer(c);
}

int http_host_restore(struct route_call *c)
{
    (void)job_greet(c); /* cannot fail */
    return route_collect(c, DUMP_BYTES_MAX, restore_host);
}

/* HTTP handlers of RRDs. */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pool.h"
#include "routes.h"
#include "rrd.h"
#include "transfer.h"

enum {
    UPLOAD_BYTES_MAX = 16 << 20,
    CELLS_MAX = 8 << 20, /* of one update */
    ROWS_MAX = 367,
};

static bool wants_json(const struct route_call *c)
{
    const char *json = route_param(c, "json");
    const char *accept = route_header_of(c, "accept");

    if (json)
        return strcasecmp(json, "false") != 0;
    return accept && strncmp(accept, "application/json", 16) == 0;
}

static const char *type_of(bool json)
{
    return json ? "application/json" : "text/xml";
}

/* The host that the request came to. */
static struct object *here(struct route_call *c)
{
    struct object *host = pool_here(&c->request);

    return host ? host : toolstack_master(c->request.ts);
}

static int answer_whole(struct route_call *c, const struct measured *m)
{
    bool json = wants_json(c);
    struct buf out = {0};

    rrd_write(c->request.ts, &out, m, json);
    return route_answer_buf(c, 200, type_of(json), &out);
}

/* One that was put here, of a machine that does not run. */
static int answer_archived(struct route_call *c, const char *uuid)
{
    const struct buf *kept = transfer_archived(c->request.ts, uuid);

    if (!kept)
        return route_page(c, 404, "No such RRD");
    return route_answer(c, 200, "text/xml", kept->data, kept->len);
}

int http_vm_rrd(struct route_call *c)
{
    const char *uuid = route_param(c, "uuid");
    struct object *vm, *host;
    struct measured m;

    if (!uuid)
        return route_page(c, 400, "The parameter uuid is missing");
    vm = db_find_uuid(c->request.db, "VM", uuid);
    if (!vm)
        return answer_archived(c, uuid);
    host = db_ref(c->request.db, vm, "resident_on");
    if (host && host != here(c))
        return route_redirect(c, db_text(host, "address"));
    rrd_measured(c->request.ts, c->request.arena, vm, &m);
    if (!host && (m.from == m.until || transfer_archived(c->request.ts, uuid)))
        return answer_archived(c, uuid);
    return answer_whole(c, &m);
}

int http_host_rrd(struct route_call *c)
{
    struct measured m;

    rrd_measured(c->request.ts, c->request.arena, here(c), &m);
    return answer_whole(c, &m);
}

static bool attached_at(struct route_call *c, const struct object *sr)
{
    const struct value *pbds = db_get(here(c), "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++) {
        struct object *pbd = db_find(c->request.db, "PBD", pbds->items[i].s);

        if (pbd && strcmp(db_text(pbd, "SR"), sr->ref) == 0)
            return db_bool(pbd, "currently_attached");
    }
    return false;
}

int http_sr_rrd(struct route_call *c)
{
    const char *uuid = route_param(c, "uuid");
    struct object *sr;
    struct measured m;

    if (!uuid)
        return route_page(c, 400, "The parameter uuid is missing");
    sr = db_find_uuid(c->request.db, "SR", uuid);
    if (!sr || !attached_at(c, sr))
        return route_page(c, 404, "No such RRD");
    rrd_measured(c->request.ts, c->request.arena, sr, &m);
    return answer_whole(c, &m);
}

/* --- Updates ------------------------------------------------------------- */

static void add_machines(struct route_call *c, const char *only,
                         struct measured *m, int *nr)
{
    const struct value *refs = db_get(here(c), "resident_VMs");

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct object *vm = db_find(c->request.db, "VM", refs->items[i].s);

        if (vm && (!only || strcmp(db_text(vm, "uuid"), only) == 0))
            rrd_measured(c->request.ts, c->request.arena, vm, &m[(*nr)++]);
    }
}

static void add_repositories(struct route_call *c, const char *only,
                             struct measured *m, int *nr)
{
    struct object *sr = db_find_uuid(c->request.db, "SR", only);

    if (sr && attached_at(c, sr))
        rrd_measured(c->request.ts, c->request.arena, sr, &m[(*nr)++]);
}

static int answer_update(struct route_call *c, const struct measured *m, int nr,
                         const struct rrd_update *u)
{
    struct buf out = {0};
    int64_t columns = 0;

    for (int i = 0; i < nr; i++)
        columns += m[i].sources_nr;
    if (columns * ROWS_MAX > CELLS_MAX && u->start <= 0)
        return route_page(c, 400, "That is too much: ask for a later start");
    rrd_write_update(c->request.ts, &out, m, nr, u);
    return route_answer_buf(c, 200, type_of(u->json), &out);
}

int http_rrd_updates(struct route_call *c)
{
    const char *start = route_param(c, "start"), *cf = route_param(c, "cf");
    const char *interval = route_param(c, "interval");
    const char *host = route_param(c, "host"), *sr = route_param(c, "sr_uuid");
    struct rrd_update u = {.cf = cf ? rrd_cf_find(cf) : CF_NR,
                           .interval = interval ? atoll(interval) : 0,
                           .json = wants_json(c)};
    struct measured *m;
    int nr = 0;

    if (!start)
        return route_page(c, 400, "The parameter start is missing");
    u.start = atoll(start);
    m = arena_alloc(c->request.arena,
                    sizeof(*m) * (db_get(here(c), "resident_VMs")->nr + 2));
    if (host && strcmp(host, "true") == 0)
        rrd_measured(c->request.ts, c->request.arena, here(c), &m[nr++]);
    add_machines(c, route_param(c, "vm_uuid"), m, &nr);
    if (sr)
        add_repositories(c, sr, m, &nr);
    return answer_update(c, m, nr, &u);
}

/* --- Archives ------------------------------------------------------------- */

static bool is_rrd(const struct buf *body)
{
    xmlDoc *doc;
    xmlNode *root;
    bool right;

    if (!body->len)
        return false;
    doc = xmlReadMemory(body->data, (int)body->len, "rrd.xml", NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR |
                            XML_PARSE_NOWARNING);
    root = doc ? xmlDocGetRootElement(doc) : NULL;
    right = root && strcmp((const char *)root->name, "rrd") == 0;
    if (doc)
        xmlFreeDoc(doc);
    return right;
}

static int archive(struct route_call *c)
{
    if (!is_rrd(&c->body))
        return route_page(c, 400, "That is no RRD");
    transfer_archive(c->request.ts, route_param(c, "uuid"), c->body.data,
                     c->body.len);
    return route_answer(c, 200, "text/html", "", 0);
}

int http_put_rrd(struct route_call *c)
{
    const char *uuid = route_param(c, "uuid");

    if (!uuid)
        return route_page(c, 400, "The parameter uuid is missing");
    if (db_find_uuid(c->request.db, "host", uuid) && !route_param(c, "archive"))
        return route_page(c, 400, "An RRD of a host can only be archived");
    if (!db_find_uuid(c->request.db, "VM", uuid) &&
        !db_find_uuid(c->request.db, "host", uuid))
        return route_page(c, 404, "No such machine");
    return route_collect(c, UPLOAD_BYTES_MAX, archive);
}

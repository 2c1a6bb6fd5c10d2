/*
 * Consoles over HTTP: CONNECT, or GET that becomes a WebSocket, to the stream
 * of a console; pictures of screens.
 *
 * ref= names a console or a machine, uuid= either one's uuid; a machine stands
 * for its first console. Those of control domains are for pool administrators.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "console_driver.h"
#include "raw.h"
#include "routes.h"
#include "session.h"
#include "websocket.h"

enum {
    STATUS_MAX = 512,
};

/* A connection to a console. */
struct link {
    struct raw *raw;  /* NULL: not taken over yet */
    struct buf early; /* what the far side said before */
    struct toolstack *ts;
    struct console_stream *stream;
    struct websocket *websocket; /* NULL: CONNECT */
    char vm[UUID_BYTES];
    struct link *next;
};

struct console_links {
    struct link *first;
};

/* --- Finding the console --------------------------------------------------- */

static struct object *find(struct route_call *c)
{
    static const char *const classes[] = {"console", "VM"};
    const char *ref = route_param(c, "ref"), *uuid = route_param(c, "uuid");
    struct db *db = c->request.db;
    struct object *o = NULL;

    for (size_t i = 0; !o && i < sizeof(classes) / sizeof(char *); i++) {
        o = ref ? db_find(db, classes[i], ref) : NULL;
        if (!o && uuid)
            o = db_find_uuid(db, classes[i], uuid);
    }
    if (o && strcmp(o->class->name, "VM") == 0) {
        const struct value *set = db_get(o, "consoles");

        o = set->nr ? db_find_any(db, set->items[0].s) : NULL;
    }
    return o;
}

static bool is_elsewhere(const struct route_call *c, const struct object *host)
{
    return host && *c->at->host && strcmp(db_text(host, "uuid"), c->at->host);
}

static bool is_busy(const struct route_call *c, const char *vm)
{
    const struct console_links *links = c->request.ts->console_links;

    if (!db_bool(toolstack_pool(c->request.ts), "limit_console_sessions"))
        return false;
    for (struct link *l = links ? links->first : NULL; l; l = l->next)
        if (strcmp(l->vm, vm) == 0)
            return true;
    return false;
}

/* The machine whose console it is; NULL: *rc is the handler's answer. */
static struct object *admit(struct route_call *c, const struct object *console,
                            const char *action, int *rc)
{
    struct request *r = &c->request;
    struct object *vm = console ? db_ref(r->db, console, "VM") : NULL, *host;

    *rc = 0;
    if (!vm) {
        *rc = route_page(c, 404, "No such console");
        return NULL;
    }
    host = db_ref(r->db, vm, "resident_on");
    if (is_elsewhere(c, host)) {
        *rc = route_redirect(c, db_text(host, "address"));
        return NULL;
    }
    if (db_bool(vm, "is_control_domain") && r->session &&
        !session_may(r, action)) {
        c->status = 403;
        *rc = request_fail(r, "RBAC_PERMISSION_DENIED", action,
                           "No permission in user session.", NULL);
        return NULL;
    }
    return vm;
}

/* --- The stream ------------------------------------------------------------- */

static void output(void *to, const void *data, size_t len)
{
    struct link *l = to;
    struct buf frame = {0};

    if (!l->raw) {
        buf_add(&l->early, data, len);
        return;
    }
    if (!l->websocket) {
        raw_write(l->raw, data, len);
        return;
    }
    websocket_put(&frame, data, len);
    raw_write(l->raw, frame.data, frame.len);
    buf_fini(&frame);
}

static void hang_up(void *to)
{
    struct link *l = to;

    if (l->raw)
        raw_close(l->raw);
}

static int64_t received(struct raw *raw, void *state, const char *data,
                        size_t len)
{
    const struct console_driver *d = raw_toolstack(raw)->consoles;
    struct link *l = state;
    struct buf in = {0}, out = {0};
    int rc;

    if (!l->websocket) {
        d->input(l->stream, data, len);
        return (int64_t)len;
    }
    rc = websocket_take(l->websocket, data, len, &in, &out);
    raw_write(raw, out.data, out.len);
    if (in.len)
        d->input(l->stream, in.data, in.len);
    buf_fini(&in);
    buf_fini(&out);
    if (l->websocket->closed)
        raw_close(raw);
    return rc ? API_FAILED : (int64_t)len;
}

static void drained(struct raw *raw, void *state)
{
    struct link *l = state;

    raw_toolstack(raw)->consoles->drained(l->stream);
}

static void link_free(struct link *l)
{
    buf_fini(&l->early);
    free(l->websocket);
    free(l);
}

static void closed(struct raw *raw, void *state)
{
    struct link *l = state, **slot = &l->ts->console_links->first;

    raw_toolstack(raw)->consoles->close(l->stream);
    while (*slot != l)
        slot = &(*slot)->next;
    *slot = l->next;
    link_free(l);
}

static const struct raw_ops streaming = {received, drained, closed};

void consoles_fini(struct toolstack *ts)
{
    free(ts->console_links);
    ts->console_links = NULL;
}

static void add_link(struct toolstack *ts, struct link *l)
{
    if (!ts->console_links) {
        ts->console_links = must_alloc(sizeof(*ts->console_links));
        ts->console_links->first = NULL;
    }
    l->next = ts->console_links->first;
    ts->console_links->first = l;
}

/* Takes the connection over, with `head` as the answer. */
static int take_over(struct route_call *c, const struct object *console,
                     const struct object *vm, const char *head, bool websocket)
{
    struct toolstack *ts = c->request.ts;
    struct link *l = must_alloc(sizeof(*l));
    struct console_end end = {output, hang_up, l};

    *l = (struct link){.ts = ts};
    memcpy(l->vm, db_text(vm, "uuid"), sizeof(l->vm));
    if (websocket) {
        l->websocket = must_alloc(sizeof(*l->websocket));
        *l->websocket = (struct websocket){0};
    }
    if (ts->consoles->open(ts->consoles->ctx, ts, l->vm,
                           db_text(console, "protocol"), &end, &l->stream)) {
        link_free(l);
        return route_page(c, 404, "The console cannot be reached");
    }
    (void)route_raw(c, &streaming, l, &l->raw); /* always works */
    add_link(ts, l);
    raw_write(l->raw, head, strlen(head));
    output(l, l->early.data, l->early.len);
    return 0;
}

static bool can_open(struct route_call *c, const struct object *vm, int *rc)
{
    *rc = 0;
    if (is_busy(c, db_text(vm, "uuid")))
        *rc = route_page(c, 503, "Somebody looks at this console");
    else if (!c->request.ts->consoles)
        *rc = route_page(c, 404, "No console can be reached");
    else
        return true;
    return false;
}

int console_connect(struct route_call *c)
{
    struct object *console = find(c), *vm;
    int rc;

    vm = admit(c, console, "http/connect_console/host_console", &rc);
    if (!vm || !can_open(c, vm, &rc))
        return rc;
    return take_over(c, console, vm,
                     "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
                     "Cache-Control: no-cache, no-store\r\n\r\n",
                     false);
}

/* The answer to an upgrade; NULL: it is none. */
static const char *upgrade(struct route_call *c)
{
    const char *key = route_header_of(c, "sec-websocket-key");
    const char *wanted = route_header_of(c, "upgrade");
    const char *protocols = route_header_of(c, "sec-websocket-protocol");
    const char *accept;

    if (!key || !wanted || strcasecmp(wanted, "websocket") != 0)
        return NULL;
    accept = websocket_accept(c->request.arena, key);
    return accept ? arena_printf(c->request.arena,
                                 "HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: %s\r\n%s\r\n",
                                 accept,
                                 protocols && strstr(protocols, "binary")
                                     ? "Sec-WebSocket-Protocol: binary\r\n"
                                     : "")
                  : NULL;
}

int console_websocket(struct route_call *c)
{
    struct object *console = find(c), *vm;
    const char *head;
    int rc;

    vm = admit(c, console, "http/connect_console_ws/host_console_ws", &rc);
    if (!vm || !can_open(c, vm, &rc))
        return rc;
    head = upgrade(c);
    if (!head)
        return route_page(c, 400, "Not a WebSocket");
    return take_over(c, console, vm, head, true);
}

int console_picture(struct route_call *c)
{
    struct object *console = find(c), *vm;
    const struct console_driver *d = c->request.ts->consoles;
    struct buf picture = {0};
    int rc;

    vm = admit(c, console, "http/get_vncsnapshot/host_console", &rc);
    if (!vm)
        return rc;
    if (!d || d->picture(d->ctx, c->request.ts, db_text(vm, "uuid"), &picture))
        return route_page(c, 404, "No screen can be seen");
    return route_answer_buf(c, 200, "image/png", &picture);
}

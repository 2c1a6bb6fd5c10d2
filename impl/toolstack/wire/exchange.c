/* Requests: heads to handlers, bodies to whoever takes them. */
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "url.h"

/* --- Making and ending --------------------------------------------------- */

static struct exchange *exchange_create(struct conn *c)
{
    struct http_server *s = c->door->server;
    struct exchange *x = s->spare;
    struct arena arena;

    if (x) {
        s->spare = x->next;
        s->spare_nr--;
    } else {
        x = must_alloc(sizeof(*x));
        arena_init(&x->arena);
    }
    arena = x->arena;
    memset(x, 0, offsetof(struct exchange, head));
    memset(&x->chunks, 0, sizeof(*x) - offsetof(struct exchange, chunks));
    x->arena = arena;
    x->conn = c;
    x->call.exchange = x;
    x->call.at = c->door->endpoint;
    x->call.request.ts = c->door->endpoint->ts;
    x->call.request.db = &c->door->endpoint->ts->db;
    x->call.request.arena = &x->arena;
    x->call.request.caller = &x->caller;
    x->call.request.result = value_void();
    c->exchange = x;
    return x;
}

static void exchange_free(struct http_server *s, struct exchange *x)
{
    bool ok = x->ended && !x->failed;

    s->stirred |= x->stream || *x->task || x->logged_in;
    if (x->parked)
        rpc_drop(x);
    route_refresh(x);
    if (x->stream && x->stream->done)
        x->stream->done(&x->call, ok);
    route_over(x, ok);
    s->collected -= x->counted;
    buf_fini(&x->call.body);
    buf_fini(&x->headers);
    if (s->spare_nr < SPARE_EXCHANGES) {
        arena_reset(&x->arena);
        x->next = s->spare;
        s->spare = x;
        s->spare_nr++;
        return;
    }
    arena_fini(&x->arena);
    free(x);
}

void exchange_lost(struct exchange *x)
{
    struct http_server *s = x->conn->door->server;

    x->conn->exchange = NULL;
    x->failed |= !x->ended || !x->body_over;
    exchange_free(s, x);
}

void exchanges_fini(struct http_server *s)
{
    while (s->spare) {
        struct exchange *x = s->spare;

        s->spare = x->next;
        arena_fini(&x->arena);
        free(x);
    }
}

/* --- The body -------------------------------------------------------------- */

static void fail_unless(struct exchange *x, int rc)
{
    if (rc && !x->ended)
        (void)answer_failure(x); /* the connection ends if it cannot */
}

static void body_is_over(struct exchange *x)
{
    x->body_over = true;
    if (x->ended || x->left)
        return;
    route_refresh(x);
    if (x->collected)
        fail_unless(x, x->collected(&x->call));
    else if (x->stream && x->stream->taken)
        fail_unless(x, x->stream->taken(&x->call));
}

/* Memory for bodies is bounded for each, and for all together. */
static void collect(struct exchange *x, const char *data, size_t len)
{
    struct http_server *s = x->conn->door->server;
    struct buf *body = &x->call.body;

    if (len > x->collect_max - body->len) {
        (void)route_page(&x->call, 413, "Body too large");
    } else if (len > COLLECTED_BYTES_MAX - s->collected) {
        (void)route_page(&x->call, 503, "Too many bodies at once");
    } else {
        buf_add(body, data, len);
        x->counted += len;
        s->collected += len;
    }
}

/* Content of the body. Returns how many bytes were used. */
static size_t deliver(struct exchange *x, const char *data, size_t len)
{
    int64_t n;

    if (x->ended || x->left)
        return x->left ? 0 : len;
    if (x->held_in)
        return 0;
    if (x->collected) {
        collect(x, data, len);
        return len;
    }
    if (!x->stream || !x->stream->take)
        return x->stream || x->begun ? len : 0;
    route_refresh(x);
    n = x->stream->take(&x->call, data, len);
    if (n < 0) {
        fail_unless(x, API_FAILED);
        return len;
    }
    x->held_in |= (size_t)n < len;
    return (size_t)n;
}

static size_t chunked_body(struct exchange *x, const char *data, size_t len)
{
    size_t used, run_len, n;
    const char *run;

    if (x->held_in)
        return 0;
    if (http_chunks_next(&x->chunks, data, len, &used, &run, &run_len)) {
        if (!x->ended)
            (void)route_page(&x->call, 400, "Bad chunk");
        x->conn->closing = true;
        return len;
    }
    n = run_len ? deliver(x, run, run_len) : 0;
    http_chunks_undo(&x->chunks, run_len - n);
    used -= run_len - n;
    if (x->chunks.done)
        body_is_over(x);
    return used;
}

/* A body that is here as a whole is not copied. */
static bool whole_body(struct exchange *x, const char *data, size_t len)
{
    if (!x->collected || x->call.body.len || x->ended ||
        (uint64_t)x->body_left > len || (uint64_t)x->body_left > x->collect_max)
        return false;
    x->call.body =
        (struct buf){.data = (char *)data, .len = (size_t)x->body_left};
    body_is_over(x);
    x->call.body = (struct buf){0};
    return true;
}

size_t exchange_body(struct exchange *x, const char *data, size_t len)
{
    size_t used;

    if (x->body_over)
        return 0;
    conn_wait(x->conn, x->held_in ? WAITS_FOR_US : WAITS_FOR_PEER);
    conn_touch(x->conn);
    if (x->call.length == HTTP_LENGTH_CHUNKED)
        return chunked_body(x, data, len);
    if (len > (uint64_t)x->body_left)
        len = (size_t)x->body_left;
    if (whole_body(x, data, len))
        return len;
    used = deliver(x, data, len);
    x->body_left -= (int64_t)used;
    if (!x->body_left)
        body_is_over(x);
    return used;
}

/* --- The head --------------------------------------------------------------- */

static int refuse(struct exchange *x, unsigned status, const char *text)
{
    x->head.keep_alive = false;
    x->body_over = true;
    return route_page(&x->call, status, text);
}

static int split_target(struct exchange *x)
{
    struct route_call *call = &x->call;
    const char *target = x->head.target, *query = strchr(target, '?');
    const char *cookies = http_header_find(&x->head, "cookie");
    char *path = arena_strndup(
        &x->arena, target, query ? (size_t)(query - target) : strlen(target));

    if (url_decode(path, false))
        return -EINVAL;
    call->path = path;
    if (query && url_query(&x->arena, query + 1, &x->query))
        return -EINVAL;
    if (cookies && url_cookies(&x->arena, cookies, &x->cookies))
        return -EINVAL;
    return 0;
}

/* Finds the handler and lets it begin. */
static void route(struct exchange *x)
{
    struct route_call *call = &x->call;

    x->no_body = strcmp(call->method, "HEAD") == 0;
    if (x->no_body)
        call->method = "GET";
    x->route = route_find(call->request.ts, call->method, call->path);
    if (!x->route) {
        (void)route_page(call, 403, "Forbidden");
        return;
    }
    call->rest = call->path + strlen(x->route->path);
    if (x->route->action && route_admit(x))
        return;
    fail_unless(x, x->route->fn(call));
    if (x->head.expect_continue && !x->ended && !x->begun && !x->left)
        answer_continue(x);
}

static void begin(struct exchange *x, char *text, size_t len)
{
    struct conn *c = x->conn;
    int status = http_head_parse(text, len, &x->head);

    if (status) {
        (void)refuse(x, (unsigned)status, "Bad request");
        return;
    }
    x->call.method = x->head.method;
    x->call.length = x->body_left = x->head.length;
    x->epoch = c->door->endpoint->epoch;
    x->caller.local = c->door->local;
    x->caller.user_agent = http_header_find(&x->head, "user-agent");
    x->caller.address = c->peer_text;
    if (split_target(x)) {
        (void)refuse(x, 400, "Bad request");
        return;
    }
    route(x);
    if (x->call.length == 0)
        body_is_over(x);
}

size_t exchange_head(struct conn *c, const char *data, size_t len)
{
    size_t head =
        http_head_len(data, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
    struct exchange *x;

    if (!head && len < HTTP_HEAD_MAX) {
        conn_wait(c, WAITS_FOR_HEAD);
        return 0;
    }
    if (c->door->endpoint->down && !c->door->endpoint->lingering) {
        conn_abort(c);
        return len;
    }
    x = exchange_create(c);
    conn_wait(c, WAITS_FOR_US);
    conn_touch(c);
    if (!head) {
        (void)refuse(x, 431, "Head too large");
        return len;
    }
    begin(x, arena_strndup(&x->arena, data, head), head);
    return head;
}

/* --- The answer goes on ------------------------------------------------------ */

/* Lets `give` fill the output, once what is there has been sent. */
static void give(struct exchange *x)
{
    struct conn *c = x->conn;
    size_t before, room = GIVE_BYTES;
    int rc;

    if (!x->begun || x->ended || x->held_out || c->out_at < c->out.len)
        return;
    if (!x->stream || !x->stream->give || x->no_body) {
        x->ended =
            x->body_over || (!x->collected && (!x->stream || !x->stream->take));
        return;
    }
    if (x->answer_left >= 0 && (uint64_t)x->answer_left < room)
        room = (size_t)x->answer_left;
    before = c->out.len;
    c->door->server->stirred = true;
    route_refresh(x);
    rc = x->stream->give(&x->call, &c->out, room);
    if (x->answer_left >= 0)
        x->answer_left -= (int64_t)(c->out.len - before);
    if (rc < 0 || (rc == 0 && x->answer_left > 0) ||
        x->answer_left < ROUTE_LENGTH_UNKNOWN) {
        x->failed = true;
        conn_abort(c);
        return;
    }
    x->ended = rc == 0;
    x->held_out = rc > 0 && c->out.len == before;
    conn_wait(c, x->held_out ? WAITS_FOR_US : WAITS_FOR_PEER);
    if (!x->held_out)
        conn_touch(c);
}

/* Nothing more of it is awaited: the connection can have its next request. */
static bool is_over(const struct exchange *x)
{
    if (!x->ended)
        return false;
    return x->body_over || x->left || x->conn->closing ||
           x->call.length == HTTP_LENGTH_CHUNKED ||
           x->body_left > DRAIN_BYTES_MAX;
}

void exchange_go_on(struct conn *c)
{
    struct exchange *x = c->exchange;

    give(x);
    if (c->aborted || !is_over(x))
        return;
    if (!x->left && (!x->body_over || !x->head.keep_alive))
        c->closing = true;
    c->exchange = NULL;
    exchange_free(c->door->server, x);
    if (c->raw || c->thread)
        return;
    if (c->out_at == c->out.len)
        conn_wait(c, WAITS_FOR_REQUEST);
    if (c->in.len)
        conn_touch(c);
}

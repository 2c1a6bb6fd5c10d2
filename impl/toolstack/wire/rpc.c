/* Calls over HTTP: POST of an envelope, and waiting for what comes later. */
#include <string.h>

#include "routes.h"
#include "server.h"
#include "timer.h"
#include "wait.h"
#include "wire_rpc.h"

enum {
    BODY_BYTES_MAX = 8 << 20, /* a value takes many times its text */
    VAIN_MS = 60 * 1000,
};

static int send_answer(struct exchange *x, const struct rpc *rpc)
{
    struct buf *body;

    if (rpc->answer.malformed)
        return route_page(&x->call, 500, "HTTP 500 internal server error");
    body = answer_begin(x);
    rpc_write(body, &x->arena, rpc);
    return answer_end(x, 200, rpc_content_type(rpc), body);
}

static void unpark(struct exchange *x)
{
    lounge_leave(x);
    x->parked = false;
    (void)timer_cancel(x->call.request.ts, x->timer); /* it may have run */
    x->timer = 0;
}

static void time_is_up(struct toolstack *ts, void *arg)
{
    struct exchange *x = arg;

    (void)ts;
    x->timer = 0;
    if (x->lounge && x->epoch == x->call.at->epoch)
        lounge_call(x);
}

static int park(struct exchange *x, struct rpc *rpc)
{
    struct toolstack *ts = x->call.request.ts;
    int64_t deadline = answer_deadline_ms(&rpc->answer);

    x->rpc = rpc;
    x->parked = true;
    lounge_enter(x);
    if (deadline != INT64_MAX)
        x->timer = timer_after(ts, deadline - ts->env.now_ms(ts->env.ctx),
                               time_is_up, x);
    conn_wait(x->conn, WAITS_FOR_US);
    return 0;
}

void rpc_drop(struct exchange *x)
{
    struct request *r = x->rpc->answer.request;

    unpark(x);
    if (r->wait && r->wait->cancel)
        r->wait->cancel(r);
}

bool rpc_is_vain(const struct exchange *x)
{
    const struct environment *env = &x->call.request.ts->env;
    int64_t now = env->now_ms(env->ctx);

    return x->parked && answer_deadline_ms(&x->rpc->answer) - now > VAIN_MS;
}

static int begin(struct route_call *c, bool json)
{
    struct exchange *x = c->exchange;
    struct rpc *rpc = arena_alloc(&x->arena, sizeof(*rpc));

    rpc_call(c->at, &x->caller, &x->arena, json, c->body.data, c->body.len,
             rpc);
    return rpc->answer.waiting ? park(x, rpc) : send_answer(x, rpc);
}

static int begin_xml(struct route_call *c)
{
    return begin(c, false);
}

static int begin_json(struct route_call *c)
{
    return begin(c, true);
}

int rpc_post_xml(struct route_call *c)
{
    return route_collect(c, BODY_BYTES_MAX, begin_xml);
}

int rpc_post_json(struct route_call *c)
{
    return route_collect(c, BODY_BYTES_MAX, begin_json);
}

int rpc_options(struct route_call *c)
{
    route_header(c, "Access-Control-Allow-Methods", "PUT");
    return route_answer(c, 200, "text/html", "", 0);
}

static uint64_t generations(const struct http_server *s)
{
    uint64_t sum = 0;

    for (const struct toolstack *ts = s->pools; ts; ts = ts->next)
        sum += ts->db.generation;
    return sum;
}

/* Lets a call go on, which may then wait again. */
static void go_on(struct exchange *x, uint64_t committed)
{
    struct conn *c = x->conn;
    struct rpc *rpc = x->rpc;

    unpark(x);
    answer_again(&rpc->answer);
    if (rpc->answer.waiting)
        (void)park(x, rpc); /* always works */
    else
        (void)send_answer(x, rpc);
    if (!rpc->answer.waiting && generations(c->door->server) == committed)
        conn_settle(c);
}

/*
 * Everybody who can be answered now. Everything is committed: an answer that
 * changes nothing itself leaves at once, while what it was made from is near.
 */
void rpc_wake(struct http_server *s)
{
    uint64_t committed = generations(s);

    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        waits_look(ts);
    lounges_look(s);
    while (s->due)
        go_on(s->due, committed);
}

bool rpc_all_wait(const struct http_server *s)
{
    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        for (struct object *o = db_first(&ts->db, "session"); o; o = o->next)
            if (!lounges_have(s, o->ref))
                return false;
    return s->lounges != NULL;
}

void rpc_stop(struct http_server *s)
{
    for (struct exchange *x; (x = lounges_first(s));) {
        unpark(x);
        x->head.keep_alive = false;
        (void)route_page(&x->call, 503, "The server stops");
    }
}

/* Connections that were taken over by events. */
#include <stdlib.h>

#include "server.h"

struct raw {
    struct conn *conn; /* NULL: lost, while a callback runs */
    struct toolstack *ts;
    const struct raw_ops *ops;
    void *state;
    bool held, closing, drained;
};

int route_raw(struct route_call *c, const struct raw_ops *ops, void *state,
              struct raw **out)
{
    struct exchange *x = c->exchange;
    struct raw *raw = must_alloc(sizeof(*raw));

    *raw = (struct raw){.conn = x->conn,
                        .ts = c->request.ts,
                        .ops = ops,
                        .state = state,
                        .drained = true};
    x->conn->raw = raw;
    x->left = x->ended = true;
    conn_wait(x->conn, WAITS_FOR_US);
    conn_touch(x->conn);
    *out = raw;
    return 0;
}

void raw_begin(struct conn *c)
{
    const struct raw_service *service = c->door->raw;
    struct raw *raw = must_alloc(sizeof(*raw));

    *raw = (struct raw){.conn = c,
                        .ts = c->door->endpoint->ts,
                        .ops = &service->ops,
                        .drained = true};
    c->raw = raw;
    conn_wait(c, WAITS_FOR_US);
    raw->state = service->begin(raw, c->door->endpoint);
    conn_touch(c);
}

size_t raw_input(struct conn *c, const char *data, size_t len)
{
    struct raw *raw = c->raw;
    int64_t n;

    if (raw->held || raw->closing)
        return raw->closing ? len : 0;
    conn_touch(c);
    n = raw->ops->received(raw, raw->state, data, len);
    if (n < 0) {
        raw->closing = true;
        return len;
    }
    return (size_t)n;
}

void raw_write(struct raw *raw, const void *data, size_t len)
{
    if (!raw->conn || raw->closing)
        return;
    buf_add(&raw->conn->out, data, len);
    raw->drained = false;
    conn_touch(raw->conn);
}

size_t raw_pending(const struct raw *raw)
{
    return raw->conn ? raw->conn->out.len - raw->conn->out_at : 0;
}

void raw_resume(struct raw *raw)
{
    raw->held = false;
    if (raw->conn)
        conn_touch(raw->conn);
}

void raw_close(struct raw *raw)
{
    raw->closing = true;
    if (raw->conn)
        conn_touch(raw->conn);
}

struct toolstack *raw_toolstack(const struct raw *raw)
{
    return raw->ts;
}

static void end(struct raw *raw)
{
    raw->conn->door->server->stirred = true;
    raw->conn = NULL;
    raw->ops->closed(raw, raw->state);
    free(raw);
}

void raw_lost(struct conn *c)
{
    struct raw *raw = c->raw;

    c->raw = NULL;
    end(raw);
}

/* After output went out: says so, or ends. */
void raw_go_on(struct conn *c)
{
    struct raw *raw = c->raw;

    if (c->out_at < c->out.len)
        return;
    if (raw->closing || (c->eof && !c->in.len)) {
        c->raw = NULL;
        c->closing = true;
        end(raw);
        conn_touch(c);
        return;
    }
    if (raw->drained)
        return;
    raw->drained = true;
    c->door->server->stirred = true;
    if (raw->ops->drained)
        raw->ops->drained(raw, raw->state);
}

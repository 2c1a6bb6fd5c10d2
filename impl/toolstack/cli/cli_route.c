/* POST /cli: the connection goes to a thread that speaks the thin CLI. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "raw.h"
#include "routes.h"

/* What a thread needs of the request that started it. */
struct line {
    struct endpoint at;
    struct caller caller;
    struct buf body;
};

static int read_all(void *ctx, void *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = raw_read(ctx, (char *)data + at, len - at);

        if (got <= 0)
            return got ? (int)got : -ECONNRESET;
        at += (size_t)got;
    }
    return 0;
}

static int write_all(void *ctx, const void *data, size_t len)
{
    return raw_send(ctx, data, len);
}

static void lock(void *ctx)
{
    raw_lock(ctx);
}

static void unlock(void *ctx)
{
    raw_unlock(ctx);
}

static int wait_for_change(void *ctx, int64_t ms)
{
    raw_wait(ctx, ms);
    return raw_stopping(ctx) ? -ESHUTDOWN : 0;
}

static void serve(struct raw_thread *t, void *state)
{
    struct line *line = state;
    const struct cli_io io = {.read = read_all,
                              .write = write_all,
                              .lock = lock,
                              .unlock = unlock,
                              .wait = wait_for_change,
                              .ctx = t};

    line->caller.address = raw_peer(t);
    line->caller.local = raw_is_local(t);
    /* When the client is gone there is nobody to tell. */
    (void)cli_serve(&line->at, &line->caller, &io,
                    line->body.data ? line->body.data : "", line->body.len);
    buf_fini(&line->body);
    free(line);
}

static int start(struct route_call *c)
{
    struct line *line = must_alloc(sizeof(*line));

    *line = (struct line){.at = *c->at};
    buf_add(&line->body, c->body.data, c->body.len); /* it is borrowed */
    if (route_thread(c, serve, line)) {
        buf_fini(&line->body);
        free(line);
        return route_page(c, 503, "Too many commands at a time");
    }
    return 0;
}

int cli_route(struct route_call *c)
{
    return route_collect(c, CLI_BODY_MAX, start);
}

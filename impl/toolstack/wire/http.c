/*
 * HTTP by libmicrohttpd: a door for each address, which runs its handlers on
 * one thread of its own, under one lock; calls that wait for an event are
 * suspended and looked at again after each request and when their time is up.
 */
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wait.h"
#include "wire_rpc.h"

enum {
    BODY_BYTES_MAX = 64 << 20,
    CONNECTIONS_MAX = 8192,
    IDLE_SECONDS = 600,
    LONGEST_NAP_MS = 1000,
    EXPIRE_MS = 60 * 1000,
};

/* One address that is listened at. All [I]. */
struct door {
    struct http_server *server;
    struct endpoint *endpoint;
    struct MHD_Daemon *daemon;
    struct door *next;
};

/* One HTTP request. [s]: the server's lock. */
struct exchange {
    struct http_server *server;
    struct endpoint *endpoint;
    uint32_t epoch; /* [s] of the endpoint when the call came */
    struct MHD_Connection *connection;
    struct buf body;
    struct arena arena;
    struct rpc rpc; /* [s] */
    bool too_big, started;
    bool parked; /* [s] in the list below */
    struct exchange *next, *previous;
};

struct http_server {
    struct toolstack *pools; /* [s] the first; the others follow */
    struct door *doors;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a call was parked */
    struct exchange *parked;
    bool stopping; /* [s] nobody is parked any more */
};

static enum MHD_Result send_buffer(struct MHD_Connection *c, unsigned status,
                                   const char *type, struct buf *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->len, body->data, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result rc;

    *body = (struct buf){0};
    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, "content-type", type);
    (void)MHD_add_response_header(response, "cache-control",
                                  "no-cache, no-store");
    (void)MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
    (void)MHD_add_response_header(response, "Access-Control-Allow-Headers",
                                  "X-Requested-With");
    (void)MHD_add_response_header(response, "Access-Control-Allow-Methods",
                                  "PUT"); /* these fail only without memory */
    rc = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result send_page(struct MHD_Connection *c, unsigned status,
                                 const char *text)
{
    struct buf page = {0};

    buf_printf(&page, "<html><body><h1>%s</h1></body></html>", text);
    return send_buffer(c, status, "text/html", &page);
}

static void park(struct exchange *e)
{
    struct http_server *s = e->server;

    e->parked = true;
    e->previous = NULL;
    e->next = s->parked;
    if (s->parked)
        s->parked->previous = e;
    s->parked = e;
    (void)MHD_suspend_connection(e->connection);
    pthread_cond_signal(&s->changed);
}

static void unpark(struct exchange *e)
{
    *(e->previous ? &e->previous->next : &e->server->parked) = e->next;
    if (e->next)
        e->next->previous = e->previous;
    e->parked = false;
}

static int64_t step_all(struct http_server *s)
{
    int64_t earliest = INT64_MAX;

    for (struct toolstack *ts = s->pools; ts; ts = ts->next) {
        int64_t next = toolstack_step(ts);

        if (next < earliest)
            earliest = next;
    }
    return earliest;
}

/* Resumes whoever can be answered now; when the next one must be. */
static int64_t wake_parked(struct http_server *s)
{
    int64_t earliest = step_all(s);

    for (struct exchange *e = s->parked, *next; e; e = next) {
        next = e->next;
        if (e->epoch != e->endpoint->epoch ||
            wait_ready(e->rpc.answer.request)) {
            unpark(e);
            MHD_resume_connection(e->connection);
        } else if (answer_deadline_ms(&e->rpc.answer) < earliest) {
            earliest = answer_deadline_ms(&e->rpc.answer);
        }
    }
    return earliest;
}

static void commit_all(struct http_server *s)
{
    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        toolstack_commit(ts);
}

static enum MHD_Result answer_rpc(struct exchange *e, bool json)
{
    struct buf out = {0};
    bool parked, lost;

    pthread_mutex_lock(&e->server->lock);
    if (!e->started)
        e->epoch = e->endpoint->epoch;
    lost = e->endpoint->down || e->epoch != e->endpoint->epoch;
    if (!lost && e->started)
        answer_again(&e->rpc.answer);
    else if (!lost)
        rpc_call(e->endpoint, &e->arena, json, e->body.data, e->body.len,
                 &e->rpc);
    e->started = true;
    commit_all(e->server);
    if (lost)
        ;
    else if (e->rpc.answer.waiting && !e->server->stopping)
        park(e);
    else if (!e->rpc.answer.waiting && !e->rpc.answer.malformed)
        rpc_write(&out, &e->arena, &e->rpc);
    parked = e->parked;
    (void)wake_parked(e->server); /* the timer finds the next one itself */
    pthread_mutex_unlock(&e->server->lock);
    if (lost) /* the host went away with the call */
        return MHD_NO;
    if (parked)
        return MHD_YES;
    if (e->rpc.answer.waiting)
        return send_page(e->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                         "The server stops");
    if (e->rpc.answer.malformed)
        return send_page(e->connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
                         "HTTP 500 internal server error");
    return send_buffer(e->connection, MHD_HTTP_OK, rpc_content_type(&e->rpc),
                       &out);
}

static enum MHD_Result answer_other(struct MHD_Connection *c, const char *url,
                                    const char *method)
{
    if (strcmp(method, "OPTIONS") == 0)
        return send_page(c, MHD_HTTP_OK, "");
    if (strcmp(method, "GET") != 0)
        return send_page(c, MHD_HTTP_FORBIDDEN, "Forbidden");
    if (strcmp(url, "/") == 0)
        return send_page(c, MHD_HTTP_OK, "Touchstone");
    return send_page(c, MHD_HTTP_NOT_FOUND, "Not found");
}

static enum MHD_Result take_request(void *ctx, struct MHD_Connection *c,
                                    const char *url, const char *method,
                                    const char *version, const char *data,
                                    size_t *size, void **state)
{
    const struct door *door = ctx;
    struct exchange *e = *state;

    (void)version;
    if (!e) {
        e = must_alloc(sizeof(*e));
        memset(e, 0, sizeof(*e));
        e->server = door->server;
        e->endpoint = door->endpoint;
        e->connection = c;
        arena_init(&e->arena);
        *state = e;
        return MHD_YES;
    }
    if (*size) {
        e->too_big |= *size > BODY_BYTES_MAX - e->body.len;
        if (!e->too_big)
            buf_add(&e->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (e->too_big)
        return send_page(c, MHD_HTTP_CONTENT_TOO_LARGE, "Body too large");
    if (strcmp(method, "POST") != 0)
        return answer_other(c, url, method);
    return answer_rpc(e, strcmp(url, "/jsonrpc") == 0);
}

static void request_done(void *ctx, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct http_server *s = ((struct door *)ctx)->server;
    struct exchange *e = *state;

    (void)c;
    (void)why;
    if (!e)
        return;
    pthread_mutex_lock(&s->lock);
    if (e->parked)
        unpark(e);
    pthread_mutex_unlock(&s->lock);
    buf_fini(&e->body);
    arena_fini(&e->arena);
    free(e);
    *state = NULL;
}

struct http_server *http_create(struct toolstack *pools)
{
    struct http_server *s = must_alloc(sizeof(*s));

    *s = (struct http_server){.pools = pools};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    return s;
}

/* A host that is down takes no connection. */
static enum MHD_Result accept_cb(void *ctx, const struct sockaddr *from,
                                 socklen_t len)
{
    const struct door *door = ctx;

    (void)from;
    (void)len;
    return door->endpoint->down ? MHD_NO : MHD_YES;
}

int http_open(struct http_server *s, struct endpoint *endpoint,
              const char *address, uint16_t port)
{
    struct door *door = must_alloc(sizeof(*door));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

    *door = (struct door){.server = s, .endpoint = endpoint, .next = s->doors};
    if (inet_pton(AF_INET, address, &at.sin_addr) == 1)
        door->daemon = MHD_start_daemon(
            MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, port,
            accept_cb, door, take_request, door, MHD_OPTION_SOCK_ADDR, &at,
            MHD_OPTION_NOTIFY_COMPLETED, request_done, door,
            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
            MHD_OPTION_END);
    if (!door->daemon) {
        free(door);
        return -EADDRINUSE;
    }
    s->doors = door;
    return 0;
}

uint16_t http_port(const struct http_server *s)
{
    const union MHD_DaemonInfo *info =
        s->doors
            ? MHD_get_daemon_info(s->doors->daemon, MHD_DAEMON_INFO_BIND_PORT)
            : NULL;

    return info ? info->port : 0;
}

static void expire_all(struct http_server *s)
{
    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        toolstack_expire(ts);
}

void http_run(struct http_server *s, const volatile int *stop)
{
    int64_t expired = 0;

    pthread_mutex_lock(&s->lock);
    while (!*stop) {
        int64_t next = wake_parked(s);
        int64_t now = s->pools->env.now_ms(s->pools->env.ctx);
        int64_t nap = next > now + LONGEST_NAP_MS ? LONGEST_NAP_MS : next - now;
        struct timespec until;

        if (now - expired >= EXPIRE_MS) {
            expire_all(s);
            expired = now;
        }
        (void)clock_gettime(CLOCK_REALTIME, &until); /* always there */
        until.tv_nsec += (nap > 0 ? nap : 0) % 1000 * 1000000;
        until.tv_sec += (nap > 0 ? nap : 0) / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
}

void http_stop(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    while (s->parked) {
        struct exchange *e = s->parked;

        unpark(e);
        MHD_resume_connection(e->connection);
    }
    pthread_mutex_unlock(&s->lock);
    while (s->doors) {
        struct door *door = s->doors;

        s->doors = door->next;
        MHD_stop_daemon(door->daemon);
        free(door);
    }
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

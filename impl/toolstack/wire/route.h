/*
 * HTTP handlers beside RPC: who answers which path, and how they stream.
 *
 * A handler is a row of FOLDER/FOLDER_routes.def, or comes by route_add. The
 * longest registered prefix of the path wins, per method. Handlers run on the
 * server's thread under its lock, and never block: bytes come and go through
 * the callbacks of a stream, each call of which does a bounded amount of work.
 *
 * Before a handler with an action runs, the caller is known (session_id in the
 * query or a cookie, pool_secret, HTTP Basic, the unix socket) and may do
 * "http/ACTION". With ROUTE_TASK there is a task: the one that the query or a
 * cookie names as task_id, or a new one, named in the answer's header
 * `task-id`. The task succeeds when the exchange is over, and fails when the
 * handler fails or the connection is lost.
 */
#ifndef WIRE_ROUTE_H
#define WIRE_ROUTE_H

#include "buf.h"
#include "request.h"

#define ROUTE_LENGTH_UNKNOWN INT64_C(-1)

enum {
    ROUTE_TASK = 1 << 0, /* the exchange has a task */
};

struct route_call;
struct exchange;

/* 0, or API_FAILED with request.error set: the task and the call fail. */
typedef int (*route_fn)(struct route_call *c);

struct route {
    const char *method, *path;
    const char *action; /* NULL: anybody may */
    unsigned flags;
    route_fn fn;
};

/* One exchange, until `done` of its stream returns. */
struct route_call {
    struct request request; /* ts, db, arena, session, task, caller */
    const struct endpoint *at;
    const char *method;
    const char *path; /* decoded, without the query */
    const char *rest; /* of the path, after the route's prefix */
    /*
     * Bytes of the body; ROUTE_LENGTH_UNKNOWN: chunked. Clients announce up to
     * 1 PiB and send less.
     */
    int64_t length;
    struct buf body; /* of route_collect */
    unsigned status; /* of a failure; 500 unless set */
    void *state;     /* the handler's */
    struct exchange *exchange;
};

struct route_stream {
    /*
     * Bytes of the body, in order. Returns how many were taken: the rest
     * comes again after route_resume. Negative: API_FAILED.
     */
    int64_t (*take)(struct route_call *c, const char *data, size_t len);
    /* The body is over. An answer follows, now or later. 0 or API_FAILED. */
    int (*taken)(struct route_call *c);
    /*
     * Adds at most about `room` bytes of the answer's body. Returns 1: there is
     * more (nothing added: only after route_resume); 0: that was all;
     * API_FAILED: the connection is cut.
     */
    int (*give)(struct route_call *c, struct buf *out, size_t room);
    /* Always called, once, at the end: frees `state`. !ok: lost or failed. */
    void (*done)(struct route_call *c, bool ok);
};

/* A row at run time; it is borrowed until the server is gone. */
void route_add(struct toolstack *ts, const struct route *r);
void routes_fini(struct toolstack *ts);

/* A parameter of the query, or else a cookie of that name; NULL: none. */
const char *route_param(const struct route_call *c, const char *name);
/* All parameters of the query: a map of strings. */
const struct value *route_query(const struct route_call *c);
/* A header of the request; the name in any case. NULL: none. */
const char *route_header_of(const struct route_call *c, const char *name);

/* A header of the answer; before that begins. */
void route_header(struct route_call *c, const char *name, const char *value);

/* The whole answer. `data` is copied. Always 0. */
int route_answer(struct route_call *c, unsigned status, const char *type,
                 const void *data, size_t len);
/* The same, with the buffer's bytes. Empties it. */
int route_answer_buf(struct route_call *c, unsigned status, const char *type,
                     struct buf *take_body);
/* A short page. Always 0. */
int route_page(struct route_call *c, unsigned status, const char *text);
/* 302 to the same path and query at another host's address. */
int route_redirect(struct route_call *c, const char *address);

/* The task that the query names, for a route without an action: those with one
 * have it. 0, or API_FAILED: no such task. */
int route_adopt_task(struct route_call *c);

/* Collects the body, at most `max` bytes (else 413), then calls `fn`. */
int route_collect(struct route_call *c, size_t max, route_fn fn);

/* Callbacks for the rest of the exchange. Always 0. */
int route_stream(struct route_call *c, const struct route_stream *stream,
                 void *state);
/*
 * Sends status and headers; the body comes from `give`. May be called before
 * the request's body is read. Always 0.
 */
int route_begin(struct route_call *c, unsigned status, const char *type,
                int64_t length);
/* Lets the callbacks run again after one of them held back. */
void route_resume(struct route_call *c);
/* Ends an exchange whose answer is not yet there with a failure. */
void route_fail(struct route_call *c);

#endif

/*
 * The HTTP server's inside: one thread, one epoll set, one lock.
 *
 * A round handles every connection that is ready, wakes calls that wait for
 * events, commits, and only then sends: many changes share one commit, and
 * nothing is acknowledged before it is kept. The lock is free while the thread
 * waits for events; threads of raw connections use it then.
 *
 * conn.c moves bytes, exchange.c understands requests, route.c finds handlers,
 * rpc.c is the handler of calls, raw.c has what is no HTTP.
 */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include <netinet/in.h>
#include <pthread.h>

#include "http.h"
#include "http_head.h"
#include "raw.h"
#include "tls.h"

enum {
    CONNECTIONS_MAX = 8192,
    DESCRIPTORS_OTHER = 128, /* files, doors, libraries */
    RECEIVE_BYTES = 256 << 10,
    OUT_BYTES_MAX = 1 << 20,    /* unsent, before more requests are read */
    STASH_BYTES_MAX = 64 << 10, /* received, and not yet wanted */
    ROUND_BYTES_MAX =
        64 << 20, /* of answers that are made before any is sent */
    HELD_BYTES_MAX = 512 << 20, /* of all connections, unsent or not wanted */
    GIVE_BYTES = 256 << 10,
    HEAD_ROOM = 512,           /* kept free before the body of an answer */
    DRAIN_BYTES_MAX = 1 << 20, /* of a body that nobody wants */
    SPARE_EXCHANGES = 64,
    COLLECTED_BYTES_MAX = 512 << 20, /* bodies of all connections */
};

struct watch {
    int fd;
    void (*ready)(struct watch *w, uint32_t events);
};

struct conn_list {
    struct conn *first, *last;
    int64_t timeout_ms;
};

enum conn_patience {
    WAITS_FOR_HEAD, /* the first byte of a request has come */
    WAITS_FOR_REQUEST,
    WAITS_FOR_PEER, /* to send or take more of an exchange */
    WAITS_FOR_CLOSE,
    WAITS_FOR_US, /* no time limit */
    CONN_PATIENCES,
};

/* One address that is listened at. All [I]. */
struct door {
    struct watch watch;
    struct http_server *server;
    struct endpoint *endpoint;
    const struct tls_context *tls; /* NULL: plain */
    const struct raw_service *raw; /* NULL: HTTP */
    bool local;                    /* a unix socket */
    uint16_t port;
    struct door *next;
};

/* A connection. Used by the server's thread only. */
struct conn {
    struct watch watch;
    struct door *door;
    struct tls *tls;
    uint32_t interest; /* what epoll reports */
    bool handshaking, eof, dead, dirty;
    bool closing; /* once everything is sent */
    bool lingering, aborted;
    struct buf in;  /* received, and not yet wanted */
    struct buf out; /* not yet sent */
    size_t out_at;  /* where that begins */
    size_t held;    /* its part of server.held */
    struct exchange *exchange;
    struct raw *raw;
    struct raw_thread *thread; /* that will have it */
    struct conn *next_dirty, *next_dead;
    struct conn_list *list;
    struct conn *previous, *next; /* in that list */
    int64_t expires_ms;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;
    char peer_text[INET6_ADDRSTRLEN];
};

struct lounge;

struct http_server {
    struct toolstack *pools; /* the first; the others follow */
    struct door *doors;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a round is over */
    int epoll_fd;
    struct watch wake; /* threads have changed something */
    struct conn_list lists[CONN_PATIENCES];
    struct conn *dirty, *dead;
    int connections, connections_max;
    bool full;
    bool stirred; /* settling has called handlers: there may be more to do */
    volatile bool stopping; /* threads look at it, too */
    int64_t now_ms;         /* monotonic, of this round */
    struct lounge *lounges; /* calls that wait */
    struct exchange *due;   /* that go on in this round */
    struct exchange *spare;
    int spare_nr;
    struct buf spare_out;
    size_t collected; /* bytes of bodies that are held */
    size_t held;      /* of connections' buffers */
    size_t round;     /* of answers since the last time to send */
    struct raw_thread *threads;
    int threads_nr, waiters;
    char received[RECEIVE_BYTES];
};

/* One request and its answer. `call` comes first. */
struct exchange {
    struct route_call call;
    struct conn *conn; /* NULL: the connection was lost */
    const struct route *route;
    const struct route_stream *stream;
    route_fn collected;
    size_t collect_max, counted; /* of server.collected */
    struct arena arena;
    struct caller caller;
    struct http_head head;
    struct http_chunks chunks;
    struct value query, cookies;
    struct buf headers;  /* more of them, for the answer */
    int64_t body_left;   /* of a body that is not chunked */
    int64_t answer_left; /* of an answer with a length */
    bool body_over, begun, ended, failed, no_body;
    bool held_in, held_out; /* until route_resume */
    bool left;              /* the connection speaks no HTTP any more */
    bool logged_in;         /* for this exchange only */
    char session[REF_BYTES], task[REF_BYTES]; /* empty: none */
    struct rpc *rpc;                          /* of a call that waits */
    uint64_t timer;
    uint32_t epoch; /* of the endpoint when the call came */
    bool parked;
    struct lounge *lounge;            /* while parked; NULL: called */
    struct exchange *previous, *next; /* parked ones, spare ones */
};

/* conn.c */
void conn_create(struct door *d, int fd, const struct sockaddr *peer,
                 socklen_t len);
void conn_touch(struct conn *c); /* to be looked at before the round ends */
void conn_kill(struct conn *c);
void conn_abort(struct conn *c); /* soon, and the peer shall notice */
void conn_wait(struct conn *c, enum conn_patience patience);
void conn_settle(struct conn *c); /* sends, and lets everything go on */
/* Whether that has made more to do: to commit, to wake, to send. */
bool conns_settle(struct http_server *s);
void conns_expire(struct http_server *s);
void conns_bury(struct http_server *s);
void conn_peer(const struct conn *c, char *text, size_t size);
void conn_set_interest(struct conn *c, uint32_t interest);
/* Where an answer's body can be written; conn_answer_end adds its head. */
struct buf *conn_answer_begin(struct conn *c);
void conn_answer_end(struct conn *c, struct buf *body, const char *head,
                     size_t len);

/* exchange.c: bytes of requests; both return how many were used. */
size_t exchange_head(struct conn *c, const char *data, size_t len);
size_t exchange_body(struct exchange *x, const char *data, size_t len);
/* Lets the answer go on; frees an exchange that is over. */
void exchange_go_on(struct conn *c);
void exchange_lost(struct exchange *x);
void exchanges_fini(struct http_server *s);

/* answer.c */
struct buf *answer_begin(struct exchange *x);
int answer_end(struct exchange *x, unsigned status, const char *type,
               struct buf *body);
int answer_failure(struct exchange *x);
void answer_continue(struct exchange *x);

/* route.c */
const struct route *route_find(const struct toolstack *ts, const char *method,
                               const char *path);
/* Who calls, whether they may, and the task. 0, or API_FAILED: answered. */
int route_admit(struct exchange *x);
void route_over(struct exchange *x, bool ok);
/* Before each callback: the session and the task may be gone. */
void route_refresh(struct exchange *x);

/* lounge.c: calls that are parked, or called and not yet gone on. */
void lounge_enter(struct exchange *x);
void lounge_leave(struct exchange *x);
/* Into the list of those that go on. */
void lounge_call(struct exchange *x);
/* Calls whoever can go on, and cuts off whose host is gone. */
void lounges_look(struct http_server *s);
bool lounges_have(const struct http_server *s, const char *session);
struct exchange *lounges_first(const struct http_server *s); /* or NULL */

/* rpc.c */
/* Whether a call waits on and on for a peer that has closed. */
bool rpc_is_vain(const struct exchange *x);
void rpc_wake(struct http_server *s);
/* Whether each session has a call that waits; not without any call. */
bool rpc_all_wait(const struct http_server *s);
void rpc_drop(struct exchange *x);
void rpc_stop(struct http_server *s);

/* raw.c */
void raw_begin(struct conn *c); /* of a door that speaks no HTTP */
size_t raw_input(struct conn *c, const char *data, size_t len);
void raw_go_on(struct conn *c);
void raw_lost(struct conn *c);

/* raw_thread.c */
void raw_thread_start(struct conn *c);
void raw_threads_reap(struct http_server *s);
void raw_threads_stop(struct http_server *s);

/* http.c */
void server_commit(struct http_server *s);
void server_wake(struct http_server *s);

#endif

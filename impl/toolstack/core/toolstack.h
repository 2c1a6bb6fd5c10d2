/*
 * The daemon's state, and the drivers below its seams.
 *
 * Used from one thread at a time: the server holds a lock around every request.
 */
#ifndef CORE_TOOLSTACK_H
#define CORE_TOOLSTACK_H

#include "db.h"
#include "domain_driver.h"
#include "host_driver.h"
#include "metrics.h"
#include "peer.h"
#include "storage.h"

struct auth_driver;
struct agent_driver;
struct background;
struct transfer;
struct request;

/* Clock and randomness: the only ones that the toolstack uses. */
struct environment {
    int64_t (*now_ms)(void *ctx); /* since 1970 */
    uint64_t (*random)(void *ctx);
    void *ctx;
    /* How much later the call is carried out; NULL: at once. */
    int64_t (*delay_ms)(void *ctx, const struct request *r);
    /*
     * Every session has a call that waits, and nothing is due before
     * `next_ms`: whether the clock was moved. NULL: clocks move themselves.
     */
    bool (*idle)(void *ctx, int64_t next_ms);
    /* Does what is due, and says when more is (INT64_MAX: never); or NULL. */
    int64_t (*step)(void *ctx);
};

struct foreign;
struct ha;
struct host_memory;
struct liveness;
struct limits;
struct network_driver;
struct console_driver;
struct console_links;
struct event_memo;
struct registration;
struct route_list;
struct store;
struct timers;

/* What has changed since the last look at the calls that wait. */
struct stirred {
    uint64_t generation, tombstones_nr; /* at that look */
    uint64_t classes[2];                /* bits by the class's number */
};

struct toolstack {
    struct db db;
    struct environment env;
    struct domain_driver domains;
    struct host_driver hosts;
    struct peer_driver peers;
    struct metrics_driver metrics;
    const struct agent_driver *agent;     /* NULL: none */
    const struct network_driver *network; /* NULL: no hardware */
    uint64_t network_seen;                /* its changes() at the last look */
    struct toolstack *next;               /* another pool of this process */
    struct toolstack *joined;    /* where its only host went; NULL: nowhere */
    char leaving[UUID_BYTES];    /* that host */
    char secret[3 * UUID_BYTES]; /* of pool_session.c */
    const char *password;        /* NULL: any that is not empty */
    char *new_password; /* owned; what root's was changed to, or NULL */
    const struct auth_driver *auth; /* borrowed; NULL: no directory */
    struct storage_driver storage;
    uint64_t described; /* generation that volumes know of */
    uint16_t nbd_port;  /* of every host; 0: none */
    int64_t next_domid;
    int64_t vmss_until_ms; /* up to when schedules were kept */
    uint64_t vmss_timer;   /* 0: no machine has one */
    uint64_t messages_made;
    uint64_t event_id;
    struct host_memory *memory; /* of host/host_memory.c */
    struct liveness *liveness;  /* of host/liveness.c */
    struct foreign *foreigns; /* of recovery/foreign.c: open beside this one */
    struct toolstack *owner;  /* of a foreign database; NULL: a pool */
    int replicas;             /* volumes that get the database */
    uint64_t replicated;      /* generation that is there */
    int64_t replicated_ms;
    struct ha *ha;                      /* of pool/liveset.c */
    struct store *store;                /* NULL: nothing outlives the process */
    struct registration *registrations; /* of event.c */
    struct event_memo *event_memo;      /* of event.c */
    struct stirred stirred;             /* of wait.c */
    struct background *backgrounds;     /* of background.c */
    struct transfer *transfer;          /* of transfer.c */
    struct limits *limits;              /* of limits.c */
    uint64_t update_sync_timer;         /* 0: none runs */
    struct timers *timers;              /* of timer.c */
    struct route_list *routes;          /* of route.c */
    const struct console_driver *consoles; /* NULL: there are none */
    struct console_links *console_links;   /* of console.c */
};

/* A host that calls arrive at. Changed under the server's lock. */
struct endpoint {
    struct toolstack *ts;  /* of the pool that the host is in */
    char host[UUID_BYTES]; /* its uuid; empty: the master */
    uint32_t epoch;        /* each start of its agent is another */
    volatile bool down;    /* nobody answers there */
    bool lingering;        /* only who is connected already, and not to wait */
    bool emergency;        /* the host has lost its master */
};

void toolstack_init(struct toolstack *ts, const struct environment *env,
                    const struct domain_driver *domains);
void toolstack_fini(struct toolstack *ts);

/*
 * Writes what changed to the store, if there is one. Called before any answer
 * leaves: on a full disk it waits, for half a minute. A store that fails ends
 * the process, for it can acknowledge nothing.
 */
void toolstack_commit(struct toolstack *ts);

/*
 * After a load or a seed: no domain has outlived the process that ran it, and
 * what machines allow is worked out.
 */
void toolstack_recover(struct toolstack *ts);

/* The part of that which concerns objects alone: after they were replaced. */
void toolstack_settle(struct toolstack *ts);

/*
 * Does what is due: of the environment, of calls in the background. When more
 * will be, in ms since 1970; INT64_MAX: not by itself.
 */
int64_t toolstack_step(struct toolstack *ts);

/* Forgets what is old: tasks that are over, sessions that are idle. */
void toolstack_expire(struct toolstack *ts);

/* Now, as the API writes dates. */
const char *toolstack_now(struct toolstack *ts, struct arena *a);
const char *date_text(struct arena *a, int64_t ms);

struct object *toolstack_pool(struct toolstack *ts);
struct object *toolstack_master(struct toolstack *ts);

#endif

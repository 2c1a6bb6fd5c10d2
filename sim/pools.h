/*
 * The world: pools, their hosts, and an address for each host.
 *
 * Each pool is one toolstack; the hosts of pool k (from 0) listen at 127.0.k.n.
 * Every toolstack lives as long as the world does; hosts move between them.
 * After world_listen everything runs under the server's lock.
 */
#ifndef SIM_POOLS_H
#define SIM_POOLS_H

#include "http.h"
#include "sim.h"

enum {
    ADDRESS_BYTES = 16,
};

enum sim_power {
    SIM_UP,
    SIM_BOOTING, /* until ready_ms */
    SIM_OFF,
};

/* A key and a value of a host's own; owned. */
struct sim_memo {
    char *key, *value;
    struct sim_memo *next;
};

struct sim_host {
    struct endpoint endpoint;
    char address[ADDRESS_BYTES];
    enum sim_power power;
    bool agent_down; /* only the agent is, until ready_ms */
    bool cut_off;    /* from every network */
    int64_t ready_ms;
    struct sim_memo *memos; /* what it remembers by itself */
    struct world *world;
    struct sim_host *next;
};

struct world {
    struct sim *sim;
    struct toolstack *pools, *last;
    int pools_nr;
    struct sim_host *hosts, *last_host;
    uint64_t changes;           /* of hosts that came, went or were cut off */
    struct http_server *server; /* NULL until world_listen */
    struct endpoint control;    /* of --control */
    uint16_t nbd_port;
    uint16_t port;
    struct tls_context *tls; /* of doors.c; NULL: none */
};

/* The simulation, with options, clock and domains, is borrowed. */
struct world *world_create(struct sim *sim);
void world_destroy(struct world *w);

/* Loads or makes the pools. 0, or -Exxx with the reason on stderr. */
int world_fill(struct world *w);

/* Opens the hosts' addresses. 0 or -Exxx. */
int world_listen(struct world *w, uint16_t port);

/* A toolstack more, without objects but roles. */
struct toolstack *world_add_pool(struct world *w);

/* The same, kept in a file if the others are. */
struct toolstack *world_add_stored_pool(struct world *w);

/* An address for a host of the database, and a door if the world listens. */
struct sim_host *world_add_host(struct world *w, struct toolstack *ts,
                                const struct object *host);

struct sim_host *world_find_host(struct world *w, const char *uuid);
struct sim_host *world_find_address(struct world *w, const char *address);

#endif

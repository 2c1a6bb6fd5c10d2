/*
 * Calls to the XenAPI of another pool, by the address of one of its hosts.
 *
 * `call` carries out a message at `address` as a client from `from` (a host's
 * uuid) would; 0 with the answer in the arena, or -Exxx: -ECONNREFUSED or
 * -EHOSTUNREACH when nobody answers there. Called under the server's lock: what
 * is called must not wait. NULL: there is no way to another pool.
 */
#ifndef POOL_PEER_H
#define POOL_PEER_H

#include "value.h"

struct answer;
struct toolstack;

struct peer_driver {
    int (*call)(void *ctx, const char *from, const char *address,
                struct arena *a, const char *method, const struct value *params,
                struct answer *answer);
    /*
     * The pool that the host at `address` is in, when it is one of this
     * process: what moves as a whole need not pass through messages. NULL
     * when nobody answers there, or it is elsewhere.
     */
    struct toolstack *(*find)(void *ctx, const char *from, const char *address);
    /* The host at `address` joins the pool `to`, or leaves it (NULL). */
    int (*move)(void *ctx, const char *host, struct toolstack *to);
    void *ctx;
};

#endif

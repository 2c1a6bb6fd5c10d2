/* What goes along with a host that joins or leaves a pool. */
#ifndef POOL_MOVING_H
#define POOL_MOVING_H

#include "request.h"

/* All that the host and its storage bring, into the database of the pool. */
void moving_join(struct request *r, const struct object *host,
                 struct toolstack *to);

/*
 * The host alone into an empty database: hardware, NICs, its control domain
 * and local storage, without disks.
 */
void moving_eject(struct request *r, const struct object *host,
                  struct toolstack *to);

/* Removes the host, and everything that is nowhere without it. */
void moving_forget(struct request *r, struct object *host);

/* Nothing is left of a pool whose only host has gone. */
void moving_clear(struct toolstack *ts);

/* The pool of the host at that address; NULL: not of this process. */
struct toolstack *r_find_pool(struct request *r, const struct object *host,
                              const char *address);

#endif

/* Pools: who is who. */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include "request.h"

/* The host that the call came to; the master when it names none. */
struct object *pool_here(struct request *r);

/* Whether the call came to a host that is not the master. */
bool pool_at_supporter(struct request *r);

/* Whether hosts are of different versions for a while, as other_config says. */
bool pool_upgrades(struct request *r);

/* HOST_IS_SLAVE, with where to go. */
int pool_is_slave_error(struct request *r);

/* What hosts of one pool know each other by; made when it is first needed. */
const char *pool_secret(struct toolstack *ts);
/* Another one from now on, which is returned. */
const char *pool_secret_renew(struct toolstack *ts);

/*
 * Another host leads from now on: agents start anew, sessions end but the one
 * that the call came in.
 */
void pool_set_master(struct request *r, struct object *host);

/* Removes a host that is gone for good, with all that only it had. */
void pool_forget_host(struct request *r, struct object *host);

#endif

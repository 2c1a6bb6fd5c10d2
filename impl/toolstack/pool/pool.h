/* Pools: who is who. */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include "request.h"

/* The host that the call came to; the master when it names none. */
struct object *pool_here(struct request *r);

/* Whether the call came to a host that is not the master. */
bool pool_at_supporter(struct request *r);

/* HOST_IS_SLAVE, with where to go. */
int pool_is_slave_error(struct request *r);

#endif

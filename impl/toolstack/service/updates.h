/* Updates from repositories: what other parts tell and ask. */
#ifndef SERVICE_UPDATES_H
#define SERVICE_UPDATES_H

#include "request.h"

/* Fetches what the pool's repositories hold. 0 with the hash, or API_FAILED. */
int updates_sync(struct request *r, const char **hash);

/* What was advised has been done: the host was booted, its agent restarted. */
void updates_host_restarted(struct toolstack *ts, struct object *host);
void updates_agent_restarted(struct toolstack *ts, struct object *host);

#endif

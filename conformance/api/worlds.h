/*
 * Simulations beside the target, for what needs another pool than that.
 *
 * A world is started when it is first wanted, and kept until worlds_close().
 */
#ifndef API_WORLDS_H
#define API_WORLDS_H

#include "rpc.h"

/* A connection and a session in a world of errors/worlds.def, borrowed. False:
 * it cannot be started. */
bool world_open(const char *name, struct rpc **rpc, const char **session);
/* Ends it: the next who wants it gets a new one. */
void world_close(const char *name);
void worlds_close(void);

#endif

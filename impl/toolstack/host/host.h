/* Hosts: what may be done with them, and their own little databases. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "request.h"

/* Works out allowed_operations again. */
void host_refresh(struct request *r, struct object *host);

/* 0, or API_FAILED: why the operation cannot be done now. */
int host_check(struct request *r, const struct object *host, const char *op);

/* Notes an operation that goes on, and that it is over. */
void host_op_begin(struct request *r, struct object *host, const char *op);
void host_op_end(struct request *r, struct object *host);

/* Whether the host's agent answers now. */
bool host_answers(struct request *r, const struct object *host);

/*
 * What a host remembers by itself; NULL: nothing under that key. A host that is
 * down remembers as well.
 */
const char *host_local_get(struct toolstack *ts, const struct object *host,
                           const char *key);
void host_local_put(struct toolstack *ts, const struct object *host,
                    const char *key, const char *value);

/* The host started again after a crash, and has kept what it could of it. */
void host_note_crash(struct request *r, struct object *host);

/* Ends the domains of a host that is gone; its machines are halted. */
void host_lose_machines(struct request *r, struct object *host);

/* Machines on the host that are not its control domain; a set in the arena. */
struct value host_machines(struct request *r, const struct object *host);

/* An alert about a host, a machine or the pool; `name` is a row of message_types.def. */
void host_alert(struct request *r, const struct object *o, const char *name,
                int priority, const char *body);

#endif

/*
 * Databases of other pools that are open beside the own one: each has sessions
 * of its own, which may read, and have machines recovered from it.
 */
#ifndef RECOVERY_FOREIGN_H
#define RECOVERY_FOREIGN_H

#include "request.h"

enum {
    FOREIGNS_MAX = 16,
};

struct foreign;

/*
 * A database without objects, and a session in it. It is closed with its
 * session, or when it is the oldest and there are too many.
 */
struct toolstack *foreign_open(struct request *r, struct object **session);

/* The open database that the session belongs to; NULL: none. */
struct toolstack *foreign_find(struct toolstack *owner, const char *session);

/* The pool in whose process a foreign database is open; itself otherwise. */
struct toolstack *foreign_owner(struct toolstack *ts);

/* Closes those whose sessions have ended; all of them. */
void foreigns_expire(struct toolstack *owner);
void foreigns_fini(struct toolstack *owner);

#endif

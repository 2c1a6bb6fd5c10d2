/* Sessions: who calls, and whether they may. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "request.h"

/* NULL: no such session. */
struct object *session_find(struct toolstack *ts, const char *ref);

/* Notes that the session was used. */
void session_touch(struct request *r);

/* 0, or API_FAILED with RBAC_PERMISSION_DENIED. */
int session_check_role(struct request *r);

/* Whether the session of the request has the permission. */
bool session_may(const struct request *r, const char *permission);

/* Ends the sessions that nobody has used for a day. */
void sessions_expire(struct toolstack *ts);

#endif

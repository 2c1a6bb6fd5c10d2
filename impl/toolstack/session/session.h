/* Sessions: who calls, and whether they may. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "rbac.h"

/* NULL: no such session. */
struct object *session_find(struct toolstack *ts, const char *ref);

/* Notes that the session was used. */
void session_touch(struct request *r);

/* What texts call the session: its reference is a secret. */
const char *session_trackid(struct request *r);

/* 0, or API_FAILED with RBAC_PERMISSION_DENIED. */
int session_check_role(struct request *r);

/* Whether that is root's password. */
bool session_password_right(const struct request *r, const char *given);

/* Replies with a new session that may do everything. Always 0. */
int session_open_root(struct request *r, const char *user);

/* Ends the sessions that nobody has used for a day, and those of users that
 * the directory no longer lets in. */
void sessions_expire(struct toolstack *ts);

#endif

/* Who may do what: permissions of a call, and of the session that makes it. */
#ifndef SESSION_RBAC_H
#define SESSION_RBAC_H

#include "request.h"

/* Whether the request's session has the permission, named in lower case. */
bool session_may(const struct request *r, const char *permission);

/* 0, or RBAC_PERMISSION_DENIED with the roles that would do. */
int rbac_require(struct request *r, const char *permission);

/* The same for the message of the request and, for some maps, its key. */
int rbac_check(struct request *r);

#endif

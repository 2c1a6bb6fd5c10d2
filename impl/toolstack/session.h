/* Sessions: who calls, and whether they may. */
#ifndef TOOLSTACK_SESSION_H
#define TOOLSTACK_SESSION_H

#include "request.h"

/* NULL: no such session. */
struct object *session_find(struct toolstack *ts, const char *ref);

/* 0, or API_FAILED with RBAC_PERMISSION_DENIED. */
int session_check_role(struct request *r);

#endif

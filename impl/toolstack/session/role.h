/* Roles, and the permissions that they are made of. */
#ifndef SESSION_ROLE_H
#define SESSION_ROLE_H

#include "request.h"

/* Makes the objects of all roles and permissions. Once, before any call. */
void roles_make(struct toolstack *ts);

/* Whether subjects can have it: a role, not a permission, not internal. */
bool role_is_assignable(const struct object *role);

/*
 * The names of all permissions of a set of roles, each once, in the order of
 * strcmp; with the names of the roles themselves when `own_names`. In the
 * request's arena.
 */
struct value roles_permissions(struct request *r, const struct value *set,
                               bool own_names);

/* The names of the roles that hold the permission, separated by ", ". */
const char *roles_holding(struct request *r, const char *permission);

#endif

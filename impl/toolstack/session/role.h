/* Roles, and the permissions that they are made of. */
#ifndef SESSION_ROLE_H
#define SESSION_ROLE_H

#include "toolstack.h"

/* Makes the objects of all roles and permissions. Once, before any call. */
void roles_make(struct toolstack *ts);

#endif

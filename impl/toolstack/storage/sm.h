/* The kinds of repository that there are: the rows of sm.def. */
#ifndef STORAGE_SM_H
#define STORAGE_SM_H

#include "request.h"

struct sm_driver {
    const char *type, *name, *description;
    bool shared;          /* several hosts can use one repository at once */
    const char *keys;     /* of the device config that are required */
    const char *features; /* words */
};

/* NULL: no such type. `type` in any case. */
const struct sm_driver *sm_find(const char *type);

/*
 * The object of class SM for the type, made when it is used for the first
 * time; NULL: no such type.
 */
struct object *sm_object(struct request *r, const char *type);

/* The first key that a device config must have and has not; NULL: none. */
const char *sm_missing_key(struct request *r, const struct sm_driver *d,
                           const struct value *config);

/* Whether repositories of the type can do that; unknown types can nothing. */
bool sm_has(const char *type, const char *feature);

#endif

/* A host joins another pool: what is compared, and the checks. */
#ifndef POOL_JOIN_H
#define POOL_JOIN_H

#include "request.h"

struct join {
    struct request *r;                     /* at the host that joins */
    struct object *pool, *host;            /* of this side */
    const char *address;                   /* of the other master */
    const char *session;                   /* there */
    struct value their_pool, their_master; /* records */
    const char *their_master_ref;
};

/* A question to the other pool: 0, or API_FAILED with its error. */
int join_ask(struct join *j, const char *method, const struct value *params,
             size_t nr, struct value *answer);

/* 0, or API_FAILED with the first reason why not. */
int join_check(struct join *j, bool force);

#define JOIN_CHECK(function, force) int function(struct join *j);
#include "join_checks.def"
#undef JOIN_CHECK

#endif

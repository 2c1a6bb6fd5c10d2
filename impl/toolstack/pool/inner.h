/* Calls that a call makes itself: the same handlers, no checks of the caller. */
#ifndef POOL_INNER_H
#define POOL_INNER_H

#include "request.h"

/*
 * Carries out a message with typed arguments, with the rights and in the arena
 * of `r`. 0 with *result, or API_FAILED with the error in `r`, or API_WAITING
 * with *waits, which inner_resume goes on with.
 */
int inner_call(struct request *r, const char *method, const struct value *args,
               int nr, struct value *result, struct request **waits);
int inner_resume(struct request *r, struct request *waits,
                 struct value *result);

#endif

/*
 * Rate limits: what clients may call how often. A Caller is a pattern of user
 * agent and address; its Rate_limit is a bucket of tokens, one for each call.
 */
#ifndef SERVICE_LIMITS_H
#define SERVICE_LIMITS_H

#include "request.h"

/* Counts the call; how many ms it has to wait for its token. */
int64_t limits_charge(struct request *r);
void limits_fini(struct toolstack *ts);

#endif

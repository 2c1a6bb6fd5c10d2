/* From a method name and parameters to an answer. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include "request.h"

struct answer {
    bool ok;
    bool bare;      /* system.listMethods: no envelope of status and value */
    bool waiting;   /* nothing to say yet: call answer_again later */
    bool malformed; /* cannot even be answered: HTTP status 500 */
    struct value value;      /* the result, or the error's words */
    struct request *request; /* while waiting */
};

/* Carries out a call that came to a host. The answer lives in the arena. */
void dispatch_at(const struct endpoint *at, struct arena *a, const char *method,
                 const struct value *params, struct answer *answer);

/* The same, and who calls; NULL: this process. */
void dispatch_from(const struct endpoint *at, const struct caller *caller,
                   struct arena *a, const char *method,
                   const struct value *params, struct answer *answer);

/* The same for a call to the pool's master. */
void dispatch(struct toolstack *ts, struct arena *a, const char *method,
              const struct value *params, struct answer *answer);

/* Looks again whether a waiting call can be answered. */
void answer_again(struct answer *answer);

/* When a waiting call must be answered at the latest, ms since 1970. */
int64_t answer_deadline_ms(const struct answer *answer);

#endif

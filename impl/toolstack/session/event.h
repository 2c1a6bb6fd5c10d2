/* Events: what changed since a token. */
#ifndef SESSION_EVENT_H
#define SESSION_EVENT_H

#include "request.h"

/* Whether a waiting request has something to tell, or waited long enough. */
bool event_ready(const struct request *r);

/* Answers a waiting request: 0, API_FAILED or still API_WAITING. */
int event_resume(struct request *r);
int64_t event_deadline_ms(const struct request *r);

/* Forgets who registered. */
void events_fini(struct toolstack *ts);

#endif

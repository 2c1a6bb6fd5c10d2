/* Events: what changed since a token. */
#ifndef SESSION_EVENT_H
#define SESSION_EVENT_H

#include "request.h"

/* Forgets who registered. */
void events_fini(struct toolstack *ts);

#endif

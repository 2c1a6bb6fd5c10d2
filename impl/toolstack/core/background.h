/*
 * Asynchronous calls that go on after their task was answered.
 *
 * Such a request lives in an arena of its own. When it ends, its task says how;
 * a task that was destroyed meanwhile is no reason to stop.
 */
#ifndef CORE_BACKGROUND_H
#define CORE_BACKGROUND_H

#include "request.h"

/* A request to fill, of a call that came there; background_end frees it, unless it was kept. */
struct request *background_begin(const struct endpoint *at);
void background_end(struct request *r);

/* Lets the request wait, and answers with its task. Always 0. */
int background_keep(struct request *r);

/* Goes on with what can; when the next one must (INT64_MAX: none). */
int64_t backgrounds_run(struct toolstack *ts);
void backgrounds_fini(struct toolstack *ts);

#endif

/* Tasks: asynchronous calls, and the records of what they came to. */
#ifndef SESSION_TASK_H
#define SESSION_TASK_H

#include "request.h"

/* A new task that is pending. */
struct object *task_make(struct request *r, const char *label,
                         const char *description);

/* Makes the task of the call; its name is the message's. */
void task_begin(struct request *r);

/* Records how the call ended, and answers with the task. Always 0. */
int task_finish(struct request *r, int rc);

/* Whether somebody asked for its end; a task that is over was not asked. */
bool task_is_cancelled(const struct object *task);
/* Says in the request's task whether cancelling will do anything. */
void task_allow_cancel(struct request *r, bool allow);

/* After a start: what was running when the last process ended has failed. */
void tasks_recover(struct toolstack *ts);

/* Removes tasks that are over for long. */
void tasks_expire(struct toolstack *ts);

#endif

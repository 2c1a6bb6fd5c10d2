/* What exports and imports share: their options, their task, its progress. */
#ifndef TRANSFER_JOB_H
#define TRANSFER_JOB_H

#include "route.h"

/* A parameter of the query is "true". */
bool job_flag(const struct route_call *c, const char *name);

/* By `ref` or `uuid` of the query. NULL, with the error set: no such. */
struct object *job_machine(struct route_call *c);

/* `sr_id` or `sr_uuid` of the query, or the pool's default. NULL, with the error
 * set: there is none. */
struct object *job_repository(struct route_call *c);

/*
 * Clients that name a task wait for its end, and for a 200 before they send the
 * body; others want to see how it ended. Call the first before the body is
 * read, the second when it has been taken. Both are always 0.
 */
int job_greet(struct route_call *c);
int job_answer(struct route_call *c);

/* 0, or API_FAILED with TASK_CANCELLED when somebody has cancelled the task. */
int job_check(struct route_call *c);
/* Tells the task, in steps of a percent. */
void job_progress(struct route_call *c, uint64_t done, uint64_t total);

/*
 * The host that can do it: where the request came to, if all that is needed is
 * there (`vm`'s disks, or the repository: one of the two is NULL), else another
 * one. NULL, with the error set: none.
 */
struct object *job_host(struct route_call *c, struct object *vm,
                        const struct object *sr);

/* Locks a machine for an operation of this task, and lets it go. */
void job_lock(struct route_call *c, struct object *vm, const char *op);
void job_unlock(struct route_call *c, const char *vm_ref, const char *task_ref);

#endif

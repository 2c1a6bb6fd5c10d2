/*
 * Calls that wait: for a change, for a moment, for both.
 *
 * A handler sets the request's `wait` and returns API_WAITING. The server keeps
 * the request, looks at it after each change and when its time is up, and lets
 * it go on. Under the lock of the toolstack.
 */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include "request.h"

struct wait {
    /* Whether to go on before the time is up; NULL: not at all. */
    bool (*ready)(struct request *r);
    /* Goes on: 0, API_FAILED, or API_WAITING once more. */
    int (*resume)(struct request *r);
    int64_t deadline_ms; /* of the environment's clock; INT64_MAX: none */
    /*
     * task.cancel may end the call with TASK_CANCELLED; `cancel` first undoes
     * what was begun (NULL: nothing). It is also called, whether cancellable or
     * not, when whoever waits for the answer is gone.
     */
    bool cancellable;
    void (*cancel)(struct request *r);
    /*
     * The classes, as bits by their number, without a change of which `ready`
     * says no. All 0: it may say yes at any time.
     */
    uint64_t classes[2];
};

/*
 * Notes which classes have changed since the last look; for wait_stirred, which
 * says whether it makes sense to ask wait_ready: thousands may wait.
 */
void waits_look(struct toolstack *ts);
bool wait_stirred(const struct request *r);

/* Whether the request can go on now. */
bool wait_ready(struct request *r);
int64_t wait_deadline_ms(const struct request *r);

/* 0, API_FAILED or API_WAITING. */
int wait_resume(struct request *r);

/* Waits that long, then goes on with `resume`. Always API_WAITING. */
int wait_for_ms(struct request *r, int64_t ms,
                int (*resume)(struct request *r));

#endif

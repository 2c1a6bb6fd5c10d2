/* Asynchronous calls that wait. */
#include "background.h"

#include <stdlib.h>
#include <string.h>

#include "task.h"
#include "wait.h"

struct background {
    struct request request; /* first: found by it */
    struct arena arena;
    char task[REF_BYTES];
    bool kept;
    struct background *next;
};

struct request *background_begin(const struct endpoint *at)
{
    struct background *b = must_alloc(sizeof(*b));

    memset(b, 0, sizeof(*b));
    arena_init(&b->arena);
    b->request.ts = at->ts;
    b->request.at =
        memcpy(arena_alloc(&b->arena, sizeof(*at)), at, sizeof(*at));
    b->request.db = &at->ts->db;
    b->request.arena = &b->arena;
    return &b->request;
}

static void background_free(struct background *b)
{
    arena_fini(&b->arena);
    free(b);
}

void background_end(struct request *r)
{
    struct background *b = (struct background *)r;

    if (!b->kept)
        background_free(b);
}

int background_keep(struct request *r)
{
    struct background *b = (struct background *)r, **slot;

    b->kept = true;
    memcpy(b->task, r->task->ref, sizeof(b->task));
    for (slot = &r->ts->backgrounds; *slot;)
        slot = &(*slot)->next;
    *slot = b;
    task_allow_cancel(r, r->wait->cancellable);
    return reply_ref(r, r->task);
}

static int cancel(struct request *r)
{
    if (r->wait->cancel)
        r->wait->cancel(r);
    return request_fail(r, "TASK_CANCELLED", r->task->ref, NULL);
}

/* Whether it is over. */
static bool go_on(struct background *b)
{
    struct request *r = &b->request;
    int rc;

    r->task = db_find(r->db, "task", b->task);
    if (r->task && r->wait->cancellable && task_is_cancelled(r->task)) {
        rc = cancel(r);
    } else {
        if (!wait_ready(r))
            return false;
        rc = wait_resume(r);
    }
    r->task = db_find(r->db, "task", b->task);
    if (rc == API_WAITING) {
        if (r->task)
            task_allow_cancel(r, r->wait->cancellable);
        return false;
    }
    if (r->task)
        (void)task_finish(r, rc); /* nobody waits for the answer */
    return true;
}

int64_t backgrounds_run(struct toolstack *ts)
{
    struct background **slot = &ts->backgrounds;
    int64_t earliest = INT64_MAX;

    while (*slot) {
        struct background *b = *slot;

        if (go_on(b)) {
            *slot = b->next;
            background_free(b);
            continue;
        }
        if (wait_deadline_ms(&b->request) < earliest)
            earliest = wait_deadline_ms(&b->request);
        slot = &b->next;
    }
    return earliest;
}

void backgrounds_fini(struct toolstack *ts)
{
    while (ts->backgrounds) {
        struct background *b = ts->backgrounds;

        ts->backgrounds = b->next;
        background_free(b);
    }
}

/* Calls that wait. */
#include "wait.h"

static int64_t now_ms(const struct request *r)
{
    return r->ts->env.now_ms(r->ts->env.ctx);
}

bool wait_ready(struct request *r)
{
    const struct wait *w = r->wait;

    return now_ms(r) >= w->deadline_ms || (w->ready && w->ready(r));
}

int64_t wait_deadline_ms(const struct request *r)
{
    return r->wait->deadline_ms;
}

int wait_resume(struct request *r)
{
    return wait_ready(r) ? r->wait->resume(r) : API_WAITING;
}

int wait_for_ms(struct request *r, int64_t ms, int (*resume)(struct request *r))
{
    struct wait *w = arena_alloc(r->arena, sizeof(*w));

    w->resume = resume;
    w->deadline_ms = now_ms(r) + ms;
    r->wait = w;
    return API_WAITING;
}

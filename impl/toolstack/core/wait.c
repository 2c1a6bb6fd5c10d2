/* Calls that wait. */
#include "wait.h"

static int64_t now_ms(const struct request *r)
{
    return r->ts->env.now_ms(r->ts->env.ctx);
}

static void note(struct toolstack *ts, const struct class *c)
{
    ts->stirred.classes[c->nr / 64] |= UINT64_C(1) << c->nr % 64;
}

void waits_look(struct toolstack *ts)
{
    const struct db *db = &ts->db;
    struct stirred *s = &ts->stirred;
    uint64_t oldest = db->tombstones_nr > TOMBSTONES_MAX
                          ? db->tombstones_nr - TOMBSTONES_MAX
                          : 0;

    s->classes[0] = s->classes[1] = 0;
    if (s->tombstones_nr < oldest) /* more than is known: anything may be */
        s->classes[0] = s->classes[1] = UINT64_MAX;
    for (uint64_t i = s->tombstones_nr > oldest ? s->tombstones_nr : oldest;
         i < db->tombstones_nr; i++)
        note(ts, db->tombstones[i % TOMBSTONES_MAX].class);
    for (const struct object *o = db->newest; o && o->changed > s->generation;
         o = o->older)
        note(ts, o->class);
    s->generation = db->generation - 1;
    s->tombstones_nr = db->tombstones_nr;
}

bool wait_stirred(const struct request *r)
{
    const struct wait *w = r->wait;
    const uint64_t *changed = r->ts->stirred.classes;

    return !(w->classes[0] | w->classes[1]) || (w->classes[0] & changed[0]) ||
           (w->classes[1] & changed[1]) ||
           (w->deadline_ms != INT64_MAX && now_ms(r) >= w->deadline_ms);
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
    w->cancellable = true;
    w->deadline_ms = now_ms(r) + ms;
    r->wait = w;
    return API_WAITING;
}

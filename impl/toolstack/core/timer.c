/* A heap of timers, with slots that give them names. */
#include "timer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 64,
    SLOT_BITS = 20,
};

struct timer {
    int64_t due_ms;
    uint64_t sequence; /* with the slot's number, its name */
    timer_fn fn;
    void *arg;
    uint32_t at; /* place in the heap */
};

struct timers {
    struct timer *slots;
    uint32_t *heap; /* slots, the earliest first; free slots after them */
    uint32_t nr, room;
    uint64_t sequence;
};

static_assert(TIMERS_MAX <= 1 << SLOT_BITS, "a name holds a slot");

static bool earlier(const struct timers *t, uint32_t a, uint32_t b)
{
    const struct timer *x = &t->slots[a], *y = &t->slots[b];

    return x->due_ms != y->due_ms ? x->due_ms < y->due_ms
                                  : x->sequence < y->sequence;
}

static void place(struct timers *t, uint32_t at, uint32_t slot)
{
    t->heap[at] = slot;
    t->slots[slot].at = at;
}

static void sift_up(struct timers *t, uint32_t at)
{
    uint32_t slot = t->heap[at];

    for (; at && earlier(t, slot, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
        place(t, at, t->heap[(at - 1) / 2]);
    place(t, at, slot);
}

static void sift_down(struct timers *t, uint32_t at)
{
    uint32_t slot = t->heap[at], child;

    for (; (child = 2 * at + 1) < t->nr; at = child) {
        if (child + 1 < t->nr && earlier(t, t->heap[child + 1], t->heap[child]))
            child++;
        if (!earlier(t, t->heap[child], slot))
            break;
        place(t, at, t->heap[child]);
    }
    place(t, at, slot);
}

static void grow(struct timers *t)
{
    uint32_t room = t->room ? t->room * 2 : FIRST_SLOTS;

    assert(room <= TIMERS_MAX);
    t->slots = must_realloc(t->slots, room * sizeof(*t->slots));
    t->heap = must_realloc(t->heap, room * sizeof(*t->heap));
    for (uint32_t i = t->room; i < room; i++)
        t->heap[i] = i;
    t->room = room;
}

uint64_t timer_after(struct toolstack *ts, int64_t ms, timer_fn fn, void *arg)
{
    struct timers *t = ts->timers;
    int64_t now = ts->env.now_ms(ts->env.ctx);
    uint32_t slot;

    if (!t) {
        t = ts->timers = must_alloc(sizeof(*t));
        *t = (struct timers){0};
    }
    if (t->nr == t->room)
        grow(t);
    slot = t->heap[t->nr];
    t->slots[slot] = (struct timer){.due_ms = ms > 0 && ms > INT64_MAX - now
                                                  ? INT64_MAX
                                                  : now + (ms > 0 ? ms : 0),
                                    .sequence = ++t->sequence,
                                    .fn = fn,
                                    .arg = arg};
    sift_up(t, t->nr++);
    return t->sequence << SLOT_BITS | slot;
}

/* Its slot is free afterwards. */
static struct timer take(struct timers *t, uint32_t at)
{
    uint32_t slot = t->heap[at], last = t->heap[--t->nr];

    place(t, t->nr, slot);
    if (at != t->nr) {
        place(t, at, last);
        sift_up(t, at);
        sift_down(t, t->slots[last].at);
    }
    return t->slots[slot];
}

bool timer_cancel(struct toolstack *ts, uint64_t id)
{
    struct timers *t = ts->timers;
    uint32_t slot = id & ((1 << SLOT_BITS) - 1);

    if (!id || !t || slot >= t->room || t->slots[slot].at >= t->nr ||
        t->slots[slot].sequence != id >> SLOT_BITS)
        return false;
    (void)take(t, t->slots[slot].at); /* it will not run */
    return true;
}

int64_t timers_next_ms(const struct toolstack *ts)
{
    const struct timers *t = ts->timers;

    return t && t->nr ? t->slots[t->heap[0]].due_ms : INT64_MAX;
}

int timers_run(struct toolstack *ts)
{
    struct timers *t = ts->timers;
    uint64_t last = t ? t->sequence : 0;
    int64_t now = ts->env.now_ms(ts->env.ctx);
    int nr = 0;

    while (t && t->nr && t->slots[t->heap[0]].due_ms <= now &&
           t->slots[t->heap[0]].sequence <= last) {
        struct timer due = take(t, 0);

        due.fn(ts, due.arg);
        nr++;
    }
    return nr;
}

void timers_fini(struct toolstack *ts)
{
    if (!ts->timers)
        return;
    free(ts->timers->slots);
    free(ts->timers->heap);
    free(ts->timers);
    ts->timers = NULL;
}

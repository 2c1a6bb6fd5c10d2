/*
 * Timers: one pairing heap per CPU, linked through the timers.
 *
 * Insertion is constant time, taking the earliest is logarithmic when spread over
 * many calls. Callbacks run with no lock held; 'running' tells timer_kill() which.
 */
#include "hv/timer.h"

#include "hv/arch.h"
#include "hv/lock.h"
#include "hv/log.h"

#define SLACK_NS      50000ULL /* an interrupt may be as late as this */
#define CALLBACKS_MAX 32       /* per timer_run(); the others next time */

struct timer_queue {
    struct spinlock lock;
    struct timer *first;   /* [q] earliest, or NULL */
    struct timer *running; /* [a] whose callback runs */
};

static struct timer_queue queues[CPU_MAX];

/* --- Pairing heap --- */

/* Join two heaps; either may be NULL. Their roots have no siblings. */
static struct timer *heap_join(struct timer *a, struct timer *b)
{
    struct timer *low = a;
    struct timer *high = b;

    if (!a || !b)
        return a ? a : b;
    if (b->deadline_ns < a->deadline_ns) {
        low = b;
        high = a;
    }
    high->next = low->child;
    if (high->next)
        high->next->prev = high;
    high->prev = low;
    low->child = high;
    return low;
}

static struct timer *root_detach(struct timer *t)
{
    struct timer *next = t->next;

    t->next = t->prev = NULL;
    return next;
}

/* Join siblings: in pairs on the way there, all of them on the way back. */
static struct timer *heap_join_list(struct timer *t)
{
    struct timer *pairs = NULL;
    struct timer *all = NULL;

    while (t) {
        struct timer *a = t;
        struct timer *b = root_detach(a);

        t = b ? root_detach(b) : NULL;
        a = heap_join(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        t = root_detach(pairs);
        all = heap_join(pairs, all);
        pairs = t;
    }
    return all;
}

static void heap_unlink(struct timer *t)
{
    if (t->prev->child == t)
        t->prev->child = t->next;
    else
        t->prev->next = t->next;
    if (t->next)
        t->next->prev = t->prev;
    t->next = t->prev = NULL;
}

static void queue_remove(struct timer_queue *q, struct timer *t)
{
    struct timer *below = heap_join_list(t->child);

    t->child = NULL;
    if (q->first == t) {
        q->first = below;
    } else {
        heap_unlink(t);
        q->first = heap_join(q->first, below);
    }
    t->queued = false;
}

static void queue_insert(struct timer_queue *q, struct timer *t)
{
    t->queued = true;
    q->first = heap_join(q->first, t);
}

/* --- Timers --- */

void timer_init(struct timer *t, timer_fn *fn, void *arg)
{
    *t = (struct timer){.fn = fn, .arg = arg};
}

/* Lock the queue the timer is on, which may change until it is locked. */
static struct timer_queue *timer_lock(struct timer *t)
{
    for (;;) {
        struct timer_queue *q = &queues[READ_ONCE(t->cpu)];

        spin_lock(&q->lock);
        if (likely(q == &queues[READ_ONCE(t->cpu)]))
            return q;
        spin_unlock(&q->lock);
    }
}

/* Both queues locked: the one it is on, and that of 'cpu'. */
static struct timer_queue *timer_lock_two(struct timer *t, unsigned int cpu)
{
    for (;;) {
        struct timer_queue *q = &queues[READ_ONCE(t->cpu)];

        spin_lock_two(&q->lock, &queues[cpu].lock);
        if (likely(q == &queues[READ_ONCE(t->cpu)]))
            return q;
        spin_unlock_two(&q->lock, &queues[cpu].lock);
    }
}

/* An interrupt set for about this time, or before, will do: to set it again is
   slower than to take one too many. One whose time has gone may have been lost. */
static void program(unsigned int cpu, uint64_t deadline_ns)
{
    struct cpu *c = &cpus[cpu];

    if ((c->timer_ns <= deadline_ns || c->timer_ns - deadline_ns < SLACK_NS) &&
        arch_now_ns() < c->timer_ns)
        return;
    WRITE_ONCE(c->timer_ns, deadline_ns);
    arch_timer_program(deadline_ns);
}

void timer_wake_by(unsigned int cpu, uint64_t deadline_ns)
{
    program(cpu, deadline_ns);
}

/* The earliest of the queue of 'cpu' changed. */
static void queue_earlier(unsigned int cpu, uint64_t deadline_ns)
{
    struct timer_queue *q = &queues[cpu];

    if (cpu != arch_cpu_self()) {
        WRITE_ONCE(cpus[cpu].work, true);
        arch_cpu_kick(cpu);
    } else if (!q->running) {
        program(cpu, deadline_ns);
    }
}

void timer_set(struct timer *t, unsigned int cpu, uint64_t deadline_ns)
{
    struct timer_queue *to = &queues[cpu];
    struct timer_queue *from;
    bool earliest;

    ASSERT(t->fn != NULL);
    ASSERT(cpu < CPU_MAX);
    from = timer_lock_two(t, cpu);
    if (t->queued)
        queue_remove(from, t);
    t->deadline_ns = deadline_ns;
    WRITE_ONCE(t->cpu, cpu);
    queue_insert(to, t);
    earliest = to->first == t;
    spin_unlock_two(&from->lock, &to->lock);
    if (earliest)
        queue_earlier(cpu, deadline_ns);
}

void timer_stop(struct timer *t)
{
    struct timer_queue *q = timer_lock(t);

    if (t->queued)
        queue_remove(q, t);
    spin_unlock(&q->lock);
}

/* Its callback may have moved it to another CPU: ask them all. */
static bool timer_running(const struct timer *t)
{
    for (unsigned int i = 0; i < cpu_count; i++)
        if (__atomic_load_n(&queues[i].running, __ATOMIC_ACQUIRE) == t)
            return true;
    return false;
}

void timer_kill(struct timer *t)
{
    do {
        while (timer_running(t))
            spin_relax();
        timer_stop(t);
    } while (timer_running(t) || timer_pending(t));
}

bool timer_pending(const struct timer *t)
{
    return READ_ONCE(t->queued);
}

/* --- The CPU's side --- */

/* Take the earliest timer if it is due; else say when it will be. */
static struct timer *queue_take_due(struct timer_queue *q, uint64_t *first)
{
    struct timer *t;

    spin_lock(&q->lock);
    t = q->first;
    *first = t ? t->deadline_ns : TIMER_NEVER;
    if (t && t->deadline_ns <= arch_now_ns()) {
        queue_remove(q, t);
        __atomic_store_n(&q->running, t, __ATOMIC_RELEASE);
    } else {
        t = NULL;
    }
    spin_unlock(&q->lock);
    return t;
}

void timer_run(unsigned int cpu)
{
    struct timer_queue *q = &queues[cpu];
    uint64_t first = TIMER_NEVER;

    /* It may have come early, by another clock's opinion. */
    if (cpus[cpu].timer_fired) {
        cpus[cpu].timer_fired = false;
        cpus[cpu].timer_ns = TIMER_NEVER;
    }
    for (unsigned int n = 0; n < CALLBACKS_MAX; n++) {
        struct timer *t = queue_take_due(q, &first);

        if (!t)
            break;
        t->fn(t, t->arg);
        __atomic_store_n(&q->running, NULL, __ATOMIC_RELEASE);
    }
    program(cpu, first);
}

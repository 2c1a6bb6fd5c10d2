/*
 * Scheduler: one run queue in order of virtual time, for all CPUs.
 *
 * A vCPU's virtual time is the time it ran, divided by its domain's weight (256:
 * real time). The lowest one that a CPU may run goes next; so CPUs share fairly
 * and none idles while somebody waits for it. Three bounds keep that safe:
 * - On waking, virtual time is brought near that of the vCPUs it will meet: a
 *   little ahead of them, so that short sleepers preempt; never more.
 * - On picking, a lead over the next in the queue is cut to a few of that one's
 *   slices, so that no history (idle CPUs, affinity) can starve it.
 * - With others waiting a slice lasts 5 ms; a wake-up preempts as soon as the
 *   woken one would win, but not within the rate limit.
 *
 * Caps: a domain has a budget of running time per period; out of budget its
 * vCPUs are parked until the refill. Time run too long is owed.
 *
 * Locking: sched.lock [s], short sections, taken by wake-ups and switches only:
 * a CPU that goes on with the same vCPU does not take it.
 */
#include "hv/arch.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "sched_queue.h"

#include "base/string.h"

#define RATELIMIT_DEFAULT_NS 200000ULL
#define WAKE_BONUS           SLICE_SHARED_NS /* virtual ns ahead of others */
#define PREEMPT_MARGIN       100000ULL       /* virtual ns that must be won */
#define LEAD_SLICES          8

struct sched sched = {.queue = LIST_INIT(sched.queue),
                      .ratelimit_ns = RATELIMIT_DEFAULT_NS};

void sched_lock(void)
{
    spin_lock(&sched.lock);
}

static void after_do(struct sched_cpu *me)
{
    struct sched_after after = me->after;

    me->after = (struct sched_after){.any = false};
    spin_unlock(&sched.lock);
    for (unsigned int i = 0; i < cpu_count; i++) {
        if (cpumask_test(&after.slice, i))
            timer_set(&sched.cpu[i].slice, i,
                      READ_ONCE(sched.cpu[i].slice_end_ns));
        if (cpumask_test(&after.kick, i)) {
            arch_cpu_kick(i);
            me->kicks++;
        }
    }
}

void sched_unlock(void)
{
    struct sched_cpu *me = &sched.cpu[arch_cpu_self()];

    if (me->after.any)
        after_do(me);
    else
        spin_unlock(&sched.lock);
}

static struct sched_vcpu *sv_of(const struct list *l)
{
    return list_entry(l, struct sched_vcpu, link);
}

static struct sched_domain *sd_of(const struct sched_vcpu *sv)
{
    return &sv->vcpu->domain->sched;
}

static int64_t vtime_diff(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b);
}

/* --- Runstate and charging --- */

static void runstate_set(struct vcpu *v, int state, uint64_t now)
{
    struct vcpu_runstate_info *r = &v->runstate;

    if (now > r->state_entry_time)
        r->time[r->state] += now - r->state_entry_time;
    r->state = state;
    r->state_entry_time = now;
    v->runstate_dirty = true;
}

/* Of a vCPU that is on no CPU; waiting for budget counts as runnable. */
static int runstate_off(const struct vcpu *v)
{
    unsigned long waits = BIT(VPF_BLOCKED) | BIT(VPF_POLL);

    if (vcpu_runnable(v))
        return RUNSTATE_runnable;
    return v->pause_flags & waits && !(v->pause_flags & BIT(VPF_DOWN))
               ? RUNSTATE_blocked
               : RUNSTATE_offline;
}

static void charge(struct sched_vcpu *sv, uint64_t now)
{
    struct sched_domain *sd = sd_of(sv);
    uint64_t ns = now > sv->charged_ns ? now - sv->charged_ns : 0;

    sv->vtime += sched_cost(sd, ns);
    sv->charged_ns = now;
    if (sd->cap)
        sd->budget_ns -= (int64_t)ns;
}

/* Virtual time of a running vCPU as of now. */
static uint64_t vtime_live(const struct sched_vcpu *sv, uint64_t now)
{
    uint64_t ns = now > sv->charged_ns ? now - sv->charged_ns : 0;

    return sv->vtime + sched_cost(sd_of(sv), ns);
}

/* --- Caps --- */

static void budget_refill(struct sched_domain *sd, uint64_t now)
{
    int64_t quota = (int64_t)(sd->cap * SCHED_PERIOD_NS / 100);
    uint64_t periods;

    if (now < sd->period_end_ns)
        return;
    periods = MIN((now - sd->period_end_ns) / SCHED_PERIOD_NS + 1, 1000ULL);
    sd->budget_ns = MIN(quota, sd->budget_ns + (int64_t)periods * quota);
    sd->period_end_ns += periods * SCHED_PERIOD_NS;
    if (sd->period_end_ns <= now)
        sd->period_end_ns = now + SCHED_PERIOD_NS;
}

static bool budget_out(struct sched_domain *sd, uint64_t now)
{
    if (!sd->cap)
        return false;
    budget_refill(sd, now);
    return sd->budget_ns <= 0;
}

static void park(struct sched_vcpu *sv)
{
    struct sched_domain *sd = sd_of(sv);

    sv->state = SV_PARKED;
    list_add_before(&sd->parked, &sv->link);
    if (!timer_pending(&sd->refill))
        timer_set(&sd->refill, arch_cpu_self(), sd->period_end_ns);
}

static void enqueue(struct sched_vcpu *sv, bool woken, uint64_t now);

/* From now on, the budget counts again: queue those that waited. */
static void refill_cb(struct timer *t, void *arg)
{
    struct domain *d = arg;
    uint64_t now = arch_now_ns();

    sched_lock();
    if (budget_out(&d->sched, now)) {
        timer_set(t, arch_cpu_self(), d->sched.period_end_ns);
    } else {
        while (!list_empty(&d->sched.parked)) {
            struct sched_vcpu *sv = sv_of(d->sched.parked.next);

            list_del(&sv->link);
            enqueue(sv, true, now);
        }
    }
    sched_unlock();
}

/* --- Queue --- */

static void queue_insert(struct sched_vcpu *sv)
{
    struct list *at = sched.queue.prev;

    while (at != &sched.queue && vtime_diff(sv_of(at)->vtime, sv->vtime) > 0)
        at = at->prev;
    list_add_after(at, &sv->link);
    sv->state = SV_QUEUED;
}

/* One kick is enough until the CPU has looked. */
void sched_preempt_locked(unsigned int cpu)
{
    struct sched_after *after = &sched.cpu[arch_cpu_self()].after;

    if (READ_ONCE(cpus[cpu].resched))
        return;
    WRITE_ONCE(cpus[cpu].resched, true);
    if (cpu == arch_cpu_self())
        return;
    cpumask_set(&after->kick, cpu);
    after->any = true;
}

/* First CPU of three sets' intersection, CPU_MAX when there is none. */
static unsigned int mask_first(const struct cpumask *a, const struct cpumask *b,
                               const struct cpumask *c)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(a->bits); i++) {
        unsigned long bits = a->bits[i] & b->bits[i] & c->bits[i];

        if (bits)
            return i * 64 + (unsigned int)__builtin_ctzl(bits);
    }
    return CPU_MAX;
}

static unsigned int idle_cpu_for(const struct sched_vcpu *sv)
{
    unsigned int cpu;

    if (cpumask_test(&sched.idle, sv->cpu) && cpumask_test(&sv->hard, sv->cpu))
        return sv->cpu;
    cpu = mask_first(&sched.idle, &sv->hard, &sv->soft);
    return cpu < CPU_MAX ? cpu : mask_first(&sched.idle, &sv->hard, &sv->hard);
}

/* What 'sv' meets on the CPUs that it may use. */
struct rivals {
    unsigned int cpu;   /* runs the highest virtual time; CPU_MAX: all idle */
    uint64_t live;      /* that time */
    uint64_t reference; /* highest of what goes next on any of them */
};

static struct rivals rivals_of(const struct sched_vcpu *sv, uint64_t now)
{
    const struct list *head = sched.queue.next;
    struct rivals r = {.cpu = CPU_MAX};

    for (unsigned int i = 0; i < cpu_count; i++) {
        const struct sched_vcpu *running = sched.cpu[i].running;
        uint64_t live, next;

        if (!running || running == sv || !cpumask_test(&sv->hard, i))
            continue;
        next = live = vtime_live(running, now);
        if (head != &sched.queue && cpumask_test(&sv_of(head)->hard, i) &&
            vtime_diff(sv_of(head)->vtime, next) < 0)
            next = sv_of(head)->vtime;
        if (r.cpu == CPU_MAX || vtime_diff(next, r.reference) > 0)
            r.reference = next;
        if (r.cpu == CPU_MAX || vtime_diff(live, r.live) > 0) {
            r.live = live;
            r.cpu = i;
        }
    }
    return r;
}

/* The CPU looks again when its slice ends, the latest. */
static void slice_set(unsigned int cpu, uint64_t end_ns)
{
    struct sched_cpu *sc = &sched.cpu[cpu];
    struct sched_after *after = &sched.cpu[arch_cpu_self()].after;

    sc->slice_end_ns = end_ns;
    /* A timer that goes off early looks and is set again: cheaper than to set
       it at each switch. */
    if (timer_pending(&sc->slice) && sc->slice.deadline_ns <= end_ns)
        return;
    cpumask_set(&after->slice, cpu);
    after->any = true;
}

static void slice_shorten(unsigned int cpu, uint64_t end_ns)
{
    if (end_ns < sched.cpu[cpu].slice_end_ns)
        slice_set(cpu, end_ns);
}

/* When 'cpu' should look again for one that its vCPU is 'ahead' of: who clearly
   wins preempts after the rate limit, who was woken as soon as it would win. */
static uint64_t look_again_ns(unsigned int cpu, int64_t ahead, bool woken,
                              uint64_t now)
{
    const struct sched_cpu *sc = &sched.cpu[cpu];
    uint64_t allowed = sc->started_ns + sched.ratelimit_ns;
    uint64_t missing = PREEMPT_MARGIN - (uint64_t)ahead;

    if (ahead > (int64_t)PREEMPT_MARGIN)
        return allowed;
    if (!woken)
        return now + SLICE_SHARED_NS;
    missing = MIN(missing, (uint64_t)UINT32_MAX) << VTIME_SHIFT;
    missing /= sd_of(sc->running)->vtime_rate;
    return MAX(allowed, now + MIN(missing, SLICE_SHARED_NS));
}

/* Find a CPU for what was just queued. */
static void tickle(struct sched_vcpu *sv, bool woken, uint64_t now)
{
    unsigned int cpu = idle_cpu_for(sv);
    struct rivals r;
    uint64_t when;

    if (cpu < CPU_MAX) {
        cpumask_clear(&sched.idle, cpu);
        sv->cpu = cpu;
        sched_preempt_locked(cpu);
        return;
    }
    r = rivals_of(sv, now);
    if (r.cpu == CPU_MAX)
        return;
    when = look_again_ns(r.cpu, vtime_diff(r.live, sv->vtime), woken, now);
    if (when <= now)
        sched_preempt_locked(r.cpu);
    else
        slice_shorten(r.cpu, when);
}

static void enqueue(struct sched_vcpu *sv, bool woken, uint64_t now)
{
    if (budget_out(sd_of(sv), now)) {
        park(sv);
        return;
    }
    queue_insert(sv);
    tickle(sv, woken, now);
}

static void dequeue(struct sched_vcpu *sv)
{
    list_del(&sv->link);
    sv->state = SV_OFF;
}

static void vtime_raise(struct sched_vcpu *sv, uint64_t low)
{
    if (vtime_diff(sv->vtime, low) < 0)
        sv->vtime = low;
}

/* It comes from outside: neither old debts nor old credit count for long. */
static void place(struct sched_vcpu *sv, uint64_t now)
{
    struct rivals r = rivals_of(sv, now);
    uint64_t high = r.reference + sched_cost(sd_of(sv), 4 * SLICE_SHARED_NS);

    if (r.cpu == CPU_MAX)
        return;
    vtime_raise(sv, r.reference - WAKE_BONUS);
    if (vtime_diff(sv->vtime, high) > 0)
        sv->vtime = high;
}

/* --- Picking --- */

/* Is another CPU, which was idle, on its way to take it? */
static bool awaited_elsewhere(const struct sched_vcpu *sv, unsigned int cpu)
{
    return sv->cpu != cpu && cpumask_test(&sv->hard, sv->cpu) &&
           !sched.cpu[sv->cpu].running && READ_ONCE(cpus[sv->cpu].resched);
}

/* First of the queue that the CPU may run, and the next one after it. Those
   whose domain is out of budget are parked on the way. */
static struct sched_vcpu *queue_first(unsigned int cpu, uint64_t now,
                                      struct sched_vcpu **second)
{
    struct sched_vcpu *first = NULL;

    *second = NULL;
    list_for_each_safe(l, next, &sched.queue)
    {
        struct sched_vcpu *sv = sv_of(l);

        if (!cpumask_test(&sv->hard, cpu) || awaited_elsewhere(sv, cpu))
            continue;
        if (budget_out(sd_of(sv), now)) {
            list_del(&sv->link);
            park(sv);
        } else if (first) {
            *second = sv;
            break;
        } else {
            first = sv;
        }
    }
    return first;
}

static bool may_go_on(struct sched_vcpu *sv, unsigned int cpu, uint64_t now)
{
    return vcpu_runnable(sv->vcpu) && cpumask_test(&sv->hard, cpu) &&
           !budget_out(sd_of(sv), now);
}

static bool beats(const struct sched_vcpu *other,
                  const struct sched_vcpu *running)
{
    return vtime_diff(running->vtime, other->vtime) > (int64_t)PREEMPT_MARGIN;
}

/* Does 'other' take the CPU from 'running', which could go on? */
static bool wins(const struct sched_vcpu *other,
                 const struct sched_vcpu *running, const struct sched_cpu *sc,
                 uint64_t now)
{
    if (running->yield)
        return true;
    if (now >= sc->slice_end_ns)
        return vtime_diff(running->vtime, other->vtime) >= 0;
    return beats(other, running) && now - sc->started_ns >= sched.ratelimit_ns;
}

/* No lead over the next one that it could not wait for. */
static void cut_lead(struct sched_vcpu *sv, const struct sched_vcpu *next)
{
    if (next)
        vtime_raise(sv,
                    next->vtime -
                        sched_cost(sd_of(next), LEAD_SLICES * SLICE_SHARED_NS));
}

static uint64_t slice_for(struct sched_vcpu *sv, bool shared)
{
    const struct sched_domain *sd = sd_of(sv);
    uint64_t slice = shared ? SLICE_SHARED_NS : SLICE_ALONE_NS;
    uint64_t part;

    if (!sd->cap)
        return slice;
    part = (uint64_t)MAX(sd->budget_ns, 0) / MAX(sd->running, 1U);
    return MIN(slice, MAX(part, SLICE_MIN_NS));
}

static void slice_cb(struct timer *t, void *arg)
{
    struct sched_cpu *sc = arg;
    unsigned int cpu = (unsigned int)(sc - sched.cpu);

    if (!READ_ONCE(sc->running))
        return;
    if (arch_now_ns() >= READ_ONCE(sc->slice_end_ns))
        WRITE_ONCE(cpus[cpu].resched, true);
    else
        timer_set(t, cpu, sc->slice_end_ns);
}

/*
 * First half of a switch: choose. The chosen one is taken off the queue; what
 * ran stays RUNNING, so that no other CPU loads it before it was saved here.
 */
static struct sched_vcpu *choose_locked(struct cpu *c, struct sched_vcpu *prev,
                                        uint64_t now)
{
    struct sched_cpu *sc = &sched.cpu[c->id];
    struct sched_vcpu *second;
    struct sched_vcpu *next;
    bool stays;

    if (prev)
        charge(prev, now);
    next = queue_first(c->id, now, &second);
    stays = prev && may_go_on(prev, c->id, now);
    if (stays && (!next || !wins(next, prev, sc, now))) {
        slice_set(c->id, now + slice_for(prev, next));
        if (next && beats(next, prev))
            slice_shorten(c->id, sc->started_ns + sched.ratelimit_ns);
        cut_lead(prev, next);
        return prev;
    }
    if (prev) {
        runstate_set(prev->vcpu, runstate_off(prev->vcpu), now);
        prev->yield = false;
    }
    if (next) {
        dequeue(next);
        cut_lead(next, second);
        cut_lead(next, stays ? prev : NULL);
        next->state = SV_RUNNING;
        next->cpu = c->id;
        sd_of(next)->running++;
    }
    return next;
}

/* What ran here was saved: it is free to run anywhere. */
static void settle_locked(struct sched_vcpu *prev, uint64_t now)
{
    struct vcpu *v = prev->vcpu;

    sd_of(prev)->running--;
    prev->state = SV_OFF;
    if (v->runstate.state != runstate_off(v))
        runstate_set(v, runstate_off(v), now);
    if (!vcpu_runnable(v))
        return;
    if (!cpumask_test(&prev->hard, prev->cpu))
        place(prev, now); /* Among others than before. */
    enqueue(prev, false, now);
}

/* Second half: let go of what ran, begin with what is next. */
static void switch_locked(struct cpu *c, struct sched_vcpu *prev,
                          struct sched_vcpu *next)
{
    struct sched_cpu *sc = &sched.cpu[c->id];
    bool shared =
        !list_empty(&sched.queue) || (prev && vcpu_runnable(prev->vcpu));
    uint64_t now = arch_now_ns();

    sc->running = next;
    WRITE_ONCE(c->current, next ? next->vcpu : NULL);
    if (next) {
        next->charged_ns = sc->started_ns = now;
        runstate_set(next->vcpu, RUNSTATE_running, now);
        slice_set(c->id, now + slice_for(next, shared));
    } else {
        cpumask_set(&sched.idle, c->id);
        /* Whoever was queued since the choice found no idle CPU. */
        if (!list_empty(&sched.queue))
            WRITE_ONCE(c->resched, true);
    }
    if (prev)
        settle_locked(prev, now);
}

/* 'v' loses the CPU: its state must not be left in it. */
static void leave(struct vcpu *v)
{
    if (v->runstate_map && v->runstate.state == RUNSTATE_runnable)
        vcpu_runstate_to_guest(v);
    arch_vcpu_switch_out(v);
}

struct vcpu *sched_pick(struct cpu *c)
{
    struct sched_cpu *sc = &sched.cpu[c->id];
    struct sched_vcpu *prev = sc->running;
    bool blocks = prev && !vcpu_runnable(prev->vcpu);
    struct sched_vcpu *next;

    if (likely(!READ_ONCE(c->resched)) && !blocks)
        return c->current;
    /* One that blocks is saved in advance, which spares taking the lock twice.
       Should it be woken meanwhile it is loaded again. */
    if (blocks)
        leave(prev->vcpu);
    sc->picks++;
    sched_lock();
    WRITE_ONCE(c->resched, false);
    cpumask_clear(&sched.idle, c->id);
    next = choose_locked(c, prev, arch_now_ns());
    if (next != prev) {
        sc->switches++;
        if (prev && !blocks) {
            sched_unlock();
            leave(prev->vcpu);
            sched_lock();
        }
        switch_locked(c, prev, next);
    } else if (!next) {
        cpumask_set(&sched.idle, c->id);
    }
    sched_unlock();
    /* 'current' is seen before this CPU looks for events: see vcpu_unblock(). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return c->current;
}

/* --- Waking and sleeping --- */

bool vcpu_runnable(const struct vcpu *v)
{
    return !(READ_ONCE(v->pause_flags) | READ_ONCE(v->pause_count) |
             READ_ONCE(v->domain->pause_count));
}

void vcpu_wake(struct vcpu *v)
{
    struct sched_vcpu *sv = v->sched;
    uint64_t now = arch_now_ns();

    sched_lock();
    if (sv->state == SV_OFF && vcpu_runnable(v)) {
        runstate_set(v, RUNSTATE_runnable, now);
        place(sv, now);
        enqueue(sv, true, now);
    }
    sched_unlock();
}

/* It may not run: off the queue, or off its CPU soon. */
static void vcpu_sleep(struct vcpu *v)
{
    struct sched_vcpu *sv = v->sched;

    sched_lock();
    if (sv->state == SV_RUNNING) {
        sched_preempt_locked(sv->cpu);
    } else if (sv->state != SV_OFF && !vcpu_runnable(v)) {
        dequeue(sv);
        runstate_set(v, runstate_off(v), arch_now_ns());
    }
    sched_unlock();
}

void vcpu_block(struct vcpu *v)
{
    (void)bit_test_and_set(&v->pause_flags, VPF_BLOCKED);
    if (arch_vcpu_interruptible_pending(v))
        (void)bit_test_and_clear(&v->pause_flags, VPF_BLOCKED);
    else
        WRITE_ONCE(cpus[v->sched->cpu].resched, true);
}

void vcpu_unblock(struct vcpu *v)
{
    unsigned long waits = BIT(VPF_BLOCKED) | BIT(VPF_POLL);
    unsigned int cpu;

    /* The event is seen before the flags and 'current' are read. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (READ_ONCE(v->pause_flags) & waits) {
        (void)__atomic_fetch_and(&v->pause_flags, ~waits, __ATOMIC_SEQ_CST);
        vcpu_wake(v);
        return;
    }
    cpu = READ_ONCE(v->sched->cpu);
    if (READ_ONCE(cpus[cpu].current) == v && cpu != arch_cpu_self())
        arch_cpu_kick(cpu);
}

static bool vcpu_is_out(void *arg)
{
    const struct sched_vcpu *sv = arg;

    return __atomic_load_n(&sv->state, __ATOMIC_ACQUIRE) != SV_RUNNING ||
           cpu_is_waiting(READ_ONCE(sv->cpu));
}

void vcpu_pause_nosync(struct vcpu *v)
{
    __atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
    vcpu_sleep(v);
}

void vcpu_pause(struct vcpu *v)
{
    vcpu_pause_nosync(v);
    if (cpus[arch_cpu_self()].current != v)
        cpu_wait(vcpu_is_out, v->sched);
}

void vcpu_unpause(struct vcpu *v)
{
    unsigned int count =
        __atomic_fetch_sub(&v->pause_count, 1, __ATOMIC_SEQ_CST);

    ASSERT(count > 0);
    if (count == 1)
        vcpu_wake(v);
}

bool vcpu_is_running(const struct vcpu *v)
{
    return READ_ONCE(v->sched->state) == SV_RUNNING;
}

unsigned int vcpu_cpu(const struct vcpu *v)
{
    return READ_ONCE(v->sched->cpu);
}

void vcpu_yield(struct vcpu *v)
{
    sched_lock();
    if (!list_empty(&sched.queue)) {
        v->sched->yield = true;
        WRITE_ONCE(cpus[v->sched->cpu].resched, true);
    }
    sched_unlock();
}

/* Its CPUs or its place changed: queue it anew, or put it off its CPU. */
void sched_requeue_locked(struct sched_vcpu *sv, uint64_t now)
{
    if (sv->state == SV_RUNNING) {
        if (!cpumask_test(&sv->hard, sv->cpu))
            sched_preempt_locked(sv->cpu);
        return;
    }
    if (sv->state == SV_OFF)
        return;
    dequeue(sv);
    place(sv, now);
    enqueue(sv, true, now);
}

/* --- Life --- */

void sched_init(void)
{
    for (unsigned int i = 0; i < CPU_MAX; i++) {
        timer_init(&sched.cpu[i].slice, slice_cb, &sched.cpu[i]);
        cpus[i].resched = true; /* The first pick says that it is idle. */
        cpus[i].timer_ns = TIMER_NEVER;
    }
}

void sched_set_weight_locked(struct sched_domain *d, uint32_t weight)
{
    d->weight = weight;
    d->vtime_rate = ((uint64_t)WEIGHT_DEFAULT << VTIME_SHIFT) / weight;
}

void sched_domain_init(struct domain *d)
{
    d->sched = (struct sched_domain){.cap = 0};
    list_init(&d->sched.parked);
    timer_init(&d->sched.refill, refill_cb, d);
    sched_set_weight_locked(&d->sched, WEIGHT_DEFAULT);
}

int sched_vcpu_init(struct vcpu *v)
{
    struct sched_vcpu *sv = heap_alloc(sizeof(*sv));

    if (!sv)
        return -XEN_ENOMEM;
    sv->vcpu = v;
    list_init(&sv->link);
    sv->cpu = v->id % cpu_count;
    memset(&sv->hard, 0xff, sizeof(sv->hard));
    memset(&sv->soft, 0xff, sizeof(sv->soft));
    v->sched = sv;
    return 0;
}

/* The domain is paused for good: nothing queues it again. */
void sched_vcpu_fini(struct vcpu *v)
{
    struct sched_vcpu *sv = v->sched;

    if (!sv)
        return;
    timer_kill(&v->domain->sched.refill);
    sched_lock();
    ASSERT(sv->state != SV_RUNNING);
    if (sv->state != SV_OFF)
        dequeue(sv);
    sched_unlock();
    v->sched = NULL;
    heap_free(sv);
}

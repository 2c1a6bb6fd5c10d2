/*
 * CPUs: the loop that each of them runs, and calls from one to others.
 *
 * One call is under way at a time; whoever waits, to make one or for a pause,
 * goes on serving calls, so that no two CPUs wait for each other.
 */
#include "hv/arch.h"
#include "hv/console.h"
#include "hv/log.h"
#include "sched_queue.h"

struct cpu cpus[CPU_MAX];
unsigned int cpu_count;

/* The call under way: 'fn' and 'arg' are set before the bits of 'pending'. */
static struct {
    struct spinlock lock;
    void (*fn)(void *);
    void *arg;
    unsigned long pending[CPU_MAX / 64]; /* [a] who has not run it yet */
} call;

static unsigned long waiting[CPU_MAX / 64]; /* [a] CPUs in cpu_wait() */

bool cpu_must_leave(const struct cpu *c)
{
    return READ_ONCE(c->resched) || READ_ONCE(c->work);
}

/* --- Cross calls --- */

static void call_serve(unsigned int cpu)
{
    if (likely(!bit_test(call.pending, cpu)))
        return;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    call.fn(call.arg);
    (void)bit_test_and_clear(call.pending, cpu);
}

static bool call_locked(void *arg)
{
    return spin_trylock(&call.lock);
}

static bool call_done(void *arg)
{
    const struct cpumask *mask = arg;

    for (unsigned int i = 0; i < cpu_count; i++)
        if (cpumask_test(mask, i) && bit_test(call.pending, i))
            return false;
    return true;
}

static void serve_until(bool (*done)(void *), void *arg)
{
    unsigned int self = arch_cpu_self();

    while (!done(arg)) {
        call_serve(self);
        spin_relax();
    }
}

void cpu_call(const struct cpumask *mask, void (*fn)(void *), void *arg)
{
    unsigned int self = arch_cpu_self();
    struct cpumask others = *mask;

    cpumask_clear(&others, self);
    serve_until(call_locked, NULL);
    call.fn = fn;
    call.arg = arg;
    for (unsigned int i = 0; i < cpu_count; i++) {
        if (!cpumask_test(&others, i))
            continue;
        (void)bit_test_and_set(call.pending, i);
        WRITE_ONCE(cpus[i].work, true);
        arch_cpu_kick(i);
    }
    if (cpumask_test(mask, self))
        fn(arg);
    serve_until(call_done, &others);
    spin_unlock(&call.lock);
}

void cpu_wait(bool (*done)(void *), void *arg)
{
    unsigned int self = arch_cpu_self();

    (void)bit_test_and_set(waiting, self);
    serve_until(done, arg);
    (void)bit_test_and_clear(waiting, self);
}

bool cpu_is_waiting(unsigned int cpu)
{
    return bit_test(waiting, cpu);
}

/* --- The loop --- */

/* Clear dirty memory while there is nothing better to do. */
static void cpu_idle(struct cpu *c)
{
    uint64_t since = arch_now_ns();

    c->idle_since_ns = since;
    WRITE_ONCE(c->idle, true);
    while (!cpu_must_leave(c) && page_scrub_some())
        continue;
    if (!cpu_must_leave(c))
        arch_cpu_idle(c);
    WRITE_ONCE(c->idle, false);
    WRITE_ONCE(c->idle_ns, c->idle_ns + (arch_now_ns() - since));
}

void cpu_step(struct cpu *c)
{
    struct vcpu *v;

    /* A full barrier: work announced after this is announced again. */
    if (READ_ONCE(c->work))
        (void)__atomic_exchange_n(&c->work, false, __ATOMIC_SEQ_CST);
    call_serve(c->id);
    timer_run(c->id);
    console_poll();
    v = sched_pick(c);
    if (v)
        arch_vcpu_run(v);
    else
        cpu_idle(c);
}

void cpu_loop(struct cpu *c)
{
    for (;;)
        cpu_step(c);
}

uint64_t cpu_idle_ns(unsigned int cpu)
{
    const struct cpu *c = &cpus[cpu];
    uint64_t since = READ_ONCE(c->idle_since_ns);
    uint64_t now = arch_now_ns();
    uint64_t idle = READ_ONCE(c->idle_ns);

    return READ_ONCE(c->idle) && now > since ? idle + (now - since) : idle;
}

/*
 * CPUs: the loop that each of them runs.
 */
#include "hv/arch.h"
#include "hv/console.h"
#include "sched_queue.h"

struct cpu cpus[CPU_MAX];
unsigned int cpu_count;

static unsigned long waiting[CPU_MAX / 64]; /* [a] CPUs in cpu_wait() */

bool cpu_must_leave(const struct cpu *c)
{
    return READ_ONCE(c->resched) || READ_ONCE(c->work);
}

void cpu_wait(bool (*done)(void *), void *arg)
{
    unsigned int self = arch_cpu_self();

    (void)bit_test_and_set(waiting, self);
    while (!done(arg))
        spin_relax();
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

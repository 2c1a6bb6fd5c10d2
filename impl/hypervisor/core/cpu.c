/*
 * CPUs: the loop that each of them runs.
 *
 * Interrupts may get lost: QEMU's threads race for a word at VMRUN and #VMEXIT
 * (real machines have no such race), and what waits in the local APIC is seen
 * again with the next interrupt only. So a due timer counts whether its interrupt
 * came or not, nobody sleeps for long, and each CPU watches the next one.
 */
#include "hv/arch.h"
#include "hv/console.h"
#include "sched_queue.h"

#define SLEEP_MAX_NS 100000000ULL
#define OVERDUE_NS   2000000ULL

struct cpu cpus[CPU_MAX];
unsigned int cpu_count;

static unsigned long waiting[CPU_MAX / 64]; /* [a] CPUs in cpu_wait() */

bool cpu_must_leave(const struct cpu *c)
{
    return READ_ONCE(c->resched) || READ_ONCE(c->work) ||
           arch_now_ns() >= READ_ONCE(c->timer_ns);
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

/* Another interrupt for a CPU whose timer interrupt is overdue. */
static void watch_next(const struct cpu *c)
{
    struct cpu *next = &cpus[(c->id + 1) % cpu_count];
    uint64_t due = READ_ONCE(next->timer_ns);
    uint64_t now = arch_now_ns();

    if (next == c || now < due || now - due < OVERDUE_NS)
        return;
    WRITE_ONCE(next->work, true);
    arch_cpu_kick(next->id);
}

/* Clear dirty memory while there is nothing better to do. */
static void cpu_idle(struct cpu *c)
{
    uint64_t since = arch_now_ns();

    c->idle_since_ns = since;
    WRITE_ONCE(c->idle, true);
    while (!cpu_must_leave(c) && page_scrub_some())
        continue;
    timer_wake_by(c->id, arch_now_ns() + SLEEP_MAX_NS);
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
    watch_next(c);
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

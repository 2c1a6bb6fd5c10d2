/*
 * What a CPU does when no vCPU wants it: look on for a moment, then halt.
 *
 * Two vCPUs that answer each other leave their CPUs idle for microseconds. To
 * halt and be woken by an interrupt costs far more than that, on both sides, so
 * a CPU whose last waits were short looks for work itself first (the waker sees
 * that it is not away, and sends no interrupt). How long follows what it found:
 * it doubles after a short halt, up to POLL_MAX_NS, and ends after a long one.
 */
#include "x86/insn.h"
#include "x86/lapic.h"
#include "x86/percpu.h"

#include "hv/arch.h"

#define POLL_MIN_NS 10000
#define POLL_MAX_NS 100000

static void poll(const struct cpu *c, uint64_t end_ns)
{
    while (!cpu_must_leave(c) && arch_now_ns() < end_ns)
        interrupts_take();
}

static void wait_halted(const struct cpu *c)
{
    /* Interrupts are off from here to STI: what comes after it ends HLT. */
    cpu_kick_accept();
    cpu_away_begin();
    /* QEMU may have lost the signal of an interrupt that waits in the IRR. */
    lapic_look_again();
    if (!cpu_must_leave(c))
        interrupts_on_and_halt();
    interrupts_off();
    cpu_away_end();
}

static uint64_t next_poll_ns(uint64_t poll_ns, uint64_t waited_ns)
{
    if (waited_ns > 4 * POLL_MAX_NS)
        return 0;
    if (waited_ns <= poll_ns || waited_ns > POLL_MAX_NS)
        return poll_ns;
    return MIN(MAX(poll_ns * 2, POLL_MIN_NS), POLL_MAX_NS);
}

void arch_cpu_idle(struct cpu *c)
{
    struct percpu *p = percpu_self();
    uint64_t start_ns = arch_now_ns();

    if (p->poll_ns)
        poll(c, start_ns + p->poll_ns);
    if (!cpu_must_leave(c))
        wait_halted(c);
    p->poll_ns = next_poll_ns(p->poll_ns, arch_now_ns() - start_ns);
}

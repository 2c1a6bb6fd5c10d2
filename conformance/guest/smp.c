/* Other vCPUs: started through INIT and SIPI, then given functions to run. */
#include "cpu.h"

enum {
    AP_START = 0x8000, /* a page below 1 MiB for the 16-bit entry */
    STACK_PAGES = 4,
    ICR_ASSERT = 1 << 14,
    ICR_INIT = 5 << 8,
    ICR_STARTUP = 6 << 8,
    NAP_NS = 300000,
    VECTOR_KICK = 0xf0,
    KICK_AGAIN_NS = 5000000,
    LEFT_NS = 1000000000,
};

extern const char ap_start[], ap_start_end[];
extern uint64_t start_stack;
void cpu_main(void) __attribute__((noreturn));

static unsigned starting;
static volatile bool go_on, given_up;

void lapic_send(unsigned nr, uint32_t command)
{
    lapic_write(LAPIC_ICR_HIGH, nr * 2 << 24); /* APIC id of Xen's vCPUs */
    lapic_write(LAPIC_ICR, command | ICR_ASSERT);
}

unsigned cpu_count(void)
{
    unsigned n = 0;

    while (n < CPUS_MAX &&
           CALL3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, n, NULL) >= 0)
        n++;
    return n;
}

void cpu_prepare(unsigned nr)
{
    starting = nr;
    start_stack =
        (uintptr_t)pages_new(STACK_PAGES, 1) + STACK_PAGES * PAGE_BYTES;
}

void cpu_start(unsigned nr)
{
    if (cpu_of(nr)->up)
        return;
    if (nr >= cpu_count())
        test_skip("the domain has too few vCPUs");
    cpu_prepare(nr);
    bytes_copy((void *)AP_START, ap_start, (size_t)(ap_start_end - ap_start));
    lapic_send(nr, ICR_INIT);
    lapic_send(nr, ICR_STARTUP | AP_START / PAGE_BYTES);
    lapic_send(nr, ICR_STARTUP | AP_START / PAGE_BYTES);
    AWAIT(cpu_of(nr)->up);
}

/*
 * QEMU loses an interrupt to a processor now and then, and what the processor
 * below us waits for may never come. Another interrupt makes up for it, so who
 * waits for long sends one to all vCPUs.
 */
void let_others_run(void)
{
    static uint64_t again;
    uint64_t now = clock_ns();

    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    if (this_cpu()->nr || now < again)
        return;
    for (unsigned i = 1; i < CPUS_MAX && again; i++)
        if (cpu_of(i)->up)
            lapic_send(i, VECTOR_KICK);
    again = now + KICK_AGAIN_NS;
}

/*
 * Short, by a timer: QEMU loses an interrupt to a processor that halts now and
 * then, and a processor that only idles would never answer the hypervisor.
 */
static void nap(void)
{
    struct sched_poll p = {.timeout = clock_ns() + NAP_NS};

    CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
    __asm__ volatile("sti; nop; nop; cli" ::: "memory");
}

/* The life of a vCPU: wait for a job, do it, say how it came out. */
void cpu_main(void)
{
    struct cpu *c = cpu_of(starting);

    cpu_setup(starting);
    __atomic_store_n(&c->up, true, __ATOMIC_RELEASE);
    for (;;) {
        while (!__atomic_load_n(&c->job, __ATOMIC_ACQUIRE))
            nap();
        c->job_outcome = test_guard(c->job, c->job_arg, &c->job_result);
        __atomic_store_n(&c->job, NULL, __ATOMIC_RELEASE);
    }
}

void cpu_run(unsigned nr, long (*fn)(void *arg), void *arg)
{
    struct cpu *c = cpu_of(nr);

    cpu_start(nr);
    CHECK(!c->job);
    go_on = true;
    given_up = false;
    c->job_arg = arg;
    __atomic_store_n(&c->job, fn, __ATOMIC_RELEASE);
}

bool cpu_done(unsigned nr)
{
    return !__atomic_load_n(&cpu_of(nr)->job, __ATOMIC_ACQUIRE);
}

bool cpu_go_on(void)
{
    return go_on;
}

long cpu_wait(unsigned nr)
{
    go_on = false;
    AWAIT(cpu_done(nr));
    test_follow(&cpu_of(nr)->job_outcome);
    return cpu_of(nr)->job_result;
}

void cpus_end(void)
{
    uint64_t end = clock_ns() + LEFT_NS;

    go_on = false;
    given_up = true;
    for (unsigned i = 1; i < CPUS_MAX; i++)
        while (!cpu_done(i) && clock_ns() < end)
            cpu_relax();
}

bool cpus_given_up(void)
{
    return given_up && this_cpu()->nr;
}

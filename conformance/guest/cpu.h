/*
 * vCPUs: their own data, interrupts, and functions run on others.
 *
 * Interrupts are off except in cpu_idle_ns() and on vCPUs that wait for work.
 */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include "abi.h"

enum {
    CPUS_MAX = 8,
    VECTORS = 256,
    CALLBACK_VECTOR = 0xf3, /* upcalls of the domain; taking one ends it */
    UPCALL_VECTOR = 0xf4,   /* upcalls of a vCPU */
    LAPIC_ID = 0x20,
    LAPIC_VERSION = 0x30,
    LAPIC_TPR = 0x80,
    LAPIC_EOI = 0xb0,
    LAPIC_SPURIOUS = 0xf0,
    LAPIC_ISR = 0x100,
    LAPIC_IRR = 0x200,
    LAPIC_ERROR = 0x280,
    LAPIC_ICR = 0x300,
    LAPIC_ICR_HIGH = 0x310,
    LAPIC_TIMER = 0x320,
    LAPIC_TIMER_START = 0x380,
    LAPIC_TIMER_NOW = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
    MSR_APIC_BASE = 0x1b,
    MSR_EFER = 0xc0000080,
};

/* What traps.c finds on the stack. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx,
        rax, vector, error, rip, cs, rflags, rsp, ss;
};

struct cpu {
    struct cpu *self;
    void *rescue; /* of attempt() */
    unsigned nr;
    const struct vcpu_info *info; /* NULL: in the shared page */
    struct trap_frame trap;       /* the last exception */
    uint64_t trap_address;
    volatile unsigned interrupts[VECTORS]; /* how often each came */
    void *giving_up[5];                    /* of __builtin_setjmp */
    struct outcome outcome;
    /* Work for a vCPU that waits: set job last, taken when it is NULL again. */
    long (*job)(void *arg);
    void *job_arg;
    long job_result;
    struct outcome job_outcome;
    volatile bool up;
};

struct cpu *this_cpu(void);
struct cpu *cpu_of(unsigned nr);

/* Makes this vCPU able to run tests: its data, tables, local APIC. */
void cpu_setup(unsigned nr);

/* Starts another vCPU through INIT and SIPI, unless it runs already. */
void cpu_start(unsigned nr);
/* A place for it to begin: see VCPUOP_initialise. */
void cpu_prepare(unsigned nr);
/* Runs fn there; cpu_wait() is what it returned, and fails as it failed. */
void cpu_run(unsigned nr, long (*fn)(void *arg), void *arg);
bool cpu_done(unsigned nr);
/* Functions that run until they are told to end ask this; cpu_wait() ends them. */
bool cpu_go_on(void);
/* Ends what a failed test left running, which sees that it is given up. */
void cpus_end(void);
long cpu_wait(unsigned nr);
static inline long cpu_call(unsigned nr, long (*fn)(void *arg), void *arg)
{
    cpu_run(nr, fn, arg);
    return cpu_wait(nr);
}
/* How many vCPUs this domain may start. */
unsigned cpu_count(void);

/* Interrupts on for at least that long. */
void cpu_idle_ns(uint64_t ns);
/* Interrupts on until one of the vector came; false after SECONDS_MAX. */
bool cpu_await_interrupt(unsigned vector);

uint32_t lapic_read(unsigned reg);
void lapic_write(unsigned reg, uint32_t value);
/* Sends an IPI to a vCPU: the low half of the command. */
void lapic_send(unsigned nr, uint32_t command);

/* Calls fn(a, b) in ring 3: how it ended, FAULTED - VECTOR_UD when it returned. */
long user_attempt(long (*fn)(long a, long b), long a, long b);
/* The same, for what must return: what it returned. */
long user_call(long (*fn)(long a, long b), long a, long b);

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

struct leaf {
    uint32_t a, b, c, d;
};

static inline struct leaf cpuid(uint32_t nr, uint32_t sub)
{
    struct leaf l = {.a = nr, .c = sub};

    __asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l;
}

static inline uint64_t msr_get(uint32_t nr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(nr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void msr_set(uint32_t nr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(nr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* Through attempt(): what the register held; NULL: it cannot be read. */
bool msr_try_get(uint32_t nr, uint64_t *value);
/* Whether the value can be written. */
bool msr_try_set(uint32_t nr, uint64_t value);

#endif

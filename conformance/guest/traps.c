/* Exceptions and interrupts of every vCPU, and what attempt() makes of them. */
#include "console.h"
#include "cpu.h"
#include "guest.h"

enum {
    STUB_BYTES = 16,
    IDT_INTERRUPT = 0x8e00,
    IDT_USER = 0x6000, /* ring 3 may raise it */
    LAPIC_AT = 0xfee00000,
    TSS_BYTES = 104,
    TSS_SELECTOR = 48,
    MSR_GS_BASE = 0xc0000101,
    VECTOR_NMI = 2,
    RFLAGS_IF = 1 << 9,
};

extern char trap_stubs[], attempt_rescue[];
extern uint64_t gdt_tss[];
long attempt_raw(long (*fn)(void *arg), void *arg, void **rescue);
long user_enter(const void *rip, void *rsp, long a, long b);
void guest_trap(struct trap_frame *frame);

static struct {
    uint16_t low, selector, flags, middle;
    uint32_t high, zero;
} idt[VECTORS];

static struct cpu cpus[CPUS_MAX];
static uint8_t tss[CPUS_MAX][TSS_BYTES] __attribute__((aligned(16)));

struct cpu *cpu_of(unsigned nr)
{
    return &cpus[nr];
}

struct cpu *this_cpu(void)
{
    struct cpu *c;

    __asm__("mov %%gs:0, %0" : "=r"(c));
    return c;
}

uint32_t lapic_read(unsigned reg)
{
    return *(volatile uint32_t *)(uintptr_t)(LAPIC_AT + reg);
}

void lapic_write(unsigned reg, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(LAPIC_AT + reg) = value;
}

static void fill_idt(void)
{
    for (int i = 0; i < VECTORS; i++) {
        uintptr_t at = (uintptr_t)trap_stubs + (uintptr_t)i * STUB_BYTES;

        idt[i].low = (uint16_t)at;
        idt[i].selector = 8;
        idt[i].flags = IDT_INTERRUPT;
        idt[i].middle = (uint16_t)(at >> 16);
        idt[i].high = (uint32_t)(at >> 32);
    }
    idt[VECTOR_BP].flags |= IDT_USER;
}

static void load_idt(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

/* A stack for what interrupts ring 3. */
static void load_tss(unsigned nr)
{
    uint64_t at = (uintptr_t)tss[nr];
    uint64_t stack = (uintptr_t)page_new() + PAGE_BYTES;

    bytes_copy(&tss[nr][4], &stack, sizeof(stack));
    gdt_tss[2 * nr] = (TSS_BYTES - 1) | (at & 0xffffff) << 16 | 0x89ul << 40 |
                      (at >> 24 & 0xff) << 56;
    gdt_tss[2 * nr + 1] = at >> 32;
    __asm__ volatile("ltr %w0" ::"r"(TSS_SELECTOR + 16 * nr));
}

void cpu_setup(unsigned nr)
{
    struct cpu *c = &cpus[nr];

    if (!idt[0].selector)
        fill_idt();
    c->self = c;
    c->nr = nr;
    msr_set(MSR_GS_BASE, (uintptr_t)c);
    load_idt();
    load_tss(nr);
    lapic_write(LAPIC_SPURIOUS, 0x1ff);
}

/* The local APIC waits for an answer where it delivered the vector. */
static void acknowledge(unsigned vector)
{
    if (lapic_read(LAPIC_ISR + vector / 32 * 16) >> vector % 32 & 1)
        lapic_write(LAPIC_EOI, 0);
}

static void say_trap(const struct trap_frame *f, uint64_t address)
{
    line_begin("ABI trap vector ");
    line_number((long)f->vector);
    line_text(" rip ");
    line_number((long)f->rip);
    line_text(" error ");
    line_number((long)f->error);
    line_text(" address ");
    line_number((long)address);
    line_end();
}

static void die(const struct trap_frame *f, uint64_t address)
{
    if (in_control)
        say_trap(f, address);
    else
        guest_report_trap(f);
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
              &(struct sched_shutdown){SHUTDOWN_crash});
}

void guest_trap(struct trap_frame *frame)
{
    struct cpu *c = this_cpu();

    if (frame->vector >= 32 || frame->vector == VECTOR_NMI) {
        c->interrupts[frame->vector]++;
        if (frame->vector == CALLBACK_VECTOR || frame->vector == UPCALL_VECTOR)
            shared_info->vcpu_info[c->nr].evtchn_upcall_pending =
                0; /* or again */
        if (frame->vector >= 32)
            acknowledge((unsigned)frame->vector);
        return;
    }
    __asm__ volatile("mov %%cr2, %0" : "=r"(c->trap_address));
    if (!c->rescue)
        die(frame, c->trap_address);
    c->trap = *frame;
    frame->rax = (uint64_t)(FAULTED - (long)frame->vector);
    frame->rip = (uintptr_t)attempt_rescue;
    frame->rsp = (uintptr_t)c->rescue;
    frame->rflags = 2;
    frame->cs = 8;
    frame->ss = 16;
}

long attempt(long (*fn)(void *arg), void *arg)
{
    return attempt_raw(fn, arg, &this_cpu()->rescue);
}

/* --- Interrupts on, for a while --- */

/* The call leaves the guest: QEMU may have lost what asks the CPU to do so. */
static void open_a_moment(void)
{
    let_others_run();
    __asm__ volatile("sti; nop; nop; cli" ::: "memory");
}

void cpu_idle_ns(uint64_t ns)
{
    uint64_t end = clock_ns() + ns;

    do
        open_a_moment();
    while (clock_ns() < end);
}

bool cpu_await_interrupt(unsigned vector)
{
    struct cpu *c = this_cpu();
    uint64_t end = clock_ns() + SECONDS_MAX * 1000000000ul;

    while (!c->interrupts[vector] && clock_ns() < end && !cpus_given_up())
        open_a_moment();
    return c->interrupts[vector] > 0;
}

/* --- Ring 3 --- */

struct user {
    long (*fn)(long a, long b);
    long a, b;
    uint64_t *stack;
};

/* Where a function of ring 3 returns to: #UD, with its result in %rax. */
static void user_return(void)
{
    __asm__ volatile("ud2");
}

static long enter(void *arg)
{
    struct user *u = arg;

    return user_enter(u->fn, u->stack, u->a, u->b);
}

long user_attempt(long (*fn)(long a, long b), long a, long b)
{
    struct user u = {fn, a, b, page_new()};

    u.stack += PAGE_BYTES / sizeof(*u.stack) - 2;
    *u.stack = (uintptr_t)user_return;
    return attempt(enter, &u);
}

long user_call(long (*fn)(long a, long b), long a, long b)
{
    SAME(user_attempt(fn, a, b), FAULTED - VECTOR_UD);
    return (long)this_cpu()->trap.rax;
}

/* --- Registers that may not be there --- */

struct msr {
    uint32_t nr;
    uint64_t value;
};

static long try_get(void *arg)
{
    struct msr *m = arg;

    m->value = msr_get(m->nr);
    return 0;
}

static long try_set(void *arg)
{
    const struct msr *m = arg;

    msr_set(m->nr, m->value);
    return 0;
}

bool msr_try_get(uint32_t nr, uint64_t *value)
{
    struct msr m = {nr, 0};
    long rc = attempt(try_get, &m);

    if (value)
        *value = m.value;
    return !rc;
}

bool msr_try_set(uint32_t nr, uint64_t value)
{
    struct msr m = {nr, value};

    return !attempt(try_set, &m);
}

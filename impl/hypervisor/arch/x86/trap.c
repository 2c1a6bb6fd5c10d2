/*
 * IDT and the dispatch of exceptions; interrupts go to irq.c, what cannot be
 * explained to panic.c.
 */
#include "x86/trap.h"

#include "x86/insn.h"
#include "x86/irq.h"
#include "x86/layout.h"
#include "x86/panic.h"
#include "x86/percpu.h"

struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct idt_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define IDT_GATES       256
#define GATE_INTERRUPT  0x8e /* present, ring 0, interrupts off inside */
#define TRAP_STUB_BYTES 16

extern const uint8_t trap_stubs[IDT_GATES][TRAP_STUB_BYTES];

static struct idt_gate idt[IDT_GATES];

static_assert(sizeof(struct idt_gate) == 16, "APM 2 figure 4-24");

static uint8_t ist_of(unsigned int vector)
{
    static const uint8_t ist[TRAP_LIMIT] = {
        [TRAP_NMI] = IST_NMI,
        [TRAP_DOUBLE_FAULT] = IST_DF,
        [TRAP_MACHINE_CHECK] = IST_MC,
    };

    return vector < TRAP_LIMIT ? ist[vector] : 0;
}

void trap_init(void)
{
    for (unsigned int i = 0; i < IDT_GATES; i++) {
        uint64_t to = (uintptr_t)trap_stubs[i];

        idt[i] = (struct idt_gate){
            .offset_low = (uint16_t)to,
            .selector = HOST_CS,
            .ist = ist_of(i),
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(to >> 16),
            .offset_high = (uint32_t)(to >> 32),
        };
    }
}

void trap_load_idt(void)
{
    struct idt_pointer p = {sizeof(idt) - 1, (uintptr_t)idt};

    asm volatile("lidt %0" : : "m"(p));
}

/* A fault of rdmsr_safe() or wrmsr_safe() makes them return false. */
static bool msr_fault_fix(struct trap_frame *f)
{
    if (f->vector != TRAP_GP_FAULT)
        return false;
    if (f->rip != (uintptr_t)rdmsr_safe_insn &&
        f->rip != (uintptr_t)wrmsr_safe_insn)
        return false;
    f->rip = (uintptr_t)msr_safe_failed;
    return true;
}

void trap_dispatch(struct trap_frame *f)
{
    if (f->vector >= TRAP_LIMIT)
        irq_dispatch((unsigned int)f->vector);
    else if (!msr_fault_fix(f))
        trap_report(f);
}

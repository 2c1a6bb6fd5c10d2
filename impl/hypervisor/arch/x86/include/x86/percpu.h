/*
 * What each CPU has for itself, reached through the GS base, and its tables.
 *
 * The GS base is the hypervisor's whenever hypervisor code runs with GIF set or
 * calls C: who lets a guest change it puts it back first (VMLOAD).
 */
#ifndef X86_PERCPU_H
#define X86_PERCPU_H

#include "base/types.h"

struct trap_frame;

#define IST_STACK_BYTES 4096
#define CPU_STACK_BYTES 16384

/* Stacks that the CPU switches to whatever state it was in (APM 2 8.9.4). */
enum ist { IST_NMI = 1, IST_MC, IST_DF, IST_LIMIT };

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap;
} __attribute__((packed));

struct percpu {
    struct percpu *self;            /* [I] at GS:0 */
    unsigned int cpu;               /* [I] index, at GS:8 */
    uint32_t apic_id;               /* [I] */
    uintptr_t stack;                /* [I] CPU_STACK_BYTES */
    int64_t tsc_offset;             /* [I] add to the TSC: boot CPU's TSC */
    const struct trap_frame *fault; /* [own CPU] being reported */
    unsigned int panics;            /* [own CPU] nesting of the report */
    bool away;                      /* [a] in the guest or halted */
    bool kicked;                    /* [a] since it last looked for work */
    uint64_t icr_tsc;               /* [own CPU] when it last sent an IPI */
    uint64_t poll_ns;               /* [own CPU] before it halts (idle.c) */
    paddr_t vmsave_pa;              /* [I] VMSAVE of the host's own state */
    struct tss tss;
    uint64_t gdt[5];
    uint8_t ist_stack[IST_LIMIT - 1][IST_STACK_BYTES]
        __attribute__((aligned(16)));
};

static inline struct percpu *percpu_self(void)
{
    struct percpu *p;

    asm("movq %%gs:0, %0" : "=r"(p));
    return p;
}

/* Fill 'p' for CPU 'cpu' running on 'stack', and load it: GDT, TSS, IDT, GS. */
void percpu_init(struct percpu *p, unsigned int cpu, uintptr_t stack);
void percpu_load(struct percpu *p);

extern struct percpu percpu_boot; /* of CPU 0 */

/*
 * Kicks without IPIs while the target is in the hypervisor (arch_cpu_kick()):
 * it clears 'kicked' before it looks for work and events, and goes away through
 * cpu_away_begin(), which turns a kick that came in between into an interrupt.
 */
void cpu_away_begin(void);

static inline void cpu_away_end(void)
{
    WRITE_ONCE(percpu_self()->away, false);
}

static inline void cpu_kick_accept(void)
{
    if (READ_ONCE(percpu_self()->kicked))
        (void)__atomic_exchange_n(&percpu_self()->kicked, false,
                                  __ATOMIC_SEQ_CST);
}

/* By CPU index; NULL when there is no such CPU. */
struct percpu *percpu_of(unsigned int cpu);

#endif

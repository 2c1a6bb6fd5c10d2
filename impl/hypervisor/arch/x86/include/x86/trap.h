/*
 * Exceptions and interrupts as the entry code saves them (entry.S).
 */
#ifndef X86_TRAP_H
#define X86_TRAP_H

#include "base/types.h"

enum trap {
    TRAP_NMI = 2,
    TRAP_DOUBLE_FAULT = 8,
    TRAP_GP_FAULT = 13,
    TRAP_PAGE_FAULT = 14,
    TRAP_MACHINE_CHECK = 18,
    TRAP_LIMIT = 32,
};

struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Build the IDT, shared by all CPUs. */
void trap_init(void);
void trap_load_idt(void);
/* From entry.S, interrupts off. */
void trap_dispatch(struct trap_frame *f);

/* MSRs that may not exist: false when the access faulted. */
bool rdmsr_safe(uint32_t msr, uint64_t *out);
bool wrmsr_safe(uint32_t msr, uint64_t value);

/* Where the safe accesses fault and go on (entry.S). */
extern const uint8_t rdmsr_safe_insn[], wrmsr_safe_insn[], msr_safe_failed[];

#endif

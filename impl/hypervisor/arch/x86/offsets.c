/*
 * Structure offsets that assembly needs; compiled to text, never linked.
 */
#include "x86/regs.h"

#define DEFINE(n, v) asm volatile(".ascii \"->" #n " %c0\"" : : "i"(v))
#define DEFINE_GPR(n, i) \
    DEFINE(n, offsetof(struct x86_regs, gpr) + (i) * sizeof(uint64_t))

void offsets(void);

void offsets(void)
{
    DEFINE_GPR(REGS_RCX, GPR_RCX);
    DEFINE_GPR(REGS_RDX, GPR_RDX);
    DEFINE_GPR(REGS_RBX, GPR_RBX);
    DEFINE_GPR(REGS_RBP, GPR_RBP);
    DEFINE_GPR(REGS_RSI, GPR_RSI);
    DEFINE_GPR(REGS_RDI, GPR_RDI);
    DEFINE_GPR(REGS_R8, 8);
    DEFINE_GPR(REGS_R9, 9);
    DEFINE_GPR(REGS_R10, 10);
    DEFINE_GPR(REGS_R11, 11);
    DEFINE_GPR(REGS_R12, 12);
    DEFINE_GPR(REGS_R13, 13);
    DEFINE_GPR(REGS_R14, 14);
    DEFINE_GPR(REGS_R15, 15);
}

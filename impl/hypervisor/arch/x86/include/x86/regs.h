/*
 * Architectural constants and register sets of a vCPU, whatever the vendor.
 */
#ifndef X86_REGS_H
#define X86_REGS_H

#include "x86/msr.h"

#include "base/types.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_WP BIT(16)
#define CR0_PG BIT(31)

#define CR4_PAE        BIT(5)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_OSXSAVE    BIT(18)
#define CR4_PKE        BIT(22)

#define EFER_SCE   BIT(0)
#define EFER_LME   BIT(8)
#define EFER_LMA   BIT(10)
#define EFER_NX    BIT(11)
#define EFER_SVME  BIT(12)
#define EFER_FFXSR BIT(14)

#define RFLAGS_CF BIT(0)
#define RFLAGS_1  BIT(1)
#define RFLAGS_PF BIT(2)
#define RFLAGS_AF BIT(4)
#define RFLAGS_ZF BIT(6)
#define RFLAGS_SF BIT(7)
#define RFLAGS_IF BIT(9)
#define RFLAGS_DF BIT(10)
#define RFLAGS_OF BIT(11)

#define XCR0_X87 BIT(0)
#define XCR0_SSE BIT(1)
#define XCR0_AVX BIT(2)

enum x86_exception {
    EXC_DE = 0,
    EXC_DB = 1,
    EXC_NMI = 2,
    EXC_BP = 3,
    EXC_OF = 4,
    EXC_UD = 6,
    EXC_NM = 7,
    EXC_DF = 8,
    EXC_SS = 12,
    EXC_GP = 13,
    EXC_PF = 14,
    EXC_AC = 17,
    EXC_MC = 18,
};

/* General registers, in the order of their instruction encoding. */
enum x86_gpr {
    GPR_RAX,
    GPR_RCX,
    GPR_RDX,
    GPR_RBX,
    GPR_RSP,
    GPR_RBP,
    GPR_RSI,
    GPR_RDI,
    GPR_R8,
    GPR_R9,
    GPR_R10,
    GPR_NR = 16
};

struct x86_regs {
    uint64_t gpr[GPR_NR];
    uint64_t rip;
    uint64_t rflags;
};

/* 'attr': bits 0-7 are descriptor bits 40-47, bits 8-11 are 52-55; the same in
   the VMCB (APM 2 15.5.1) and in hvm/save.h. */
struct x86_segment {
    uint16_t sel;
    uint16_t attr;
    uint32_t limit;
    uint64_t base;
};

#define SEG_ATTR_L BIT(9)
#define SEG_ATTR_D BIT(10)

enum x86_sreg {
    SREG_ES,
    SREG_CS,
    SREG_SS,
    SREG_DS,
    SREG_FS,
    SREG_GS,
    SREG_TR,
    SREG_LDTR,
    SREG_GDTR,
    SREG_IDTR,
    SREG_NR
};

/* What is not in general registers: read and written as a whole, off the hot
   path (bring-up, INIT, save and restore). */
struct x86_state {
    struct x86_segment seg[SREG_NR];
    uint64_t cr0, cr2, cr3, cr4, efer, dr6, dr7;
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat;
};

#define PAT_RESET 0x0007040600070406UL

#endif

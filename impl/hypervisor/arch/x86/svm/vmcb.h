/*
 * The virtual machine control block (APM 2 appendix B) and what svm/ shares.
 */
#ifndef X86_SVM_VMCB_H
#define X86_SVM_VMCB_H

#include "x86/vcpu.h"

/* Intercept words 0x00c and 0x010. */
#define INT1_INTR        BIT(0)
#define INT1_NMI         BIT(1)
#define INT1_SMI         BIT(2)
#define INT1_INIT        BIT(3)
#define INT1_VINTR       BIT(4)
#define INT1_CPUID       BIT(18)
#define INT1_RSM         BIT(19)
#define INT1_IRET        BIT(20)
#define INT1_INVD        BIT(22)
#define INT1_PAUSE       BIT(23)
#define INT1_HLT         BIT(24)
#define INT1_INVLPGA     BIT(26)
#define INT1_IOIO        BIT(27)
#define INT1_MSR         BIT(28)
#define INT1_TASK_SWITCH BIT(29)
#define INT1_FERR        BIT(30)
#define INT1_SHUTDOWN    BIT(31)
#define INT2_VMRUN       BIT(0)
#define INT2_VMMCALL     BIT(1)
#define INT2_VMLOAD      BIT(2)
#define INT2_VMSAVE      BIT(3)
#define INT2_STGI        BIT(4)
#define INT2_CLGI        BIT(5)
#define INT2_SKINIT      BIT(6)
#define INT2_ICEBP       BIT(8)
#define INT2_WBINVD      BIT(9)
#define INT2_MONITOR     BIT(10)
#define INT2_MWAIT       BIT(11)
#define INT2_MWAIT_ARMED BIT(12)
#define INT2_XSETBV      BIT(13)
#define INT2_RDPRU       BIT(14)

#define TLB_KEEP      0
#define TLB_FLUSH_ALL 1

#define VINTR_TPR_MASK  0x0fUL
#define VINTR_IRQ       BIT(8)
#define VINTR_PRIO(p)   ((uint64_t)(p) << 16)
#define VINTR_IGN_TPR   BIT(20)
#define VINTR_MASKING   BIT(24)
#define VINTR_VECTOR(v) ((uint64_t)(v) << 32)

#define INT_SHADOW BIT(0)

#define NP_ENABLE BIT(0)

/* EVENTINJ and EXITINTINFO. */
#define EVENT_TYPE_SHIFT 8
#define EVENT_ERROR      BIT(11)
#define EVENT_VALID      BIT(31)

#define EXIT_CODE_INVALID 0xffffffffU /* TCG writes the low half only */

struct vmcb {
    uint32_t intercept_cr;
    uint32_t intercept_dr;
    uint32_t intercept_exceptions;
    uint32_t intercept1;
    uint32_t intercept2;
    uint32_t intercept3;
    uint8_t reserved0[0x03c - 0x018];
    uint16_t pause_threshold;
    uint16_t pause_count;
    uint64_t iopm_base;
    uint64_t msrpm_base;
    uint64_t tsc_offset;
    uint32_t asid;
    uint8_t tlb_control;
    uint8_t reserved1[3];
    uint64_t vintr;
    uint64_t interrupt_shadow;
    uint64_t exit_code;
    uint64_t exit_info1;
    uint64_t exit_info2;
    uint64_t exit_int_info;
    uint64_t np_enable;
    uint8_t reserved2[0x0a8 - 0x098];
    uint64_t event_inject;
    uint64_t n_cr3;
    uint64_t lbr_enable;
    uint64_t clean;
    uint64_t next_rip;
    uint8_t fetched[16];
    uint8_t reserved3[0x400 - 0x0e0];

    /* State save area. */
    struct x86_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t reserved4[0x4cb - 0x4a0];
    uint8_t cpl;
    uint8_t reserved5[4];
    uint64_t efer;
    uint8_t reserved6[0x548 - 0x4d8];
    uint64_t cr4;
    uint64_t cr3;
    uint64_t cr0;
    uint64_t dr7;
    uint64_t dr6;
    uint64_t rflags;
    uint64_t rip;
    uint8_t reserved7[0x5d8 - 0x580];
    uint64_t rsp;
    uint8_t reserved8[0x5f8 - 0x5e0];
    uint64_t rax;
    uint64_t star;
    uint64_t lstar;
    uint64_t cstar;
    uint64_t sfmask;
    uint64_t kernel_gs_base;
    uint64_t sysenter_cs;
    uint64_t sysenter_esp;
    uint64_t sysenter_eip;
    uint64_t cr2;
    uint8_t reserved9[0x668 - 0x648];
    uint64_t g_pat;
    uint64_t dbgctl;
    uint8_t reserved10[0x1000 - 0x678];
} __attribute__((packed, aligned(16)));

static_assert(offsetof(struct vmcb, iopm_base) == 0x040, "iopm_base");
static_assert(offsetof(struct vmcb, vintr) == 0x060, "vintr");
static_assert(offsetof(struct vmcb, np_enable) == 0x090, "np_enable");
static_assert(offsetof(struct vmcb, event_inject) == 0x0a8, "event_inject");
static_assert(offsetof(struct vmcb, next_rip) == 0x0c8, "next_rip");
static_assert(offsetof(struct vmcb, es) == 0x400, "es");
static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "cpl");
static_assert(offsetof(struct vmcb, efer) == 0x4d0, "efer");
static_assert(offsetof(struct vmcb, cr4) == 0x548, "cr4");
static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "rsp");
static_assert(offsetof(struct vmcb, rax) == 0x5f8, "rax");
static_assert(offsetof(struct vmcb, cr2) == 0x640, "cr2");
static_assert(offsetof(struct vmcb, g_pat) == 0x668, "g_pat");
static_assert(sizeof(struct vmcb) == PAGE_SIZE, "vmcb");

/* CPUID 8000_000A.EDX: what this CPU can beyond the minimum. */
#define SVM_FEATURE_NPT          BIT(0)
#define SVM_FEATURE_PAUSE_FILTER BIT(10)
#define SVM_FEATURE_PAUSE_THRESH BIT(12)
extern uint32_t svm_features; /* [I] after svm_probe() */

/* entry.S: one VMRUN with 'regs' but RAX and RSP, which the VMCB holds. */
void svm_enter(struct x86_regs *regs, paddr_t vmcb, paddr_t host);

/* exit.c: act on the exit that the VMCB describes. */
void svm_handle_exit(struct vcpu *v);

#endif

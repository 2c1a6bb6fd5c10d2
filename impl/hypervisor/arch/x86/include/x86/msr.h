/*
 * Model-specific registers that the hypervisor itself uses (APM 2 appendix A).
 */
#ifndef X86_MSR_H
#define X86_MSR_H

#define MSR_TSC            0x00000010
#define MSR_APIC_BASE      0x0000001b
#define MSR_MICROCODE      0x0000008b
#define MSR_SYSENTER_CS    0x00000174
#define MSR_SYSENTER_ESP   0x00000175
#define MSR_SYSENTER_EIP   0x00000176
#define MSR_PAT            0x00000277
#define MSR_TSC_DEADLINE   0x000006e0
#define MSR_X2APIC         0x00000800 /* + register offset / 16 */
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
#define MSR_VM_CR          0xc0010114
#define MSR_VM_HSAVE_PA    0xc0010117

#endif

/*
 * Register numbers and bits of a local APIC as the virtual one keeps them.
 */
#ifndef X86_VLAPIC_REGS_H
#define X86_VLAPIC_REGS_H

#include "x86/vcpu.h"

/* Offset / 16, and x2APIC MSR - 0x800. */
enum vlapic_reg {
    LAPIC_ID = 0x02,
    LAPIC_VERSION = 0x03,
    LAPIC_TPR = 0x08,
    LAPIC_PPR = 0x0a,
    LAPIC_EOI = 0x0b,
    LAPIC_LDR = 0x0d,
    LAPIC_DFR = 0x0e,
    LAPIC_SVR = 0x0f,
    LAPIC_ISR = 0x10,
    LAPIC_TMR = 0x18,
    LAPIC_IRR = 0x20,
    LAPIC_ESR = 0x28,
    LAPIC_ICR = 0x30,
    LAPIC_ICR2 = 0x31,
    LAPIC_LVT_TIMER = 0x32,
    LAPIC_LVT_LINT0 = 0x35,
    LAPIC_LVT_ERROR = 0x37,
    LAPIC_TMICT = 0x38,
    LAPIC_TMCCT = 0x39,
    LAPIC_TDCR = 0x3e,
    LAPIC_SELF_IPI = 0x3f,
};

#define APIC_BASE_ADDRESS 0xfee00000UL
#define APIC_BASE_BSP     BIT(8)
#define APIC_BASE_X2      BIT(10)
#define APIC_BASE_ENABLE  BIT(11)

#define SVR_ENABLE           BIT(8)
#define LVT_MASKED           BIT(16)
#define ESR_RECEIVED_ILLEGAL BIT(6)
#define ICR_BUSY             BIT(12)

enum { TIMER_ONESHOT, TIMER_PERIODIC, TIMER_DEADLINE };

bool vlapic_x2apic(const struct vlapic *l);
bool vlapic_enabled(const struct vlapic *l);

/* Saved state (hvm_record.c). */
uint32_t vlapic_divisor(const struct vlapic *l);
bool vlapic_load_base(struct vcpu *v, uint64_t base);
void vlapic_load_regs(struct vcpu *v, const uint32_t reg[VLAPIC_REGS]);

/* A write to the ICR of 'v' (vlapic_ipi.c). */
void vlapic_ipi(struct vcpu *v, uint32_t icr, uint32_t destination);

#endif

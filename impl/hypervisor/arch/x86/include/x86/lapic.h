/*
 * The host's local APICs: xAPIC by memory, x2APIC by MSRs (APM 2 chapter 16).
 */
#ifndef X86_LAPIC_H
#define X86_LAPIC_H

#include "base/types.h"

#define LAPIC_TIMER_MAX 0xffffffffU

/* Choose the mode (boot CPU, once) and map the registers. */
void lapic_init(void);
/* Enable this CPU's, everything masked but errors. */
void lapic_enable(void);
uint32_t lapic_self_id(void);
void lapic_eoi(void);
void lapic_look_again(void);

/* Largest APIC id that interrupts can be sent to (no remapping: 8 bits). */
#define LAPIC_ID_MAX 0xfeU

/* IPIs by APIC id; they return when the message was accepted. */
void lapic_send(uint32_t apic_id, unsigned int vector);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, paddr_t code);
void lapic_nmi_others(void);

/* Timer: one-shot counter, or TSC deadline mode when 'deadline' is used. */
void lapic_timer_setup(unsigned int vector, bool deadline);
void lapic_timer_start(uint32_t count); /* 0 stops */
uint32_t lapic_timer_left(void);

#endif

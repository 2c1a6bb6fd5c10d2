/*
 * The clock: the TSC, calibrated once at boot, the same on all CPUs.
 */
#ifndef X86_TIME_H
#define X86_TIME_H

#include "base/types.h"

/* Calibrate TSC and local APIC timer (boot CPU); needs ACPI and lapic_enable().
   'start' is the TSC that arch_now_ns() == 0 stands for. */
void time_init(uint64_t start);
/* This CPU's timer interrupt. */
void time_cpu_init(void);
uint64_t tsc_khz(void);
/* This CPU's TSC as the boot CPU's would read. */
uint64_t tsc_now(void);
uint64_t tsc_to_ns(uint64_t tsc); /* since boot */
uint64_t tsc_delta_to_ns(uint64_t delta);
/* The same scale as pvclock has it (public/xen.h, vcpu_time_info). */
void tsc_pvclock_scale(uint32_t *mul, int8_t *shift);
void time_wait_us(unsigned int us);

/* Agree on the TSC with the boot CPU while a CPU comes up: one side each, both
   at the same time. */
void tsc_sync_boot_side(void);
void tsc_sync_new_side(void);

#endif

/*
 * The end: what an NMI, a machine check or a fault in the hypervisor prints.
 */
#ifndef X86_PANIC_H
#define X86_PANIC_H

#include "x86/trap.h"

/* An exception nobody expects. */
void trap_report(const struct trap_frame *f) NORETURN;

/* One line to the serial port, past all locks. */
void panic_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Name of the function that holds 'address' and the offset in it; NULL: none. */
const char *symbol_find(uintptr_t address, unsigned long *offset);

/* A start-up condition that no registers explain ("this CPU has no SVM"): one
   line, then reboot or halt. */
void boot_refuse(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;

#endif

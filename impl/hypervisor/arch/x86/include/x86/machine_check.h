/*
 * Machine checks: any is fatal, so that the banks are only told and printed.
 */
#ifndef X86_MACHINE_CHECK_H
#define X86_MACHINE_CHECK_H

/* On each CPU: forget what the last boot left, report every kind of error. */
void machine_check_init(void);
/* Print this CPU's banks, for panic.c. */
void machine_check_say(void);

#endif

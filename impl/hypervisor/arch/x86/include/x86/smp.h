/*
 * Starting the other CPUs. Constants for the trampoline first: assembly includes
 * this too.
 */
#ifndef X86_SMP_H
#define X86_SMP_H

/* ap_state: who may use the stack and area that wait for the next CPU. */
#define AP_NONE    0
#define AP_OFFERED 1
#define AP_CLAIMED 2 /* by a CPU that runs */
#define AP_READY   3 /* it is set up, and waits for AP_GO */
#define AP_GO      4

#ifndef __ASSEMBLY__

#include "base/types.h"

/* Take the page below 1 MiB that secondary CPUs start in; before page_init(). */
void smp_reserve(void);
/* Start what the MADT lists and options allow; returns when each CPU runs its
   loop or was given up. */
void smp_start(void);
/* Where the command line says so, another CPU goes on as CPU 0, and this does
   not return. */
void smp_hand_over(void);

#endif

#endif

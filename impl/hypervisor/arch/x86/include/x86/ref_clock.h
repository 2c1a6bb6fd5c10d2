/*
 * Clocks of known frequency that the TSC is calibrated against: HPET, ACPI PM
 * timer, PIT, CMOS clock (ref_clock.c).
 */
#ifndef X86_REF_CLOCK_H
#define X86_REF_CLOCK_H

#include "base/types.h"

struct ref_clock {
    const char *name;   /* as the option clocksource= has it */
    bool (*init)(void); /* false: this machine has none */
    uint64_t (*read)(void);
    uint64_t mask; /* of the counter's bits */
    uint64_t hz;   /* known after init */
};

#define REF_CLOCKS 4
extern struct ref_clock ref_clocks[REF_CLOCKS]; /* best first */

#endif

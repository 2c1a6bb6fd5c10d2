/*
 * Switching the machine off (arch_poweroff() and arch_reboot() of hv/arch.h).
 */
#ifndef X86_REBOOT_H
#define X86_REBOOT_H

#include "base/types.h"

/* Find what power-off needs in the ACPI tables. */
void poweroff_init(void);
/* Have firmware hand power management over, on the boot CPU: PM1 works in ACPI
   mode only. False: it does not, and dom0 must not try. */
bool acpi_mode_enter(void);
/* SLP_TYP of S5 for PM1a; false: not known. */
bool poweroff_sleep_type(uint8_t *a);

#endif

/*
 * Switching the machine off (arch_poweroff() and arch_reboot() of hv/arch.h).
 */
#ifndef X86_REBOOT_H
#define X86_REBOOT_H

/* Find what power-off needs in the ACPI tables. */
void poweroff_init(void);

#endif

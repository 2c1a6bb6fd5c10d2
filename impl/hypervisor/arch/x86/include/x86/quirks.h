/*
 * Quirks of this machine: found at boot, asked about where something is done
 * about them (quirks.c; rows and kinds are those of impl/quirks).
 */
#ifndef X86_QUIRKS_H
#define X86_QUIRKS_H

#include "base/types.h"
#include "quirks/quirk.h"

/* Obey the option quirk=, then look at SMBIOS and the CPU. Before ACPI. */
void quirks_find(void);
/* Look at ACPI's ids and PCI devices, act at once where that is all there is to
   do, and log. While memory can still be kept from use. */
void quirks_find_devices(void);
/* MSRs of the calling CPU. */
void quirks_cpu_init(void);
/* Is a quirk of that kind on? The caller acts upon it: it counts as applied. */
bool quirk_acts(enum quirk_kind kind);

#endif

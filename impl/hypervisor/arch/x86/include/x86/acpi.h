/*
 * The machine's ACPI tables, found and parsed once at boot (acpi.c).
 */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include "base/acpi.h"

/* Find the root table, parse MADT, FADT, HPET, MCFG. */
void acpi_init(void);

/* A defect of the machine: the timer is not where the MADT says. */
void acpi_timer_override_drop(void);

/* The 'nth' table of that signature, whole and checked; NULL: none. In the direct
   map: its machine address is virt_to_maddr(). "DSDT" works too. */
const struct acpi_header *acpi_table(const char *signature, unsigned int nth);
/* Address of the root table (XSDT or RSDT) and its entries; false: no ACPI. */
bool acpi_root_get(struct acpi_root *out);

/* Parsed; NULL when the machine has no usable one. */
const struct acpi_madt *acpi_madt(void);
const struct acpi_fadt *acpi_fadt(void);
const struct acpi_hpet *acpi_hpet(void);
const struct acpi_mcfg *acpi_mcfg(void);

#endif

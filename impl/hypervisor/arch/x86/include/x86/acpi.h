/*
 * The machine's ACPI tables, found and parsed once at boot (acpi.c).
 */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include "base/acpi.h"

/* Keep the tables below 4 GiB from being overwritten, or left unmapped, where the
   memory map has RAM or nothing there. On the page tables of head.S. */
void acpi_claim(void);
/* Find the root table, parse MADT, FADT, HPET, MCFG. */
void acpi_init(void);

/* A defect of the machine: the timer is not where the MADT says. */
void acpi_timer_override_drop(void);

/* The 'nth' table of that signature, all of it mapped, its checksum right or
   not; NULL: none. In the direct map: its machine address is virt_to_maddr().
   "DSDT" works too. */
const struct acpi_header *acpi_table(const char *signature, unsigned int nth);
/* Entry 'i' of the root table, and the header there (NULL: nothing that can be
   read, or no table); false: there are no more. */
bool acpi_listed(unsigned int i, paddr_t *at, const struct acpi_header **out);
/* Is there a FADT that names no DSDT? */
bool acpi_dsdt_missing(void);

/* Parsed; NULL when the machine has no usable one. */
const struct acpi_madt *acpi_madt(void);
const struct acpi_fadt *acpi_fadt(void);
const struct acpi_hpet *acpi_hpet(void);
const struct acpi_mcfg *acpi_mcfg(void);

#endif

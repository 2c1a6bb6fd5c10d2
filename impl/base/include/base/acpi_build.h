/*
 * Writing ACPI tables for a control domain: some of its own, some after the
 * machine's (ACPI 6.4 5.2.5 RSDP, 5.2.8 XSDT, 5.2.9 FADT, 5.2.12 MADT, PCI
 * Firmware 3.2 4.1.2 MCFG).
 *
 * 'to' has room for 'room' bytes, of which nothing is read. 'like' and 'machine'
 * are tables of the machine, as long as their length says; NULL: it has none.
 * Each function returns how many bytes it wrote, 0: it does not fit.
 */
#ifndef BASE_ACPI_BUILD_H
#define BASE_ACPI_BUILD_H

#include "base/acpi.h"

size_t acpi_write_rsdp(void *to, size_t room, const struct acpi_header *like,
                       paddr_t xsdt);
size_t acpi_write_xsdt(void *to, size_t room, const struct acpi_header *like,
                       const paddr_t *table, unsigned int tables);
/* 'cpus' local APICs, whose ids are 'step' apart and below 255, and the machine's
   IO-APICs, overrides and NMI sources byte for byte; the override of interrupt 0
   only with 'timer_override'. */
size_t acpi_write_madt(void *to, size_t room, const struct acpi_header *machine,
                       unsigned int cpus, unsigned int step,
                       bool timer_override);
/* The machine's, but no window of segment 0 reaches behind bus 'last'. */
size_t acpi_write_mcfg(void *to, size_t room, const struct acpi_header *machine,
                       uint8_t last);
/* The machine's with another DSDT. */
size_t acpi_write_fadt(void *to, size_t room, const struct acpi_header *machine,
                       paddr_t dsdt);
/* A DSDT that defines nothing. */
size_t acpi_write_dsdt(void *to, size_t room, const struct acpi_header *like);

#endif

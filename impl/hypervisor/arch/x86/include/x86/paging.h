/*
 * The hypervisor's own page tables: one set for all CPUs, no user half.
 */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include "base/types.h"

/* Build and load the final tables: image with its rights, direct map of what
   boot_info says is memory (RAM, ACPI, NVS, reserved). */
void paging_init(void);
/* Load them on another CPU. */
void paging_load(void);
paddr_t paging_root(void);
/* page_init() was called: take table pages from there. */
void paging_pages_ready(void);

/* Uncached mapping of device registers, never undone; NULL: window or memory is
   out, or the range wraps. */
void *mmio_map(paddr_t start, uint64_t bytes);

/* Is all of it memory that the direct map holds? Firmware tables are read only
   after this said so. */
bool direct_mapped(paddr_t start, uint64_t bytes);

/* No machine address at or above it can be used: the CPU has no such address
   lines, or the direct map no room. */
paddr_t paging_address_limit(void);

/* Does the hypervisor itself map this address (backtraces)? */
bool address_mapped(uintptr_t va);

#endif

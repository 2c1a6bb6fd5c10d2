/*
 * The control domain: built from the boot modules, with the machine under it.
 *
 * dom0's RAM is machine RAM at its own addresses (gfn == mfn), so that devices
 * can do DMA without an IOMMU. What is no RAM of the machine is mapped to itself
 * when dom0 first touches it, but for the pages that the hypervisor emulates.
 * (owner: dom0*.c; vioapic.c, pci.c, vpci*.c for its access to devices)
 */
#ifndef X86_DOM0_H
#define X86_DOM0_H

#include "x86/io.h"

#include "hv/domain.h"

struct memory_map;

/* Create domain 0 as PVH from boot_info and let it run; panics with one clear
   line when the kernel is no PVH kernel, the initrd is truncated or memory does
   not suffice. */
void dom0_build(void);

/* Initial PVH register state: 32-bit protected mode, paging off, ebx =
   start_info (docs: arch-x86/hvm/start_info.h). Implemented by the svm side. */
void arch_vcpu_set_pvh_entry(struct vcpu *v, uint32_t eip, uint32_t ebx);

/*
 * dom0_memory.c
 */

/* What dom0_mem= asks for, given what is free: bytes at start, and the limit to
   which dom0 may grow (~0: none). False: bad text. */
bool dom0_memory_size(const char *text, uint64_t free_bytes, uint64_t *bytes,
                      uint64_t *max_bytes);
/* Take 'bytes' of free RAM from the lowest address up and map it. Panics when
   there is less. */
void dom0_memory_build(struct domain *d, uint64_t bytes);
/* Is all of [start, end) RAM of dom0? */
bool dom0_memory_owns(paddr_t start, paddr_t end);
/* Highest page aligned place for 'bytes' in dom0's RAM, ending at or before
   'under' and clear of [start, end); 0: none. */
paddr_t dom0_memory_place(uint64_t bytes, paddr_t start, paddr_t end,
                          paddr_t under);
/* Make the map that dom0 sees, with [acpi, acpi_end) of its RAM as tables. */
void dom0_memory_publish(struct domain *d, paddr_t acpi, paddr_t acpi_end);

/*
 * dom0_acpi.c: RSDP, XSDT and MADT for dom0; the machine's other tables stay
 * where they are and are listed, but for those about what it does not own.
 */
#define DOM0_ACPI_BYTES (5 * PAGE_SIZE)
/* Write to 'at' (identity mapped RAM, DOM0_ACPI_BYTES, zeroed), also when the
   machine has no ACPI; returns the address of the RSDP. */
paddr_t dom0_acpi_build(paddr_t at, unsigned int vcpus);

/*
 * dom0_mmio.c
 */

/* Nested page fault of dom0 with nothing mapped at 'gpa': true when machine MMIO
   is mapped there now and the instruction can be run again. */
bool dom0_map_mmio(struct vcpu *v, paddr_t gpa);
/* Forget a mapping made above: the page is emulated from now on. */
void dom0_trap_mmio(paddr_t start, paddr_t end);
/* Catch-all row of io.def: IO-APICs, MMCFG, MSI-X tables. */
io_fn dom0_mmio_access;

/* Ports of the old timer and interrupt controllers: see legacy.c. */
io_fn legacy_access;

/* ACPI PM1 control (pm1.c): make it trap, and the access itself. */
void pm1_trap(struct domain *d);
io_fn pm1_access;

/*
 * vioapic.c
 */
void vioapic_init(struct domain *d);
/* Is a page of registers in [start, end), page aligned? */
bool vioapic_owns(paddr_t start, paddr_t end);
bool vioapic_access(struct io_access *io);

#endif

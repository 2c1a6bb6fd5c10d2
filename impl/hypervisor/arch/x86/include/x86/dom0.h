/*
 * The control domain: built from the boot modules (owner: dom0*.c), and its
 * access to the machine (owner: pci*.c, physdev.c, vioapic.c).
 */
#ifndef X86_DOM0_H
#define X86_DOM0_H

#include "hv/domain.h"

/* Create domain 0 as PVH from boot_info; panics with one clear line when the
   kernel is no PVH kernel, the initrd is truncated or memory does not suffice. */
void dom0_build(void);

/* Initial PVH register state: 32-bit protected mode, paging off, ebx =
   start_info (docs: arch-x86/hvm/start_info.h). Implemented by the svm side. */
void arch_vcpu_set_pvh_entry(struct vcpu *v, uint32_t eip, uint32_t ebx);

#endif

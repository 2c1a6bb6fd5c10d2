/*
 * Host interrupts: vectors, IO-APIC pins, MSI messages, IPIs (owner: irq.c).
 *
 * One vector space for all CPUs. Handlers run with interrupts off, on the CPU
 * that took the interrupt, after its local APIC got the EOI; a level triggered
 * pin is masked before that EOI and stays so until ioapic_unmask().
 */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include "base/types.h"

typedef void irq_fn(unsigned int vector, void *arg);

/* Mask the 8259s and set the fixed vectors up. */
void irq_init(void);

/* A free device vector: >= 0x30, or -XEN_ENOSPC. */
int irq_vector_alloc(irq_fn *fn, void *arg);
/* No handler runs any more on this CPU; on others one that began may still. */
void irq_vector_free(unsigned int vector);
/* Called by the exception entry and by the VM-exit path for pending vectors. */
void irq_dispatch(unsigned int vector);
/* Interrupts of 'vector' are level triggered by that pin (NO_GSI: not). */
#define NO_GSI (~0U)
void irq_vector_set_level(unsigned int vector, unsigned int gsi);

/* MSI that raises 'vector' on 'cpu'. */
void msi_compose(unsigned int vector, unsigned int cpu, uint64_t *address,
                 uint32_t *data);

/* Read the IO-APICs that the MADT lists, all pins masked. */
void ioapic_init(void);
/* IO-APICs by global system interrupt. False: no such pin. */
bool ioapic_gsi_valid(unsigned int gsi);
/* Leaves the pin masked. The vector is the pin's until it is routed anew. */
void ioapic_route(unsigned int gsi, unsigned int vector, unsigned int cpu,
                  bool level, bool active_low);
void ioapic_mask(unsigned int gsi);
void ioapic_unmask(unsigned int gsi);
bool ioapic_is_masked(unsigned int gsi); /* or not there */
/* Firmware's IO-APICs, for dom0's MADT and its virtual ones. */
struct ioapic_info {
    paddr_t address;
    uint8_t id;
    unsigned int gsi_base;
    unsigned int pins;
};
unsigned int ioapic_count(void);
const struct ioapic_info *ioapic_get(unsigned int index);
/* ISA interrupt override from the MADT. */
void isa_irq_to_gsi(unsigned int isa_irq, unsigned int *gsi, bool *level,
                    bool *active_low);

#endif

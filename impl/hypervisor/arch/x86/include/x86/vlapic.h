/*
 * Virtual local APIC (owner: vlapic.c) and the virtual IO-APIC's side of it.
 */
#ifndef X86_VLAPIC_H
#define X86_VLAPIC_H

#include "hv/domain.h"

/* Guest APIC id of a vCPU: id * 2, as upstream and its MADTs have it. */
static inline uint32_t vlapic_id_of(unsigned int vcpu_id)
{
    return vcpu_id * 2;
}

/* Set 'vector' in the IRR and wake or kick the vCPU. */
void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level);

/* Deliver an MSI or IO-APIC message as hardware would: address and data in the
   MSI format (SDM 3A 10.11); logical and broadcast destinations included. */
void vlapic_message(struct domain *d, uint64_t address, uint32_t data,
                    bool level);

/* The guest ended a level interrupt: called by vlapic with no lock held. */
void vioapic_eoi(struct domain *d, uint8_t vector);

/* A line of the guest's IO-APIC (gsi) changes state: dom0's routed pins, or
   HVM_PARAM_CALLBACK_IRQ of type GSI. */
void vioapic_set_line(struct domain *d, unsigned int gsi, bool asserted);

#endif

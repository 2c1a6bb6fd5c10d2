/*
 * The vendor contract: hardware virtualisation as vcpu.c sees it. Implemented
 * by svm/; a second vendor implements the same names.
 *
 * All functions act on a vCPU that runs on this CPU and is out of the guest, or
 * that is paused.
 */
#ifndef X86_VT_H
#define X86_VT_H

#include "x86/vcpu.h"

int vt_vcpu_create(struct vcpu *v);
void vt_vcpu_destroy(struct vcpu *v);

/* Enter the guest once and handle the exit. */
void vt_run(struct vcpu *v);
/* Registers that are switched only when the vCPU changes. */
void vt_load(struct vcpu *v);
void vt_save(struct vcpu *v);

void vt_state_get(struct vcpu *v, struct x86_state *s);
void vt_state_set(struct vcpu *v, const struct x86_state *s);

/* Single fields that emulation asks for; EFER without the vendor's bits. */
enum vt_field { VT_CR0, VT_CR2, VT_CR3, VT_CR4, VT_EFER, VT_PAT };
uint64_t vt_get(const struct vcpu *v, enum vt_field f);
void vt_set(struct vcpu *v, enum vt_field f, uint64_t value);
unsigned int vt_cpl(const struct vcpu *v);
const struct x86_segment *vt_segment(const struct vcpu *v, enum x86_sreg s);
void vt_set_tsc_offset(struct vcpu *v, uint64_t offset);

/* STI or MOV SS holds interrupts off for one instruction. */
bool vt_shadow(const struct vcpu *v);
void vt_clear_shadow(struct vcpu *v);
/* Deliver at the next entry. */
void vt_inject(struct vcpu *v, const struct x86_event *e);
/* Once an interrupt can be taken: exit, or the vector goes in (1 to 255). */
enum { IRQ_WINDOW_NONE = 0, IRQ_WINDOW_EXIT = 256 };
void vt_irq_window(struct vcpu *v, uint16_t what);
/* Exit when the NMI handler returns. */
void vt_nmi_window(struct vcpu *v, bool on);

/* Rights to ports: 'map' has a bit per port, set: exit. Common map: all. */
const uint8_t *vt_io_map_all(void);
uint8_t *vt_io_map_create(void);
void vt_io_map_destroy(uint8_t *map);
paddr_t vt_io_map_address(const uint8_t *map);

#endif

/*
 * Saved state of a domain's vCPUs in the format of public/hvm/save.h.
 */
#ifndef X86_HVM_CONTEXT_H
#define X86_HVM_CONTEXT_H

#include "hv/domain.h"

/* 'd' is paused. Bytes that all records of 'd' take now. */
uint32_t hvm_context_bytes(struct domain *d);
/* Write them to the buffer at 'u' of 'caller': bytes written, or an error. */
long hvm_context_save(struct vcpu *caller, struct domain *d, uint64_t u,
                      uint32_t bytes);
int hvm_context_load(struct vcpu *caller, struct domain *d, uint64_t u,
                     uint32_t bytes);

#endif

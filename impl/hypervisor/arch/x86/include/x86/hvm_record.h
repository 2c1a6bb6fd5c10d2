/*
 * One type of state record: how it is measured, written and read (hvm_record.c).
 */
#ifndef X86_HVM_RECORD_H
#define X86_HVM_RECORD_H

#include "abi/xen.h"
#include "base/types.h"

struct vcpu;

#define HVM_RECORD_MAX 16384

struct hvm_record {
    uint16_t type;
    uint32_t bytes; /* fixed length, 0: varies */
    /* Bytes that 'v' has to save now, 0: none. NULL: always 'bytes'. */
    uint32_t (*length)(struct vcpu *v);
    void (*save)(struct vcpu *v, void *out, uint32_t bytes);
    /* 0, -XEN_EINVAL: the state is refused. */
    int (*load)(struct vcpu *v, const void *in, uint32_t bytes);
};

void hvm_header_save(struct hvm_save_header *h);
int hvm_header_check(const void *in, uint32_t bytes);

uint32_t hvm_cpu_length(struct vcpu *v);
void hvm_cpu_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_cpu_load(struct vcpu *v, const void *in, uint32_t bytes);
void hvm_lapic_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_lapic_load(struct vcpu *v, const void *in, uint32_t bytes);
void hvm_lapic_regs_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_lapic_regs_load(struct vcpu *v, const void *in, uint32_t bytes);
void hvm_mtrr_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_mtrr_load(struct vcpu *v, const void *in, uint32_t bytes);
uint32_t hvm_xsave_length(struct vcpu *v);
void hvm_xsave_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_xsave_load(struct vcpu *v, const void *in, uint32_t bytes);
/* State that we have none of: zeros out, anything in. */
void hvm_zero_save(struct vcpu *v, void *out, uint32_t bytes);
int hvm_zero_load(struct vcpu *v, const void *in, uint32_t bytes);

#endif

/*
 * CPU policies between guest buffers and the hypervisor.
 */
#ifndef X86_POLICY_OP_H
#define X86_POLICY_OP_H

#include "x86/cpuid.h"

#include "hv/domain.h"

struct policy_buffers {
    uint64_t u_leaves; /* guest address, 0: not asked for */
    uint64_t u_msrs;
    uint32_t nr_leaves; /* entries there; out: written */
    uint32_t nr_msrs;
};

struct policy_error {
    uint32_t leaf, subleaf, msr;
};

/* 0, -XEN_ENOBUFS, -XEN_EFAULT. */
int policy_out(struct vcpu *v, const struct cpu_policy *p,
               struct policy_buffers *b);
/* All or nothing: 0, or why it is refused and which entry did it. */
int policy_in(struct vcpu *v, struct cpu_policy *p,
              const struct policy_buffers *b, struct policy_error *e);

#endif

/*
 * CPUID as guests see it: the policies of domains (cpu/policy.h), made from this
 * machine.
 */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "x86/insn.h"

#include "abi/xen.h"
#include "cpu/policy.h"

struct domain;
struct vcpu;

void cpu_policy_init(void);
/* Fill with the machine's values (raw), or what HVM guests may have. */
void cpu_policy_fill(struct cpu_policy *p, enum policy_kind kind);
/* The policy of a new domain, on the heap; NULL: out of memory. */
struct cpu_policy *cpu_policy_create(bool privileged);

/* Leaves from the toolstack: cut to what is supported. On error *err_leaf and
   *err_sub name the culprit. 0, -XEN_ERANGE, -XEN_EINVAL. */
int cpu_policy_apply(struct cpu_policy *p, const struct cpu_leaf *leaf,
                     unsigned int nr, uint32_t *err_leaf, uint32_t *err_sub);

/* The machine: */
bool cpu_has_tsc_aux(void);

#endif

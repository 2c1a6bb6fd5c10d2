/*
 * CPUID as guests see it: the policy of a domain, and the machine's leaves that
 * it is made of (cpuid.def).
 */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "x86/insn.h"

#include "abi/xen.h"

struct domain;
struct vcpu;

#define CPUID_NO_SUBLEAF XEN_CPUID_NO_SUBLEAF

/* Highest leaves that guests have. */
#define CPUID_BASIC_MAX    0x0000000dU
#define CPUID_HYPERVISOR   0x40000000U
#define CPUID_HYPERVISOR2  0x40000100U
#define CPUID_EXTENDED     0x80000000U
#define CPUID_EXTENDED_MAX 0x80000021U

enum cpuid_reg { CPUID_A, CPUID_B, CPUID_C, CPUID_D, CPUID_REGS };

/* A row of cpuid.def: which bits of the machine's leaf a guest may see. */
struct cpuid_row {
    uint32_t leaf;
    uint32_t sub; /* CPUID_NO_SUBLEAF: the leaf has none */
    uint32_t mask[CPUID_REGS];
};

enum {
#define CPUID_LEAF(...) +1
    CPUID_ROWS = 0
#include "x86/cpuid.def"
#undef CPUID_LEAF
};

extern const struct cpuid_row cpuid_rows[CPUID_ROWS];

struct cpu_policy {
    uint32_t reg[CPUID_ROWS][CPUID_REGS];
    uint32_t hv_limit; /* highest leaf at 0x40000000; 0: Xen's own */
};

/* Is ECX an input of the leaf? */
bool cpuid_takes_subleaf(uint32_t leaf);
#define CPUID_NO_ROW (-1)
/* Index of the row that answers (leaf, sub), or CPUID_NO_ROW. */
int cpuid_row_find(uint32_t leaf, uint32_t sub);

enum policy_kind { POLICY_RAW, POLICY_HVM };

void cpu_policy_init(void);
/* Fill with the machine's values (raw), or what HVM guests may have. */
void cpu_policy_fill(struct cpu_policy *p, enum policy_kind kind);
/* The policy of a new domain, on the heap; NULL: out of memory. */
struct cpu_policy *cpu_policy_create(bool privileged);

/* Leaves from the toolstack: cut to what is supported. On error *err_leaf and
   *err_sub name the culprit. 0, -XEN_ERANGE, -XEN_EINVAL. */
int cpu_policy_apply(struct cpu_policy *p, const struct xen_cpuid_leaf *leaf,
                     unsigned int nr, uint32_t *err_leaf, uint32_t *err_sub);

/* Words of the feature set (public/arch-x86/cpufeatureset.h). */
#define FEATURE_WORDS 19
void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t word[FEATURE_WORDS]);

/* The machine: */
bool cpu_has_tsc_aux(void);

#endif

/*
 * What CPUID tells a guest: leaves of the machine cut by masks (cpuid.def), and
 * cut further by leaves that a toolstack gives. Pure; needs no library.
 */
#ifndef CPU_POLICY_H
#define CPU_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define CPUID_NO_SUBLEAF 0xffffffffU /* the leaf takes none */

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
#include "cpu/cpuid.def"
#undef CPUID_LEAF
};

extern const struct cpuid_row cpuid_rows[CPUID_ROWS];

struct cpu_policy {
    uint32_t reg[CPUID_ROWS][CPUID_REGS];
    uint32_t hv_limit; /* highest leaf at 0x40000000; 0: Xen's own */
};

/* The machine that policies are made of. */
struct cpu_machine {
    void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t out[CPUID_REGS]);
    uint32_t (*xstate_bytes)(uint64_t xcr0);
    uint64_t xcr0;       /* state that is switched; 0: no XSAVE */
    bool rdrand, rdseed; /* false: hidden although CPUID has them */
    bool tsc_untrusted;  /* true: no guest is told that it is invariant */
};

/* Is ECX an input of the leaf? */
bool cpuid_takes_subleaf(uint32_t leaf);
#define CPUID_NO_ROW (-1)
/* Index of the row that answers (leaf, sub), or CPUID_NO_ROW. */
int cpuid_row_find(uint32_t leaf, uint32_t sub);
/* A register of a leaf that has a row. */
uint32_t *cpu_policy_reg(struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                         enum cpuid_reg reg);

/* The machine's own values, or what HVM guests may have at most. */
enum policy_kind { POLICY_RAW, POLICY_HVM };
void cpu_policy_make(struct cpu_policy *p, const struct cpu_machine *m,
                     enum policy_kind kind);
/* What a new domain starts from, out of the most that HVM guests may have:
   with the machine's clock and topology that Linux expects when privileged. */
void cpu_policy_for(struct cpu_policy *p, const struct cpu_policy *hvm,
                    bool privileged);

/* A leaf as the toolstack gives it (struct xen_cpuid_leaf). */
struct cpu_leaf {
    uint32_t leaf, sub;
    uint32_t reg[CPUID_REGS];
};

enum cpu_policy_error {
    CPU_POLICY_OK,
    CPU_POLICY_RANGE,   /* there is no such leaf */
    CPU_POLICY_INVALID, /* its value is not possible */
};

/* Leaves over a policy, cut to what `hvm` has. On error *bad is the culprit's
   number, and the policy is spoilt. */
enum cpu_policy_error cpu_policy_change(struct cpu_policy *p,
                                        const struct cpu_policy *hvm,
                                        const struct cpu_leaf *leaf,
                                        unsigned int nr, unsigned int *bad);

/* Words of the feature set (public/arch-x86/cpufeatureset.h). */
#define FEATURE_WORDS 19
void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t word[FEATURE_WORDS]);

#endif

/*
 * CPU policies of domains on this machine: cpu/policy.h over its CPUID.
 */
#include "x86/cpuid.h"

#include "x86/quirks.h"
#include "x86/vcpu.h"

#include "hv/heap.h"

#define F7_ECX_RDPID  (1U << 22)
#define E1_EDX_RDTSCP (1U << 27)

static struct cpu_policy hvm_policy; /* [I] most that a guest may have */
static bool has_tsc_aux;             /* [I] */

static_assert(sizeof(struct cpu_leaf) == sizeof(struct xen_cpuid_leaf) &&
                  CPUID_NO_SUBLEAF == XEN_CPUID_NO_SUBLEAF,
              "public/arch-x86/xen.h");

bool cpu_has_tsc_aux(void)
{
    return has_tsc_aux;
}

static void machine_leaf(uint32_t leaf, uint32_t sub, uint32_t out[CPUID_REGS])
{
    struct cpuid_regs r = cpuid(leaf, sub);

    out[CPUID_A] = r.a;
    out[CPUID_B] = r.b;
    out[CPUID_C] = r.c;
    out[CPUID_D] = r.d;
}

void cpu_policy_fill(struct cpu_policy *p, enum policy_kind kind)
{
    const struct cpu_machine m = {
        .cpuid = machine_leaf,
        .xstate_bytes = xstate_bytes,
        .xcr0 = xstate_mask(),
        .rdrand = !quirk_acts(QUIRK_KIND_rdrand_broken),
        .rdseed = !quirk_acts(QUIRK_KIND_rdseed_broken) &&
                  !quirk_acts(QUIRK_KIND_rdrand_broken),
        .tsc_untrusted = quirk_acts(QUIRK_KIND_tsc_nodes),
    };

    cpu_policy_make(p, &m, kind);
}

void cpu_policy_init(void)
{
    cpu_policy_fill(&hvm_policy, POLICY_HVM);
    has_tsc_aux =
        *cpu_policy_reg(&hvm_policy, 0x80000001, 0, CPUID_D) & E1_EDX_RDTSCP ||
        *cpu_policy_reg(&hvm_policy, 7, 0, CPUID_C) & F7_ECX_RDPID;
}

struct cpu_policy *cpu_policy_create(bool privileged)
{
    struct cpu_policy *p = heap_alloc(sizeof(*p));

    if (p)
        cpu_policy_for(p, &hvm_policy, privileged);
    return p;
}

int cpu_policy_apply(struct cpu_policy *p, const struct cpu_leaf *leaf,
                     unsigned int nr, uint32_t *err_leaf, uint32_t *err_sub)
{
    static const int codes[] = {
        [CPU_POLICY_OK] = 0,
        [CPU_POLICY_RANGE] = -XEN_ERANGE,
        [CPU_POLICY_INVALID] = -XEN_EINVAL,
    };
    unsigned int bad;
    enum cpu_policy_error e = cpu_policy_change(p, &hvm_policy, leaf, nr, &bad);

    if (e) {
        *err_leaf = leaf[bad].leaf;
        *err_sub = leaf[bad].sub;
    }
    return codes[e];
}

/*
 * CPUID as a vCPU executes it: its domain's policy, what depends on the vCPU's
 * state, and Xen's own leaves (public/arch-x86/cpuid.h).
 */
#include "x86/cpuid.h"

#include "x86/quirks.h"
#include "x86/time.h"
#include "x86/vlapic.h"
#include "x86/vt.h"

#define HV_LEAF     0x40000000
#define HV_LEAF_MAX 0x40000004
#define HV_LEAF_END 0x400000ff

#define VERSION_MAJOR 4
#define VERSION_MINOR 17

#define F1_ECX_OSXSAVE (1U << 27)
#define F1_ECX_XSAVE   (1U << 26)
#define F1_EDX_APIC    (1U << 9)
#define F7_ECX_PKU     (1U << 3)
#define F7_ECX_OSPKE   (1U << 4)
#define TSC_RELIABLE   (1U << 1)
#define TSC_HAS_RDTSCP (1U << 2)

#define APIC_BASE_ENABLE BIT(11)

typedef void leaf_fn(struct vcpu *v, uint32_t sub, struct cpuid_regs *out);

/* --- Leaves that depend on the vCPU --- */

static void leaf_1(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    out->b |= vlapic_id_of(v->id) << 24;
    if (out->c & F1_ECX_XSAVE && vt_get(v, VT_CR4) & CR4_OSXSAVE)
        out->c |= F1_ECX_OSXSAVE;
    if (!(v->arch->lapic.base & APIC_BASE_ENABLE))
        out->d &= ~F1_EDX_APIC;
}

static void leaf_7(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    if (sub == 0 && out->c & F7_ECX_PKU && vt_get(v, VT_CR4) & CR4_PKE)
        out->c |= F7_ECX_OSPKE;
}

static void leaf_b(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    out->c = (out->c & ~0xffU) | (uint8_t)sub;
    out->d = vlapic_id_of(v->id);
}

static void leaf_d(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    if (sub == 0)
        out->b = xstate_bytes(xstate_guest_xcr0(v));
    if (sub == 1)
        out->b = 0;
}

static void leaf_80000001(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    if (!(v->arch->lapic.base & APIC_BASE_ENABLE))
        out->d &= ~F1_EDX_APIC;
}

static const struct {
    uint32_t leaf;
    leaf_fn *fn;
} adjust[] = {
    {0x00000001, leaf_1}, {0x00000007, leaf_7},        {0x0000000b, leaf_b},
    {0x0000000d, leaf_d}, {0x80000001, leaf_80000001},
};

/* --- Xen's leaves --- */

static void hv_signature(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    uint32_t limit = v->domain->arch->policy->hv_limit & 0xff;

    out->a = HV_LEAF_MAX;
    if (limit >= 2)
        out->a = MIN(out->a, HV_LEAF + limit);
    out->b = XEN_CPUID_SIGNATURE_EBX;
    out->c = XEN_CPUID_SIGNATURE_ECX;
    out->d = XEN_CPUID_SIGNATURE_EDX;
}

static void hv_version(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    out->a = VERSION_MAJOR << 16 | VERSION_MINOR;
}

static void hv_hypercall(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    out->a = 1;
    out->b = 0x40000000;
}

static void hv_time(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    const struct arch_domain *ad = v->domain->arch;
    uint64_t offset = v->arch->tsc_offset;
    int8_t shift;

    switch (sub) {
    case 0:
        out->a = (quirk_acts(QUIRK_KIND_tsc_nodes) ? 0 : TSC_RELIABLE) |
                 (cpu_has_tsc_aux() ? TSC_HAS_RDTSCP : 0);
        out->b = ad->tsc_mode;
        out->c = tsc_khz();
        out->d = ad->tsc_incarnation;
        break;
    case 1:
        out->a = offset;
        out->b = offset >> 32;
        tsc_pvclock_scale(&out->c, &shift);
        out->d = shift;
        break;
    case 2:
        out->a = tsc_khz();
        break;
    }
}

/* No UPCALL_VECTOR: stock kernels then use the direct vector, which needs no
   EOI. */
static void hv_features(struct vcpu *v, uint32_t sub, struct cpuid_regs *out)
{
    if (sub)
        return;
    out->a = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT;
    out->b = v->id;
    out->c = v->domain->id;
}

static leaf_fn *const hv_leaves[] = {
    hv_signature, hv_version, hv_hypercall, hv_time, hv_features,
};

static void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out)
{
    struct cpuid_regs limit = {0};

    hv_signature(v, 0, &limit);
    if (leaf <= limit.a)
        hv_leaves[leaf - HV_LEAF](v, sub, out);
}

/* --- */

void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub,
                 struct cpuid_regs *out)
{
    const struct cpu_policy *p = v->domain->arch->policy;
    int row = cpuid_row_find(leaf, sub);
    uint32_t max = p->reg[cpuid_row_find(leaf & 0x80000000, 0)][CPUID_A];

    *out = (struct cpuid_regs){0};
    if (leaf >= HV_LEAF && leaf <= HV_LEAF_END) {
        hv_cpuid(v, leaf, sub, out);
        return;
    }
    if (leaf > max)
        return;
    if (row >= 0)
        *out = (struct cpuid_regs){p->reg[row][CPUID_A], p->reg[row][CPUID_B],
                                   p->reg[row][CPUID_C], p->reg[row][CPUID_D]};
    for (unsigned int i = 0; i < ARRAY_SIZE(adjust); i++)
        if (adjust[i].leaf == leaf)
            adjust[i].fn(v, sub, out);
}

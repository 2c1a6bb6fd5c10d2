/*
 * CPU policies at the control interfaces: serialised leaves out and in
 * (public/domctl.h, public/sysctl.h, struct xen_cpuid_leaf).
 */
#include "x86/policy_op.h"

#include "hv/guest.h"
#include "hv/heap.h"

#include "base/string.h"

#define LEAVES_MAX 256U /* that a caller may pass */

#define MSR_PLATFORM_INFO     0xce
#define MSR_ARCH_CAPABILITIES 0x10a

/* Policies have these MSRs, all zero on AMD. */
static const uint32_t policy_msrs[] = {MSR_PLATFORM_INFO,
                                       MSR_ARCH_CAPABILITIES};

struct leaves {
    struct vcpu *v;
    const struct cpu_policy *p;
    uint64_t u;  /* guest address of the array, 0: only count */
    uint32_t nr; /* written so far */
    bool fault;
};

static void put_leaf(struct leaves *out, uint32_t leaf, uint32_t sub)
{
    struct cpu_leaf l = {.leaf = leaf, .sub = sub};
    int row = cpuid_row_find(leaf, sub);

    if (row >= 0)
        memcpy(l.reg, out->p->reg[row], sizeof(l.reg));
    if (leaf == CPUID_HYPERVISOR)
        l.reg[CPUID_A] = out->p->hv_limit;
    if (out->u &&
        guest_copy_to(out->v, out->u + out->nr * sizeof(l), &l, sizeof(l)))
        out->fault = true;
    out->nr++;
}

/* All plain leaves up to the limits, be they zero (the tools count on it), and
   the subleaves that we have rows for. */
static int write_leaves(struct vcpu *v, const struct cpu_policy *p, uint64_t u,
                        uint32_t *nr)
{
    struct leaves out = {.v = v, .p = p, .u = u};

    for (uint32_t l = 0; l <= CPUID_BASIC_MAX; l++)
        if (!cpuid_takes_subleaf(l))
            put_leaf(&out, l, CPUID_NO_SUBLEAF);
    for (unsigned int i = 0; i < CPUID_ROWS; i++)
        if (cpuid_rows[i].sub != CPUID_NO_SUBLEAF)
            put_leaf(&out, cpuid_rows[i].leaf, cpuid_rows[i].sub);
    put_leaf(&out, CPUID_HYPERVISOR, CPUID_NO_SUBLEAF);
    put_leaf(&out, CPUID_HYPERVISOR2, CPUID_NO_SUBLEAF);
    for (uint32_t l = CPUID_EXTENDED; l <= CPUID_EXTENDED_MAX; l++)
        put_leaf(&out, l, CPUID_NO_SUBLEAF);
    *nr = out.nr;
    return out.fault ? -XEN_EFAULT : 0;
}

static int write_msrs(struct vcpu *v, uint64_t u)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(policy_msrs); i++) {
        const struct xen_msr_entry e = {.idx = policy_msrs[i]};

        if (guest_copy_to(v, u + i * sizeof(e), &e, sizeof(e)))
            return -XEN_EFAULT;
    }
    return 0;
}

int policy_out(struct vcpu *v, const struct cpu_policy *p,
               struct policy_buffers *b)
{
    const uint32_t msrs = ARRAY_SIZE(policy_msrs);
    uint32_t leaves;
    int rc = write_leaves(v, p, 0, &leaves); /* counts them */

    if ((b->u_leaves && b->nr_leaves < leaves) ||
        (b->u_msrs && b->nr_msrs < msrs))
        return -XEN_ENOBUFS;
    if (!rc && b->u_leaves)
        rc = write_leaves(v, p, b->u_leaves, &leaves);
    if (!rc && b->u_msrs)
        rc = write_msrs(v, b->u_msrs);
    /* Asked for the size, callers must have room for what they may pass in. */
    b->nr_leaves = b->u_leaves ? leaves : LEAVES_MAX;
    b->nr_msrs = msrs;
    return rc;
}

static bool msr_known(const struct xen_msr_entry *e)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(policy_msrs); i++)
        if (e->idx == policy_msrs[i])
            return true;
    return false;
}

static int check_msrs(struct vcpu *v, const struct policy_buffers *b,
                      uint32_t *err_msr)
{
    for (uint32_t i = 0; i < b->nr_msrs; i++) {
        struct xen_msr_entry e;

        if (guest_copy_from(v, &e, b->u_msrs + i * sizeof(e), sizeof(e)))
            return -XEN_EFAULT;
        *err_msr = e.idx;
        if (e.flags || e.val)
            return -XEN_EINVAL;
        if (!msr_known(&e))
            return -XEN_ERANGE;
    }
    *err_msr = ~0U;
    return 0;
}

int policy_in(struct vcpu *v, struct cpu_policy *p,
              const struct policy_buffers *b, struct policy_error *e)
{
    struct cpu_leaf *leaf;
    struct cpu_policy *next;
    int rc;

    *e = (struct policy_error){~0U, ~0U, ~0U};
    if (b->nr_leaves > LEAVES_MAX || b->nr_msrs > ARRAY_SIZE(policy_msrs))
        return -XEN_E2BIG;
    rc = check_msrs(v, b, &e->msr);
    if (rc)
        return rc;
    leaf = heap_alloc(b->nr_leaves * sizeof(*leaf) + 1);
    next = heap_alloc(sizeof(*next));
    if (!leaf || !next) {
        rc = -XEN_ENOMEM;
        goto out;
    }
    rc = guest_copy_from(v, leaf, b->u_leaves, b->nr_leaves * sizeof(*leaf));
    if (rc)
        goto out;
    *next = *p;
    rc = cpu_policy_apply(next, leaf, b->nr_leaves, &e->leaf, &e->subleaf);
    if (!rc)
        *p = *next;
out:
    heap_free(leaf);
    heap_free(next);
    return rc;
}

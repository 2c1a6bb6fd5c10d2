/*
 * CPU policies at the control interfaces: serialised leaves out and in
 * (public/domctl.h, public/sysctl.h, struct xen_cpuid_leaf).
 */
#include "x86/policy_op.h"

#include "hv/guest.h"
#include "hv/heap.h"

#define LEAVES_MAX 256U /* that a caller may pass */

#define PLAIN_LEAVES \
    (CPUID_BASIC_MAX + 1 + CPUID_EXTENDED_MAX - CPUID_EXTENDED + 1)

#define MSR_PLATFORM_INFO     0xce
#define MSR_ARCH_CAPABILITIES 0x10a

/* Policies have these MSRs, all zero on AMD. */
static const uint32_t policy_msrs[] = {MSR_PLATFORM_INFO,
                                       MSR_ARCH_CAPABILITIES};

/* Leaf and subleaf of the i-th one that is handed out: all of the plain ones up
   to the limits, be they zero (the tools count on it), and the subleaves that we
   have rows for. False: there are no more. */
static bool leaf_at(unsigned int i, uint32_t *leaf, uint32_t *sub)
{
    *sub = CPUID_NO_SUBLEAF;
    if (i <= CPUID_BASIC_MAX) {
        *leaf = i;
        return true;
    }
    i -= CPUID_BASIC_MAX + 1;
    if (i <= CPUID_EXTENDED_MAX - CPUID_EXTENDED) {
        *leaf = CPUID_EXTENDED + i;
        return true;
    }
    i -= CPUID_EXTENDED_MAX - CPUID_EXTENDED + 1;
    if (i < CPUID_ROWS) {
        *leaf = cpuid_rows[i].leaf;
        *sub = cpuid_rows[i].sub;
        return true;
    }
    *leaf = i - CPUID_ROWS ? CPUID_HYPERVISOR2 : CPUID_HYPERVISOR;
    return i - CPUID_ROWS < 2;
}

/* Plain leaves come from the first loop, subleaves from the rows. */
static bool is_wanted(unsigned int i, uint32_t leaf, uint32_t sub)
{
    bool from_row = i >= PLAIN_LEAVES && i < PLAIN_LEAVES + CPUID_ROWS;

    return from_row ? sub != CPUID_NO_SUBLEAF : !cpuid_takes_subleaf(leaf);
}

static int write_leaves(struct vcpu *v, const struct cpu_policy *p, uint64_t u,
                        uint32_t *nr)
{
    struct xen_cpuid_leaf l = {0};

    *nr = 0;
    for (unsigned int i = 0; leaf_at(i, &l.leaf, &l.subleaf); i++) {
        int row = cpuid_row_find(l.leaf, l.subleaf);
        const uint32_t none[CPUID_REGS] = {0};
        const uint32_t *reg = row < 0 ? none : p->reg[row];

        if (!is_wanted(i, l.leaf, l.subleaf))
            continue;
        l.a = l.leaf == CPUID_HYPERVISOR ? p->hv_limit : reg[CPUID_A];
        l.b = reg[CPUID_B];
        l.c = reg[CPUID_C];
        l.d = reg[CPUID_D];
        if (u && guest_copy_to(v, u + *nr * sizeof(l), &l, sizeof(l)))
            return -XEN_EFAULT;
        ++*nr;
    }
    return 0;
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
    struct xen_cpuid_leaf *leaf;
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

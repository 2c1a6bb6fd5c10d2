/*
 * Linear to guest physical address by the guest's own page tables, in long mode
 * or with paging off (APM 2 5.3). A supervisor access. Guests with 32-bit page
 * tables run, but nothing of theirs is read by linear address.
 *
 * The last translation is kept until the vCPU enters the guest again: a guest
 * that changes an entry meanwhile must flush this vCPU's TLB first, which needs
 * it to run.
 */
#include "x86/vt.h"

#include "hv/guest.h"
#include "hv/p2m.h"

#define PTE_P     BIT(0)
#define PTE_RW    BIT(1)
#define PTE_PS    BIT(7)
#define PTE_ADDR  0x000ffffffffff000UL
#define VA_BITS   48
#define TOP_SHIFT 39

static bool is_canonical(uint64_t va)
{
    return (int64_t)(va << (64 - VA_BITS)) >> (64 - VA_BITS) == (int64_t)va;
}

/* A table entry; 0, not present, where there is no memory. */
static uint64_t read_entry(struct vcpu *v, paddr_t table, unsigned int index)
{
    const uint64_t *p = guest_window_at(v->domain, table + index * sizeof(*p));

    return p ? READ_ONCE(*p) : 0;
}

/* '*writable': a write may use the translation, too. */
static int walk(struct vcpu *v, uint64_t va, paddr_t *out, bool *writable)
{
    paddr_t table = vt_get(v, VT_CR3) & PTE_ADDR;
    bool rw = true;

    for (unsigned int shift = TOP_SHIFT;; shift -= 9) {
        uint64_t pte = read_entry(v, table, va >> shift & 511);
        uint64_t low = BIT(shift) - 1;

        if (!(pte & PTE_P))
            return -XEN_EFAULT;
        rw &= !!(pte & PTE_RW);
        table = pte & PTE_ADDR;
        if (shift != PAGE_SHIFT && (shift == TOP_SHIFT || !(pte & PTE_PS)))
            continue;
        *writable = rw || !(vt_get(v, VT_CR0) & CR0_WP);
        *out = (table & ~low) | (va & low);
        return 0;
    }
}

int arch_guest_walk(struct vcpu *v, uint64_t va, bool write, paddr_t *out)
{
    struct arch_vcpu *a = v->arch;
    bool writable;
    int rc;

    if (a->walk_va == (va & PAGE_MASK) && (a->walk_write || !write)) {
        *out = a->walk_pa | (va & ~PAGE_MASK);
        return 0;
    }
    if (!(vt_get(v, VT_CR0) & CR0_PG)) {
        *out = (uint32_t)va;
        return 0;
    }
    if (!(vt_get(v, VT_EFER) & EFER_LMA) || !is_canonical(va))
        return -XEN_EFAULT;
    p2m_window_open(v->domain);
    rc = walk(v, va, out, &writable);
    p2m_window_close();
    if (rc)
        return rc;
    a->walk_va = va & PAGE_MASK;
    a->walk_pa = *out & PAGE_MASK;
    a->walk_write = writable;
    return write && !writable ? -XEN_EFAULT : 0;
}

/*
 * Linear to guest physical address by the guest's own page tables: 4 and 5
 * level, PAE and plain 32-bit (APM 2 chapter 5). A supervisor access.
 *
 * The last translation is kept until the vCPU enters the guest again: a guest
 * that changes an entry meanwhile must flush this vCPU's TLB first, which needs
 * it to run.
 */
#include "x86/vt.h"

#include "hv/guest.h"
#include "hv/p2m.h"

#define PTE_P    BIT(0)
#define PTE_RW   BIT(1)
#define PTE_PS   BIT(7)
#define PTE_ADDR 0x000ffffffffff000UL
#define CR3_PAE  0xffffffe0UL
#define PDE32_HI 0x1fe000UL /* PSE-36: address bits 39-32 in bits 20-13 */

struct walk {
    uint64_t table;     /* guest physical address of the table */
    unsigned int shift; /* of the index at this level */
    unsigned int bits;  /* of the index */
    unsigned int bytes; /* of an entry */
};

static bool is_canonical(uint64_t va, unsigned int bits)
{
    return (int64_t)(va << (64 - bits)) >> (64 - bits) == (int64_t)va;
}

static struct walk walk_begin(struct vcpu *v)
{
    uint64_t cr3 = vt_cr3(v);
    uint64_t cr4 = vt_cr4(v);

    if (vt_efer(v) & EFER_LMA)
        return (struct walk){cr3 & PTE_ADDR, cr4 & CR4_LA57 ? 48 : 39, 9, 8};
    if (cr4 & CR4_PAE)
        return (struct walk){cr3 & CR3_PAE, 30, 2, 8};
    return (struct walk){cr3 & 0xfffff000UL, 22, 10, 4};
}

static uint64_t leaf_address(const struct walk *w, uint64_t pte)
{
    uint64_t address = pte & PTE_ADDR & ~(BIT(w->shift) - 1);

    if (w->bytes == 4 && w->shift == 22)
        address = (pte & 0xffc00000UL) | (pte & PDE32_HI) << 19;
    return address;
}

/* A table entry; 0, not present, where there is no memory. */
static uint64_t read_entry(struct vcpu *v, const struct walk *w, uint64_t va)
{
    uint64_t index = va >> w->shift & (BIT(w->bits) - 1);
    const void *p = guest_window_at(v->domain, w->table + index * w->bytes);

    if (!p)
        return 0;
    return w->bytes == 8 ? READ_ONCE(*(const uint64_t *)p)
                         : READ_ONCE(*(const uint32_t *)p);
}

static int walk(struct vcpu *v, uint64_t va, bool write, paddr_t *out)
{
    struct walk w = walk_begin(v);
    bool writable = true;

    for (;;) {
        uint64_t pte = read_entry(v, &w, va);
        bool large;

        if (!(pte & PTE_P))
            return -XEN_EFAULT;
        /* The top level of PAE has neither RW nor PS. */
        if (w.bits != 2)
            writable &= !!(pte & PTE_RW);
        large = w.bits != 2 && w.shift < 39 && pte & PTE_PS;
        if (w.bytes == 4 && !(vt_cr4(v) & CR4_PSE))
            large = false;
        if (w.shift == PAGE_SHIFT || large) {
            if (write && !writable && vt_cr0(v) & CR0_WP)
                return -XEN_EFAULT;
            *out = leaf_address(&w, pte) | (va & (BIT(w.shift) - 1));
            return 0;
        }
        w.table = pte & PTE_ADDR;
        w.bits = w.bytes == 4 ? 10 : 9;
        w.shift -= w.bits;
    }
}

int arch_guest_walk(struct vcpu *v, uint64_t va, bool write, paddr_t *out)
{
    struct arch_vcpu *a = v->arch;
    unsigned int bits = vt_cr4(v) & CR4_LA57 ? 57 : 48;
    int rc;

    if (a->walk_va == (va & PAGE_MASK) && (a->walk_write || !write)) {
        *out = a->walk_pa | (va & ~PAGE_MASK);
        return 0;
    }
    if (!(vt_efer(v) & EFER_LMA))
        va = (uint32_t)va;
    else if (!is_canonical(va, bits))
        return -XEN_EFAULT;
    if (!(vt_cr0(v) & CR0_PG)) {
        *out = va;
        return 0;
    }
    p2m_window_open(v->domain);
    rc = walk(v, va, write, out);
    p2m_window_close();
    if (rc)
        return rc;
    a->walk_va = va & PAGE_MASK;
    a->walk_pa = *out & PAGE_MASK;
    a->walk_write = write;
    return 0;
}

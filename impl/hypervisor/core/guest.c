/*
 * Checked copies between the hypervisor and guest memory.
 *
 * A frame is held by a reference while it is touched, so that it cannot be freed
 * to somebody else meanwhile; the p2m entry itself may change, as it may on a
 * real machine during a copy.
 */
#include "hv/guest.h"

#include "hv/arch.h"
#include "hv/p2m.h"

/* May the hypervisor read, or write, a page of this type for the guest? */
static const struct {
    bool read;
    bool write;
} allowed[P2M_TYPE_NR] = {
    [P2M_RAM_RW] = {true, true},    [P2M_RAM_RO] = {true, false},
    [P2M_LOGDIRTY] = {true, true},  [P2M_GRANT_RW] = {true, true},
    [P2M_GRANT_RO] = {true, false}, [P2M_FOREIGN] = {true, true},
    [P2M_SHARED] = {true, true},
};

/* The host address of 'gpa' with the frame's reference held, or NULL. */
static void *page_at(struct domain *d, paddr_t gpa, bool write, mfn_t *held)
{
    gfn_t gfn = _gfn(gpa >> PAGE_SHIFT);
    struct p2m_entry e;

    if (!p2m_get_page(d, gfn, &e))
        return NULL;
    if (!(write ? allowed[e.type].write : allowed[e.type].read)) {
        page_put(e.mfn);
        return NULL;
    }
    if (write && e.type == P2M_LOGDIRTY)
        p2m_mark_dirty(d, gfn);
    *held = e.mfn;
    return (char *)mfn_to_virt(e.mfn) + (gpa & ~PAGE_MASK);
}

static size_t within_page(uint64_t address, size_t bytes)
{
    return MIN(bytes, PAGE_SIZE - (address & ~PAGE_MASK));
}

int guest_phys_read(struct domain *d, void *dst, paddr_t src, size_t bytes)
{
    while (bytes) {
        size_t n = within_page(src, bytes);
        mfn_t held;
        const void *p = page_at(d, src, false, &held);

        if (!p)
            return -XEN_EFAULT;
        __builtin_memcpy(dst, p, n);
        page_put(held);
        dst = (char *)dst + n;
        src += n;
        bytes -= n;
    }
    return 0;
}

int guest_phys_write(struct domain *d, paddr_t dst, const void *src,
                     size_t bytes)
{
    while (bytes) {
        size_t n = within_page(dst, bytes);
        mfn_t held;
        void *p = page_at(d, dst, true, &held);

        if (!p)
            return -XEN_EFAULT;
        __builtin_memcpy(p, src, n);
        page_put(held);
        src = (const char *)src + n;
        dst += n;
        bytes -= n;
    }
    return 0;
}

int guest_copy_from(struct vcpu *v, void *dst, uint64_t src_va, size_t bytes)
{
    while (bytes) {
        size_t n = within_page(src_va, bytes);
        paddr_t gpa;
        int rc = arch_guest_walk(v, src_va, false, &gpa);

        if (!rc)
            rc = guest_phys_read(v->domain, dst, gpa, n);
        if (rc)
            return rc;
        dst = (char *)dst + n;
        src_va += n;
        bytes -= n;
    }
    return 0;
}

int guest_copy_to(struct vcpu *v, uint64_t dst_va, const void *src,
                  size_t bytes)
{
    while (bytes) {
        size_t n = within_page(dst_va, bytes);
        paddr_t gpa;
        int rc = arch_guest_walk(v, dst_va, true, &gpa);

        if (!rc)
            rc = guest_phys_write(v->domain, gpa, src, n);
        if (rc)
            return rc;
        src = (const char *)src + n;
        dst_va += n;
        bytes -= n;
    }
    return 0;
}

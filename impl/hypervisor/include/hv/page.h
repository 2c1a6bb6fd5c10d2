/*
 * Machine memory: buddy allocator, page ownership and references.
 *
 * All machine memory is reachable at hv_direct_base + address. Each 4 KiB frame
 * of RAM has one 'struct page' (8 bytes: the frame table is the largest part of
 * the hypervisor's own memory). A frame given to a domain starts with one
 * reference, the allocation's; each mapping made by the hypervisor, a grant
 * or a foreign map holds one more. The frame is scrubbed and freed when the last
 * one is put, and only then leaves the owner's tot_pages.
 *
 * Locking: the allocator's own lock is a leaf. References are atomic.
 */
#ifndef HV_PAGE_H
#define HV_PAGE_H

#include "base/types.h"

struct domain;

#define PAGE_ORDER_2M  9
#define PAGE_ORDER_1G  18
#define PAGE_ORDER_MAX 18

/* Owner ids beside domain ids. */
#define PAGE_OWNER_FREE 0xffff /* in the allocator, or not RAM */
#define PAGE_OWNER_HV   0xfffe /* the hypervisor itself */

enum page_flags {
    PAGE_ALLOC_ZERO = 1,  /* scrubbed: needed unless all of it is overwritten */
    PAGE_ALLOC_DMA32 = 2, /* below 4 GiB */
    PAGE_ALLOC_SHARED = 4, /* owned by the domain but not in its tot_pages
                              (shared_info, grant frames, resources) */
};

extern uintptr_t hv_direct_base; /* [I] virtual address of machine address 0 */

static inline void *maddr_to_virt(paddr_t a)
{
    return (void *)(hv_direct_base + a);
}

static inline void *mfn_to_virt(mfn_t m)
{
    return maddr_to_virt(mfn_x(m) << PAGE_SHIFT);
}

static inline paddr_t virt_to_maddr(const void *p)
{
    return (uintptr_t)p - hv_direct_base;
}

static inline mfn_t virt_to_mfn(const void *p)
{
    return _mfn(virt_to_maddr(p) >> PAGE_SHIFT);
}

/*
 * Boot. The regions are all RAM there is, in order and disjoint. The frame table
 * is carved from the upper end of the highest region that has room. Panics when
 * none has.
 */
struct page_region {
    paddr_t start; /* page aligned */
    paddr_t end;   /* exclusive, page aligned */
    bool used;     /* holds the image or a boot module: the hypervisor's, until
                      page_free() */
};
void page_init(const struct page_region *ram, unsigned int nr);

/*
 * Allocate 2^order frames, naturally aligned. With a domain they are accounted
 * (-XEN_ENOMEM past max_pages, or when other domains' claims forbid it), owned
 * by it and hold one reference each; with NULL they are the hypervisor's.
 */
int page_alloc(struct domain *d, unsigned int order, unsigned int flags,
               mfn_t *out) MUST_CHECK;

/* Take exactly these free frames for 'd' (dom0's identity map); else -EBUSY. */
int page_alloc_range(struct domain *d, mfn_t first, uint64_t nr) MUST_CHECK;

/* Give back frames of the hypervisor (d == NULL at page_alloc). */
void page_free(mfn_t first, unsigned int order);
/* The same for any run of frames, in one go. */
void page_free_range(mfn_t first, uint64_t nr);

/* One hypervisor page by address, zeroed; NULL when memory is out. */
void *page_alloc_virt(void);
void page_free_virt(void *p);

/* Take a reference if 'm' is RAM owned by 'd'. False: it is not, or it died. */
bool page_get(mfn_t m, const struct domain *d) MUST_CHECK;
/* Take a reference on a frame whatever domain owns it (not free, not hv's). */
bool page_get_any(mfn_t m) MUST_CHECK;
/* Drop one; the last one unaccounts and frees (scrubbed before it is used again).
   May end a dead domain (domain_put()): no lock of the owner may be held. */
void page_put(mfn_t m);
/* Drop one reference of each of 2^order frames, together. */
void page_put_order(mfn_t first, unsigned int order);
/* Owner domain id, PAGE_OWNER_FREE or PAGE_OWNER_HV; no reference implied. */
uint16_t page_owner(mfn_t m);
/* References held now: 1 is the allocation's alone. */
uint32_t page_refs(mfn_t m);

/* XENMEM_claim_pages: stake 'pages' in total for 'd'; 0 drops the claim. */
int page_claim(struct domain *d, uint64_t pages) MUST_CHECK;

/* Counters, in pages. */
struct page_stats {
    uint64_t total;       /* RAM given to page_init() plus boot usage */
    uint64_t free;        /* in the allocator */
    uint64_t dirty;       /* of the free ones: used, and waiting for a scrub */
    uint64_t hv;          /* owned by the hypervisor */
    uint64_t outstanding; /* claimed and not yet allocated */
};
void page_stats(struct page_stats *s);

/* Clear some free memory that was in use; false: none is left. For idle CPUs. */
bool page_scrub_some(void);

#endif

/*
 * Machine frames: who owns them, references, accounting, claims.
 *
 * A frame's entry changes as one 64-bit word, so that taking a reference checks
 * the owner in the same step. Free blocks are page_buddy.c's.
 *
 * Locking: page_lock [p] is a leaf; it guards free lists, claims and changes of
 * a domain's counters. Entries of frames in use are atomic.
 */
#include "hv/page.h"

#include "hv/domain.h"
#include "hv/lock.h"
#include "hv/log.h"
#include "page_frame.h"

#include "base/string.h"

#define REFS_MAX 0x7fffffffU /* no overflow, whatever a guest maps */

uintptr_t hv_direct_base;

static struct spinlock page_lock;
static uint64_t total_pages;       /* [p] */
static uint64_t hv_pages;          /* [p] */
static uint64_t outstanding_pages; /* [p] sum of all domains' claim_pages */

void page_boot_counts(uint64_t total, uint64_t carved)
{
    total_pages = total;
    hv_pages = carved;
}

static union page page_read(const union page *p)
{
    return (union page){.word = __atomic_load_n(&p->word, __ATOMIC_RELAXED)};
}

static bool page_swap(union page *p, union page *old, union page new)
{
    return __atomic_compare_exchange_n(&p->word, &old->word, new.word, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool owner_is_domain(uint16_t owner)
{
    return owner < DOMID_FIRST_RESERVED;
}

/* --- Accounting, page_lock held --- */

static int account_check(const struct domain *d, uint64_t nr, bool shared)
{
    uint64_t others = outstanding_pages - d->claim_pages;

    if (READ_ONCE(d->dying) != DOMDYING_ALIVE)
        return -XEN_EINVAL;
    if (shared)
        return 0;
    if (nr > d->max_pages || d->tot_pages > d->max_pages - nr)
        return -XEN_ENOMEM;
    if (others > buddy_counts.free || nr > buddy_counts.free - others)
        return -XEN_ENOMEM;
    return 0;
}

static void account_add(struct domain *d, uint64_t nr, bool shared)
{
    uint64_t claimed = shared ? 0 : MIN(nr, d->claim_pages);
    uint64_t *count = shared ? &d->shared_pages : &d->tot_pages;

    __atomic_store_n(count, *count + nr, __ATOMIC_RELEASE);
    d->claim_pages -= claimed;
    outstanding_pages -= claimed;
}

static void account_sub(struct domain *d, uint64_t nr, bool shared)
{
    uint64_t *count = shared ? &d->shared_pages : &d->tot_pages;

    ASSERT(*count >= nr);
    __atomic_store_n(count, *count - nr, __ATOMIC_RELEASE);
}

/* --- Allocation --- */

static int alloc_locked(struct domain *d, unsigned int order,
                        unsigned int flags, mfn_t *out)
{
    bool shared = flags & PAGE_ALLOC_SHARED;
    int rc = d ? account_check(d, BIT(order), shared) : 0;

    if (rc)
        return rc;
    if (!buddy_alloc(order, flags & PAGE_ALLOC_DMA32, flags & PAGE_ALLOC_ZERO,
                     out))
        return -XEN_ENOMEM;
    if (d)
        account_add(d, BIT(order), shared);
    else
        hv_pages += BIT(order);
    return 0;
}

/* Clear what has to be, then let the frames be seen with their new owner. */
static void frames_give(mfn_t first, uint64_t nr, bool zero, union page entry)
{
    for (uint64_t i = 0; i < nr; i++) {
        mfn_t m = _mfn(mfn_x(first) + i);
        union page *p = page_find(m);

        if (zero && !(p->flags & PF_CLEAN))
            memset(mfn_to_virt(m), 0, PAGE_SIZE);
        __atomic_store_n(&p->word, entry.word, __ATOMIC_RELEASE);
    }
}

static union page entry_for(const struct domain *d, unsigned int flags)
{
    uint16_t owner = d ? d->id : PAGE_OWNER_HV;

    return (union page){
        .refs = d ? 1 : 0,
        .not_owner = (uint16_t)~owner,
        .flags = d && flags & PAGE_ALLOC_SHARED ? PF_SHARED : 0,
    };
}

int page_alloc(struct domain *d, unsigned int order, unsigned int flags,
               mfn_t *out)
{
    int rc;

    ASSERT(order <= PAGE_ORDER_MAX);
    spin_lock(&page_lock);
    rc = alloc_locked(d, order, flags, out);
    spin_unlock(&page_lock);
    if (rc)
        return rc;
    frames_give(*out, BIT(order), flags & PAGE_ALLOC_ZERO, entry_for(d, flags));
    if (!d)
        page_find(*out)->order = (uint8_t)order;
    return 0;
}

static int take_locked(struct domain *d, mfn_t first, uint64_t nr)
{
    int rc = account_check(d, nr, false);

    if (rc)
        return rc;
    if (!buddy_take(first, nr))
        return buddy_scrubs(first, nr) ? -XEN_EAGAIN : -XEN_EBUSY;
    account_add(d, nr, false);
    return 0;
}

int page_alloc_range(struct domain *d, mfn_t first, uint64_t nr)
{
    int rc;

    if (nr == 0 || mfn_x(first) + nr < nr)
        return -XEN_EINVAL;
    do {
        spin_lock(&page_lock);
        rc = take_locked(d, first, nr);
        spin_unlock(&page_lock);
    } while (unlikely(rc == -XEN_EAGAIN));
    if (!rc)
        frames_give(first, nr, false, entry_for(d, 0));
    return rc;
}

void page_free_range(mfn_t first, uint64_t nr)
{
    spin_lock(&page_lock);
    for (uint64_t i = 0; i < nr; i++) {
        const union page *p = page_find(_mfn(mfn_x(first) + i));

        ASSERT(p != NULL);
        ASSERT(page_owner_of(*p) == PAGE_OWNER_HV);
    }
    hv_pages -= nr;
    buddy_free(first, nr);
    spin_unlock(&page_lock);
}

void page_free(mfn_t first, unsigned int order)
{
    page_free_range(first, BIT(order));
}

void *page_alloc_virt(void)
{
    mfn_t m;

    return page_alloc(NULL, 0, PAGE_ALLOC_ZERO, &m) ? NULL : mfn_to_virt(m);
}

void page_free_virt(void *p)
{
    page_free(virt_to_mfn(p), 0);
}

unsigned int page_hv_order(mfn_t m)
{
    const union page *p = page_find(m);

    ASSERT(p != NULL);
    ASSERT(page_owner_of(*p) == PAGE_OWNER_HV);
    return p->order;
}

/* --- References --- */

static bool ref_add(union page *p, uint16_t owner)
{
    union page old = page_read(p);
    union page new;

    do {
        new = old;
        if (page_owner_of(old) != owner || !old.refs || old.refs == REFS_MAX)
            return false;
        new.refs++;
    } while (!page_swap(p, &old, new));
    return true;
}

bool page_get(mfn_t m, const struct domain *d)
{
    union page *p = page_find(m);

    return p && ref_add(p, d->id);
}

bool page_get_any(mfn_t m)
{
    uint16_t owner = page_owner(m);

    return owner_is_domain(owner) && ref_add(page_find(m), owner);
}

/* Drop one; what the entry was when that was the last, else all zero. */
static union page ref_drop(union page *p)
{
    union page old = page_read(p);
    union page new;

    do {
        ASSERT(old.refs > 0);
        new = old;
        new.refs--;
    } while (!page_swap(p, &old, new));
    return new.refs ? (union page){.word = 0} : old;
}

/* Frames whose last reference went, all with the same entry. */
struct dead_run {
    uint64_t first;
    uint64_t nr;
    union page entry;
};

/* The owner is held from before it loses its last frame until after. */
static void run_free(const struct dead_run *run)
{
    struct domain *d;

    if (!run->nr)
        return;
    d = domain_find_get(page_owner_of(run->entry));
    spin_lock(&page_lock);
    buddy_free(_mfn(run->first), run->nr);
    /* A domain that failed to be created was never to be found. */
    if (d)
        account_sub(d, run->nr, run->entry.flags & PF_SHARED);
    spin_unlock(&page_lock);
    if (d)
        domain_put(d);
}

void page_put_order(mfn_t first, unsigned int order)
{
    struct dead_run run = {0};

    for (uint64_t m = mfn_x(first); m < mfn_x(first) + BIT(order); m++) {
        union page dead = ref_drop(page_find(_mfn(m)));

        if (run.nr && (!dead.word || dead.word != run.entry.word)) {
            run_free(&run);
            run.nr = 0;
        }
        if (!dead.word)
            continue;
        if (!run.nr)
            run = (struct dead_run){.first = m, .entry = dead};
        run.nr++;
    }
    run_free(&run);
}

void page_put(mfn_t m)
{
    page_put_order(m, 0);
}

uint16_t page_owner(mfn_t m)
{
    const union page *p = page_find(m);

    return p ? page_owner_of(page_read(p)) : PAGE_OWNER_FREE;
}

uint32_t page_refs(mfn_t m)
{
    const union page *p = page_find(m);

    return p ? page_read(p).refs : 0;
}

/* --- Claims, statistics, scrubbing --- */

static int claim_locked(struct domain *d, uint64_t pages)
{
    uint64_t more;

    if (d->claim_pages || pages <= d->tot_pages || pages > d->max_pages)
        return -XEN_EINVAL;
    more = pages - d->tot_pages;
    if (outstanding_pages > buddy_counts.free ||
        more > buddy_counts.free - outstanding_pages)
        return -XEN_ENOMEM;
    d->claim_pages = more;
    outstanding_pages += more;
    return 0;
}

int page_claim(struct domain *d, uint64_t pages)
{
    int rc = 0;

    spin_lock(&page_lock);
    if (pages) {
        rc = claim_locked(d, pages);
    } else {
        outstanding_pages -= d->claim_pages;
        d->claim_pages = 0;
    }
    spin_unlock(&page_lock);
    return rc;
}

void page_stats(struct page_stats *s)
{
    spin_lock(&page_lock);
    *s = (struct page_stats){.total = total_pages,
                             .free = buddy_counts.free,
                             .dirty = buddy_counts.used,
                             .hv = hv_pages,
                             .outstanding = outstanding_pages};
    spin_unlock(&page_lock);
}

bool page_scrub_some(void)
{
    unsigned int nr;
    mfn_t first;

    if (!READ_ONCE(buddy_counts.used))
        return false;
    spin_lock(&page_lock);
    nr = buddy_scrub_begin(&first);
    spin_unlock(&page_lock);
    if (!nr)
        return false;
    memset(mfn_to_virt(first), 0, nr * PAGE_SIZE);
    spin_lock(&page_lock);
    buddy_scrub_end(first, nr);
    spin_unlock(&page_lock);
    return true;
}

/*
 * Buddy allocator: free blocks of 2^order frames, naturally aligned.
 *
 * Per zone and order there are two lists: blocks known to hold zeros only, and
 * the others. Links live in the block's first 16 bytes, which are cleared when
 * it leaves its list, so a clean block stays clean. A request takes the smallest
 * block that serves (large ones last, so that superpages stay possible), of the
 * highest zone, and its upper end: low memory is left to those who need it.
 *
 * Scrubbing: one CPU at a time clears a piece of a free block in place, without
 * the lock. The block stays on its list and may grow, but is not given out.
 */
#include "hv/lock.h"
#include "hv/log.h"
#include "page_frame.h"

#include "base/list.h"
#include "base/string.h"

#define ORDERS         (PAGE_ORDER_MAX + 1)
#define SCRUB_FRAMES   16   /* cleared at a time */
#define SCRUB_SCAN     4096 /* entries looked at with the lock held */
#define LOW_ZONE_END   (1UL << (20 - PAGE_SHIFT))
#define DMA32_ZONE_END (1UL << (32 - PAGE_SHIFT))

enum zone { ZONE_LOW, ZONE_DMA32, ZONE_HIGH, ZONES };
enum { DIRTY, CLEAN, KINDS };

struct block {
    struct list link;
};

static_assert(sizeof(struct block) == LINK_BYTES, "the scrubber spares it");

static struct {
    struct list list[ZONES][KINDS][ORDERS];
    uint32_t filled[ZONES][KINDS]; /* bit n: list of order n is not empty */
} buddy;

struct buddy_counts buddy_counts;

/* Where the scrubber is: a block, the next frame to look at, the piece at work. */
static struct {
    uint64_t block; /* INVALID_FRAME: begin with any */
    uint64_t at;
    uint64_t first;
    unsigned int nr; /* 0: nobody is clearing */
} scrub = {.block = INVALID_FRAME};

static enum zone zone_of(uint64_t mfn)
{
    if (mfn < LOW_ZONE_END)
        return ZONE_LOW;
    return mfn < DMA32_ZONE_END ? ZONE_DMA32 : ZONE_HIGH;
}

static uint64_t zone_end(enum zone z)
{
    static const uint64_t end[] = {LOW_ZONE_END, DMA32_ZONE_END, ~0ULL};

    return end[z];
}

static bool being_scrubbed(uint64_t mfn, unsigned int order)
{
    return scrub.nr && scrub.first - mfn < 1ULL << order;
}

/* --- Lists --- */

static void block_insert(uint64_t mfn, unsigned int order, bool clean)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    enum zone z = zone_of(mfn);
    struct list *l = &buddy.list[z][clean][order];

    if (!(buddy.filled[z][clean] & BIT(order)))
        list_init(l);
    list_add_after(l, &b->link);
    buddy.filled[z][clean] |= (uint32_t)BIT(order);
    p->flags =
        (uint8_t)((p->flags & PF_CLEAN) | PF_HEAD | (clean ? PF_ALL_CLEAN : 0));
    p->order = (uint8_t)order;
}

static void block_remove(uint64_t mfn)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    unsigned int kind = p->flags & PF_ALL_CLEAN ? CLEAN : DIRTY;
    enum zone z = zone_of(mfn);

    ASSERT(p->flags & PF_HEAD);
    list_del(&b->link);
    memset(b, 0, sizeof(*b));
    if (list_empty(&buddy.list[z][kind][p->order]))
        buddy.filled[z][kind] &= ~(uint32_t)BIT(p->order);
    p->flags &= PF_CLEAN;
    p->order = 0;
    if (scrub.block == mfn)
        scrub.block = INVALID_FRAME;
}

/* Grow the block by its buddies as long as they are free, then list it. */
static void block_merge(uint64_t mfn, unsigned int order, bool clean)
{
    enum zone z = zone_of(mfn);

    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t other = mfn ^ BIT(order);
        const union page *p = page_find(_mfn(other));

        if (!p || !(p->flags & PF_HEAD) || p->order != order ||
            zone_of(other) != z)
            break;
        clean = clean && (p->flags & PF_ALL_CLEAN);
        block_remove(other);
        mfn &= ~BIT(order);
    }
    block_insert(mfn, order, clean);
}

/* Largest order of an aligned block at 'mfn' that ends before 'end'. */
static unsigned int order_at(uint64_t mfn, uint64_t end)
{
    unsigned int order = 0;

    end = MIN(end, zone_end(zone_of(mfn)));
    while (order < PAGE_ORDER_MAX && !(mfn & BIT(order)) &&
           end - mfn >= BIT(order + 1))
        order++;
    return order;
}

static void range_insert(uint64_t mfn, uint64_t end, bool clean)
{
    while (mfn < end) {
        unsigned int order = order_at(mfn, end);

        block_merge(mfn, order, clean);
        mfn += BIT(order);
    }
}

/* The free block that 'mfn' is in: its first frame, or INVALID_FRAME. */
static uint64_t block_of(uint64_t mfn, unsigned int *order)
{
    for (unsigned int o = 0; o <= PAGE_ORDER_MAX; o++) {
        uint64_t head = mfn & ~(BIT(o) - 1);
        const union page *p = page_find(_mfn(head));

        if (p && (p->flags & PF_HEAD) && p->order >= o) {
            *order = p->order;
            return head;
        }
    }
    return INVALID_FRAME;
}

bool buddy_holds(mfn_t m)
{
    unsigned int order;

    return block_of(mfn_x(m), &order) != INVALID_FRAME;
}

/* --- Allocate --- */

/* First block of a list that is not being scrubbed; else '*busy' is set. */
static uint64_t list_choose(enum zone z, unsigned int kind, unsigned int order,
                            bool *busy)
{
    list_for_each (l, &buddy.list[z][kind][order]) {
        uint64_t mfn = mfn_x(virt_to_mfn(list_entry(l, struct block, link)));

        if (likely(!being_scrubbed(mfn, order)))
            return mfn;
        *busy = true;
    }
    return INVALID_FRAME;
}

/* Smallest block of the zone that serves; the wanted kind wins a tie. */
static uint64_t zone_choose(enum zone z, unsigned int order, unsigned int want,
                            bool *busy)
{
    uint32_t either = buddy.filled[z][CLEAN] | buddy.filled[z][DIRTY];

    for (unsigned int o = order; either >> o; o++)
        for (unsigned int i = 0; i < KINDS; i++) {
            unsigned int kind = i ? !want : want;
            uint64_t mfn = INVALID_FRAME;

            if (buddy.filled[z][kind] & BIT(o))
                mfn = list_choose(z, kind, o, busy);
            if (mfn != INVALID_FRAME)
                return mfn;
        }
    return INVALID_FRAME;
}

/* Cut the block at 'mfn' down to its last 2^order frames. */
static uint64_t block_cut(uint64_t mfn, unsigned int order)
{
    const union page *p = page_find(_mfn(mfn));
    unsigned int have = p->order;
    bool clean = p->flags & PF_ALL_CLEAN;

    block_remove(mfn);
    while (have > order) {
        block_insert(mfn, --have, clean);
        mfn += BIT(have);
    }
    return mfn;
}

enum buddy_result buddy_alloc(unsigned int order, bool dma32, bool want_clean,
                              mfn_t *out)
{
    bool busy = false;

    for (int z = dma32 ? ZONE_DMA32 : ZONE_HIGH; z >= ZONE_LOW; z--) {
        uint64_t mfn = zone_choose((enum zone)z, order, want_clean, &busy);

        if (mfn == INVALID_FRAME)
            continue;
        *out = _mfn(block_cut(mfn, order));
        buddy_counts.free -= BIT(order);
        return BUDDY_OK;
    }
    return busy ? BUDDY_BUSY : BUDDY_NONE;
}

enum buddy_result buddy_take(mfn_t first, uint64_t nr)
{
    uint64_t end = mfn_x(first) + nr;
    unsigned int order;
    uint64_t head;

    for (uint64_t m = mfn_x(first); m < end; m = head + BIT(order)) {
        head = block_of(m, &order);
        if (head == INVALID_FRAME)
            return BUDDY_NONE;
        if (being_scrubbed(head, order))
            return BUDDY_BUSY;
    }
    for (uint64_t m = mfn_x(first); m < end; m = head + BIT(order)) {
        bool clean;

        head = block_of(m, &order);
        clean = page_find(_mfn(head))->flags & PF_ALL_CLEAN;
        block_remove(head);
        range_insert(head, m, clean);
        if (head + BIT(order) > end)
            range_insert(end, head + BIT(order), clean);
    }
    buddy_counts.free -= nr;
    return BUDDY_OK;
}

void buddy_free(mfn_t first, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++)
        page_find(_mfn(mfn_x(first) + i))->word = 0;
    buddy_add(first, nr);
}

void buddy_add(mfn_t first, uint64_t nr)
{
    buddy_counts.free += nr;
    __atomic_fetch_add(&buddy_counts.dirty, nr, __ATOMIC_RELAXED);
    range_insert(mfn_x(first), mfn_x(first) + nr, false);
}

/* --- Scrub --- */

/* A dirty block, small ones first: those are the next to be given out. */
static bool scrub_find_block(void)
{
    for (int z = ZONE_HIGH; z >= ZONE_LOW; z--) {
        uint32_t filled = buddy.filled[z][DIRTY];
        struct list *l;

        if (!filled)
            continue;
        l = buddy.list[z][DIRTY][__builtin_ctz(filled)].next;
        scrub.block = mfn_x(virt_to_mfn(list_entry(l, struct block, link)));
        scrub.at = scrub.block;
        return true;
    }
    return false;
}

static bool frame_is_clean(uint64_t mfn)
{
    return page_find(_mfn(mfn))->flags & PF_CLEAN;
}

/* Every frame of the block was seen clean: it changes lists. */
static void scrub_block_done(uint64_t block, unsigned int order)
{
    block_remove(block);
    block_insert(block, order, true);
}

bool buddy_scrub_begin(struct scrub_piece *p)
{
    uint64_t end;
    uint64_t limit;

    if (scrub.nr)
        return false;
    if (scrub.block == INVALID_FRAME && !scrub_find_block())
        return false;
    end = scrub.block + BIT(page_find(_mfn(scrub.block))->order);
    limit = MIN(end, scrub.at + SCRUB_SCAN);
    while (scrub.at < limit && frame_is_clean(scrub.at))
        scrub.at++;
    *p = (struct scrub_piece){.first = _mfn(scrub.at),
                              .skip_links = scrub.at == scrub.block};
    while (p->nr < SCRUB_FRAMES && scrub.at + p->nr < limit &&
           !frame_is_clean(scrub.at + p->nr))
        p->nr++;
    scrub.first = scrub.at;
    scrub.nr = p->nr;
    scrub.at += p->nr;
    if (scrub.at == end && !p->nr)
        scrub_block_done(scrub.block, page_find(_mfn(scrub.block))->order);
    return true;
}

void buddy_scrub_end(const struct scrub_piece *p)
{
    for (unsigned int i = 0; i < p->nr; i++)
        page_find(_mfn(mfn_x(p->first) + i))->flags |= PF_CLEAN;
    __atomic_fetch_sub(&buddy_counts.dirty, p->nr, __ATOMIC_RELAXED);
    scrub.nr = 0;
}

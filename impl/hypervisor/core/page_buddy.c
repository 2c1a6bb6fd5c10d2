/*
 * Buddy allocator: free blocks of 2^order frames, naturally aligned.
 *
 * Per zone and order there is a list for each kind of block. Links live in the
 * block's first 16 bytes, which are cleared when it leaves its list, so a clean
 * block stays clean. A request takes the smallest
 * block that serves (large ones last, so that superpages stay possible), of the
 * highest zone, and its upper end: low memory is left to those who need it.
 *
 * Scrubbing: one CPU at a time clears a piece of a free block in place, without
 * the lock. The block stays on its list and may grow, but is not given out. Only
 * frames that were in use are cleared ahead of need: to touch what nobody has
 * used since power-on costs the machine (or its host) more than it saves.
 */
#include "hv/lock.h"
#include "hv/log.h"
#include "page_frame.h"

#include "base/list.h"
#include "base/string.h"

#define ORDERS         (PAGE_ORDER_MAX + 1)
#define SCRUB_FRAMES   4    /* cleared at a time */
#define SCRUB_SCAN     4096 /* entries looked at with the lock held */
#define LOW_ZONE_END   (1UL << (20 - PAGE_SHIFT))
#define DMA32_ZONE_END (1UL << (32 - PAGE_SHIFT))

enum zone { ZONE_LOW, ZONE_DMA32, ZONE_HIGH, ZONES };
/* A block is of the lowest kind that one of its frames is of. */
enum kind {
    KIND_USED,  /* may hold somebody's data */
    KIND_FRESH, /* nobody's data, but not known to be zero */
    KIND_CLEAN, /* zero */
    KINDS
};

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
    bool fresh;      /* one that stays as it is was passed */
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

static void block_insert(uint64_t mfn, unsigned int order, enum kind kind)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    enum zone z = zone_of(mfn);
    struct list *l = &buddy.list[z][kind][order];

    if (!(buddy.filled[z][kind] & BIT(order)))
        list_init(l);
    list_add_after(l, &b->link);
    buddy.filled[z][kind] |= (uint32_t)BIT(order);
    p->flags |= PF_HEAD;
    p->order = (uint8_t)order;
    p->kind = kind;
}

static enum kind block_remove(uint64_t mfn)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    enum kind kind = (enum kind)p->kind;
    enum zone z = zone_of(mfn);

    ASSERT(p->flags & PF_HEAD);
    list_del(&b->link);
    memset(b, 0, sizeof(*b));
    if (list_empty(&buddy.list[z][kind][p->order]))
        buddy.filled[z][kind] &= ~(uint32_t)BIT(p->order);
    p->flags &= ~PF_HEAD;
    p->order = 0;
    p->kind = 0;
    if (scrub.block == mfn)
        scrub.block = INVALID_FRAME;
    return kind;
}

/* Grow the block by its buddies as long as they are free, then list it. */
static void block_merge(uint64_t mfn, unsigned int order, enum kind kind)
{
    enum zone z = zone_of(mfn);

    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t other = mfn ^ BIT(order);
        const union page *p = page_find(_mfn(other));
        enum kind its;

        if (!p || !(p->flags & PF_HEAD) || p->order != order ||
            zone_of(other) != z)
            break;
        its = block_remove(other);
        kind = MIN(kind, its);
        mfn &= ~BIT(order);
    }
    block_insert(mfn, order, kind);
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

static void range_insert(uint64_t mfn, uint64_t end, enum kind kind)
{
    while (mfn < end) {
        unsigned int order = order_at(mfn, end);

        block_merge(mfn, order, kind);
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
static uint64_t list_choose(enum zone z, enum kind kind, unsigned int order,
                            bool *busy)
{
    if (!(buddy.filled[z][kind] & BIT(order)))
        return INVALID_FRAME;
    list_for_each (l, &buddy.list[z][kind][order]) {
        uint64_t mfn = mfn_x(virt_to_mfn(list_entry(l, struct block, link)));

        if (likely(!being_scrubbed(mfn, order)))
            return mfn;
        *busy = true;
    }
    return INVALID_FRAME;
}

/* Smallest block of the zone that serves; of those, the kind liked best. */
static uint64_t zone_choose(enum zone z, unsigned int order, bool want_clean,
                            bool *busy)
{
    static const enum kind liked[][KINDS] = {
        [false] = {KIND_USED, KIND_FRESH, KIND_CLEAN},
        [true] = {KIND_CLEAN, KIND_USED, KIND_FRESH},
    };
    uint32_t any = buddy.filled[z][KIND_USED] | buddy.filled[z][KIND_FRESH] |
                   buddy.filled[z][KIND_CLEAN];

    for (unsigned int o = order; any >> o; o++)
        for (unsigned int i = 0; i < KINDS; i++) {
            uint64_t mfn = list_choose(z, liked[want_clean][i], o, busy);

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
    enum kind kind = block_remove(mfn);

    while (have > order) {
        block_insert(mfn, --have, kind);
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
        enum kind kind;

        head = block_of(m, &order);
        kind = block_remove(head);
        range_insert(head, m, kind);
        if (head + BIT(order) > end)
            range_insert(end, head + BIT(order), kind);
    }
    buddy_counts.free -= nr;
    return BUDDY_OK;
}

void buddy_free(mfn_t first, uint64_t nr)
{
    const union page used = {.flags = PF_USED};

    for (uint64_t i = 0; i < nr; i++)
        page_find(_mfn(mfn_x(first) + i))->word = used.word;
    buddy_counts.free += nr;
    __atomic_fetch_add(&buddy_counts.used, nr, __ATOMIC_RELAXED);
    range_insert(mfn_x(first), mfn_x(first) + nr, KIND_USED);
}

void buddy_add(mfn_t first, uint64_t nr)
{
    buddy_counts.free += nr;
    range_insert(mfn_x(first), mfn_x(first) + nr, KIND_FRESH);
}

/* --- Scrub --- */

/* A block to work at, small ones first: those are the next to be given out. */
static bool scrub_find_block(void)
{
    for (int z = ZONE_HIGH; z >= ZONE_LOW; z--) {
        uint32_t filled = buddy.filled[z][KIND_USED];
        struct list *l;

        if (!filled)
            continue;
        l = buddy.list[z][KIND_USED][__builtin_ctz(filled)].next;
        scrub.block = mfn_x(virt_to_mfn(list_entry(l, struct block, link)));
        scrub.at = scrub.block;
        scrub.fresh = false;
        return true;
    }
    return false;
}

static bool frame_was_used(uint64_t mfn)
{
    return page_find(_mfn(mfn))->flags & PF_USED;
}

/* Pass frames that need nothing. */
static void scrub_skip(uint64_t limit)
{
    while (scrub.at < limit && !frame_was_used(scrub.at))
        if (!(page_find(_mfn(scrub.at++))->flags & PF_CLEAN))
            scrub.fresh = true;
}

/* No frame of the block is of the lowest kind any more: it changes lists. */
static void scrub_block_done(void)
{
    uint64_t block = scrub.block;
    unsigned int order = page_find(_mfn(block))->order;

    (void)block_remove(block);
    block_insert(block, order, scrub.fresh ? KIND_FRESH : KIND_CLEAN);
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
    scrub_skip(limit);
    *p = (struct scrub_piece){.first = _mfn(scrub.at),
                              .skip_links = scrub.at == scrub.block};
    while (p->nr < SCRUB_FRAMES && scrub.at + p->nr < limit &&
           frame_was_used(scrub.at + p->nr))
        p->nr++;
    scrub.first = scrub.at;
    scrub.nr = p->nr;
    scrub.at += p->nr;
    if (scrub.at == end && !p->nr)
        scrub_block_done();
    return true;
}

void buddy_scrub_end(const struct scrub_piece *p)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        union page *page = page_find(_mfn(mfn_x(p->first) + i));

        page->flags = (uint8_t)((page->flags & ~PF_USED) | PF_CLEAN);
    }
    __atomic_fetch_sub(&buddy_counts.used, p->nr, __ATOMIC_RELAXED);
    scrub.nr = 0;
}

/*
 * Small allocations: pages cut into slots of one size each.
 *
 * A slab is one page: a header, then slots; free slots are linked through
 * themselves. A slab without a used slot goes back to the page allocator at once,
 * so that memory in use tells of leaks. Above the largest class whole pages are
 * handed out; their address is page aligned, which no slot's is.
 */
#include "hv/heap.h"

#include "hv/lock.h"
#include "hv/log.h"
#include "hv/page.h"
#include "page_frame.h"

#include "base/list.h"
#include "base/string.h"

#define SLAB_MAGIC 0x51ab51abU

struct slot {
    struct slot *next;
};

struct slab {
    struct list link; /* class's list while a slot is free */
    struct slot *free;
    uint32_t magic;
    uint16_t class;
    uint16_t used;
};

/* Sizes that leave little of a page unused; each a multiple of 16. */
static const uint16_t class_bytes[] = {16,  32,  48,  64,  96,   128, 192,
                                       256, 336, 496, 672, 1008, 2016};

#define CLASSES     ARRAY_SIZE(class_bytes)
#define SLAB_HEADER ALIGN_UP(sizeof(struct slab), 16)

static_assert(SLAB_HEADER + 2 * 2016 <= PAGE_SIZE, "two of the largest fit");

static struct spinlock heap_lock;
static struct list partial[CLASSES]; /* slabs with a free slot */
static uint64_t used_bytes;

static unsigned int class_of(size_t size)
{
    unsigned int c = 0;

    while (c < CLASSES && class_bytes[c] < size)
        c++;
    return c;
}

static unsigned int order_of(size_t size)
{
    unsigned int order = 0;

    while (order < PAGE_ORDER_MAX && PAGE_SIZE << order < size)
        order++;
    return order;
}

static struct slab *slab_of(void *p)
{
    struct slab *s = (struct slab *)((uintptr_t)p & PAGE_MASK);

    ASSERT(s->magic == SLAB_MAGIC);
    ASSERT(s->class < CLASSES);
    return s;
}

static struct slab *slab_create(unsigned int c)
{
    struct slab *s = page_alloc_virt();
    size_t size = class_bytes[c];

    if (!s)
        return NULL;
    s->magic = SLAB_MAGIC;
    s->class = (uint16_t)c;
    for (size_t at = SLAB_HEADER; at + size <= PAGE_SIZE; at += size) {
        struct slot *slot = (struct slot *)((char *)s + at);

        slot->next = s->free;
        s->free = slot;
    }
    list_add_before(&partial[c], &s->link);
    return s;
}

static void *slot_alloc_locked(unsigned int c)
{
    struct slab *s;
    struct slot *slot;

    if (!partial[c].next)
        list_init(&partial[c]);
    if (!list_empty(&partial[c]))
        s = list_entry(partial[c].next, struct slab, link);
    else
        s = slab_create(c);
    if (!s)
        return NULL;
    slot = s->free;
    s->free = slot->next;
    s->used++;
    if (!s->free)
        list_del(&s->link);
    return slot;
}

static void slot_free_locked(void *p)
{
    struct slab *s = slab_of(p);
    struct slot *slot = p;

    ASSERT(s->used > 0);
    if (!s->free)
        list_add_after(&partial[s->class], &s->link);
    slot->next = s->free;
    s->free = slot;
    if (--s->used == 0) {
        list_del(&s->link);
        page_free_virt(s);
    }
}

static void *slot_alloc(unsigned int c)
{
    void *p;

    spin_lock(&heap_lock);
    p = slot_alloc_locked(c);
    if (p)
        used_bytes += class_bytes[c];
    spin_unlock(&heap_lock);
    if (p)
        memset(p, 0, class_bytes[c]);
    return p;
}

static void slot_free(void *p)
{
    spin_lock(&heap_lock);
    used_bytes -= class_bytes[slab_of(p)->class];
    slot_free_locked(p);
    spin_unlock(&heap_lock);
}

/* Whole pages; they are cleared without the heap's lock. */
static void *pages_alloc(size_t size)
{
    unsigned int order = order_of(size);
    mfn_t m;

    if (PAGE_SIZE << order < size ||
        page_alloc(NULL, order, PAGE_ALLOC_ZERO, &m))
        return NULL;
    spin_lock(&heap_lock);
    used_bytes += PAGE_SIZE << order;
    spin_unlock(&heap_lock);
    return mfn_to_virt(m);
}

static void pages_free(void *p)
{
    unsigned int order = page_hv_order(virt_to_mfn(p));

    spin_lock(&heap_lock);
    used_bytes -= PAGE_SIZE << order;
    spin_unlock(&heap_lock);
    page_free(virt_to_mfn(p), order);
}

void *heap_alloc(size_t size_bytes)
{
    unsigned int c = class_of(size_bytes);

    return c < CLASSES ? slot_alloc(c) : pages_alloc(size_bytes);
}

void heap_free(void *p)
{
    if (!p)
        return;
    if ((uintptr_t)p % PAGE_SIZE)
        slot_free(p);
    else
        pages_free(p);
}

uint64_t heap_used_bytes(void)
{
    return READ_ONCE(used_bytes);
}

/*
 * dom0's RAM: machine RAM at its own addresses, and the memory map over it.
 *
 * Memory that dom0 does not get is shown as unusable rather than left out: in a
 * hole Linux would put PCI resources or its scratch area for foreign pages.
 * Runs on the boot CPU only, before dom0 does.
 */
#include "x86/dom0.h"

#include "hv/heap.h"
#include "hv/log.h"
#include "hv/memory.h"
#include "hv/p2m.h"

#include "abi/xen.h"
#include "base/string.h"
#include "x86/boot.h"
#include "x86/panic.h"

#define MIB         (1UL << 20)
#define GIB         (1UL << 30)
#define SHARE_MIN   (512 * MIB)
#define SHARE_MAX   (4 * GIB)
#define CLAUSES_MAX 4

struct size_limits {
    uint64_t size;
    uint64_t min;
    uint64_t max;
};

/* "512M": a number with a suffix, KiB without one. */
static bool size_read(const char *s, const char **end, uint64_t *out)
{
    static const char suffix[] = "bkmgt";
    uint64_t n;
    unsigned int shift = 10;

    if (!str_number(s, end, &n))
        return false;
    for (unsigned int i = 0; suffix[i]; i++)
        if ((**end | 0x20) == suffix[i]) {
            shift = i * 10;
            (*end)++;
            break;
        }
    if (n > (~0ULL >> shift))
        return false;
    *out = n << shift;
    return true;
}

/* One clause: [min:|max:][-]SIZE; a minus means all of memory but that. */
static bool clause_read(const char **s, uint64_t total, struct size_limits *l)
{
    uint64_t *to = &l->size;
    uint64_t bytes;
    bool minus;

    if (str_starts(*s, "min:"))
        to = &l->min;
    else if (str_starts(*s, "max:"))
        to = &l->max;
    if (to != &l->size)
        *s += 4;
    minus = **s == '-';
    if (minus)
        (*s)++;
    if (!size_read(*s, s, &bytes))
        return false;
    if (minus)
        bytes = bytes < total ? total - bytes : 0;
    *to = bytes;
    return true;
}

bool dom0_memory_size(const char *text, uint64_t free_bytes, uint64_t *bytes,
                      uint64_t *max_bytes)
{
    uint64_t share = MIN(MAX(free_bytes / 4, SHARE_MIN), SHARE_MAX);
    struct size_limits l = {.size = MIN(share, free_bytes), .max = ~0ULL};

    for (unsigned int i = 0; *text && i < CLAUSES_MAX; i++) {
        if (!clause_read(&text, free_bytes, &l))
            return false;
        if (*text == ',')
            text++;
        else if (*text)
            return false;
    }
    if (*text)
        return false;
    *bytes = ALIGN_DOWN(MIN(MAX(l.size, l.min), l.max), PAGE_SIZE);
    *max_bytes = l.max;
    return true;
}

/* Append, merging with the entry before when they touch and agree. */
static void map_add(struct memory_map *m, paddr_t start, paddr_t end,
                    uint32_t type)
{
    struct memory_map_entry *last = m->nr ? &m->entry[m->nr - 1] : NULL;

    if (start >= end)
        return;
    if (last && last->type == type && last->start + last->bytes == start) {
        last->bytes += end - start;
        return;
    }
    if (m->nr == MEMORY_MAP_MAX)
        panic("memory map has more than %u entries", MEMORY_MAP_MAX);
    m->entry[m->nr++] = (struct memory_map_entry){start, end - start, type};
}

static struct memory_map *map_create_full(void)
{
    struct memory_map *m = memory_map_create(MEMORY_MAP_MAX);

    if (!m)
        panic("no memory for dom0's memory map");
    m->nr = 0;
    return m;
}

/* Largest nested page order that fits at 'gfn' with 'nr' frames left. */
static unsigned int order_fit(uint64_t gfn, uint64_t nr)
{
    static const unsigned int orders[] = {PAGE_ORDER_1G, PAGE_ORDER_2M};

    for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++)
        if (!(gfn & (BIT(orders[i]) - 1)) && nr >= BIT(orders[i]))
            return orders[i];
    return 0;
}

static void run_map(struct domain *d, uint64_t first, uint64_t nr)
{
    while (nr) {
        unsigned int order = order_fit(first, nr);

        if (p2m_set(d, _gfn(first), _mfn(first), order, P2M_RAM_RW))
            panic("no memory for dom0's page tables");
        first += BIT(order);
        nr -= BIT(order);
    }
}

/* Take free frames from 'm' on: as many as asked for, or half of it, and so on.
   Few large takes leave the free lists, and thus memory, untouched. */
static uint64_t frames_take(struct domain *d, uint64_t m, uint64_t nr)
{
    while (nr && page_alloc_range(d, _mfn(m), nr))
        nr /= 2;
    return nr;
}

/* One RAM region of the machine; returns the frames taken out of it. What the
   hypervisor keeps is found by trying: it is little, and here and there. */
static uint64_t region_take(struct domain *d, struct memory_map *map,
                            const struct memmap_range *r, uint64_t wanted)
{
    uint64_t m = ALIGN_UP(r->start, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t end = r->end >> PAGE_SHIFT;
    uint64_t run = m, taken = 0;

    while (m < end && taken < wanted) {
        uint64_t got = frames_take(d, m, MIN(end - m, wanted - taken));

        taken += got;
        m += got;
        if (got && m < end && taken < wanted)
            continue;
        run_map(d, run, m - run);
        map_add(map, run << PAGE_SHIFT, m << PAGE_SHIFT,
                XEN_HVM_MEMMAP_TYPE_RAM);
        if (got)
            break;
        map_add(map, m << PAGE_SHIFT, (m + 1) << PAGE_SHIFT,
                XEN_HVM_MEMMAP_TYPE_UNUSABLE);
        run = ++m;
    }
    map_add(map, m << PAGE_SHIFT, end << PAGE_SHIFT,
            XEN_HVM_MEMMAP_TYPE_UNUSABLE);
    return taken;
}

void dom0_memory_build(struct domain *d, uint64_t bytes)
{
    struct memory_map *map = map_create_full();
    uint64_t wanted = bytes >> PAGE_SHIFT;

    for (unsigned int i = 0; i < boot_info.regions; i++) {
        const struct memmap_range *r = &boot_info.region[i];

        if (r->type == MEMMAP_RAM)
            wanted -= region_take(d, map, r, wanted);
        else
            map_add(map, r->start, r->end, r->type);
    }
    if (wanted)
        boot_refuse("dom0_mem: %llu MiB asked for, %llu MiB too many",
                    (unsigned long long)(bytes / MIB),
                    (unsigned long long)((wanted << PAGE_SHIFT) / MIB));
    d->memory_map = map;
}

bool dom0_memory_owns(const struct domain *d, paddr_t start, paddr_t end)
{
    for (unsigned int i = 0; i < d->memory_map->nr; i++) {
        const struct memory_map_entry *e = &d->memory_map->entry[i];

        if (e->type == XEN_HVM_MEMMAP_TYPE_RAM && start >= e->start &&
            end <= e->start + e->bytes)
            return true;
    }
    return false;
}

/* The highest place in [from, to), or 0. */
static paddr_t place_in(paddr_t from, paddr_t to, uint64_t bytes)
{
    return to > from && to - from >= bytes ? to - bytes : 0;
}

paddr_t dom0_memory_place(const struct domain *d, uint64_t bytes, paddr_t start,
                          paddr_t end, paddr_t under)
{
    paddr_t best = 0;

    bytes = ALIGN_UP(bytes, PAGE_SIZE);
    under = ALIGN_DOWN(under, PAGE_SIZE);
    for (unsigned int i = 0; i < d->memory_map->nr; i++) {
        const struct memory_map_entry *e = &d->memory_map->entry[i];
        paddr_t e_end = MIN(e->start + e->bytes, under);

        if (e->type != XEN_HVM_MEMMAP_TYPE_RAM || e->start < MIB)
            continue;
        best = MAX(best, place_in(e->start, MIN(e_end, start), bytes));
        best = MAX(best, place_in(MAX(e->start, end), e_end, bytes));
    }
    return ALIGN_DOWN(best, PAGE_SIZE);
}

void dom0_memory_mark_acpi(struct domain *d, paddr_t start, paddr_t end)
{
    struct memory_map *old = d->memory_map;
    struct memory_map *map = map_create_full();

    for (unsigned int i = 0; i < old->nr; i++) {
        const struct memory_map_entry *e = &old->entry[i];
        paddr_t e_end = e->start + e->bytes;

        if (start >= e->start && end <= e_end) {
            map_add(map, e->start, start, e->type);
            map_add(map, start, end, XEN_HVM_MEMMAP_TYPE_ACPI);
            map_add(map, end, e_end, e->type);
        } else {
            map_add(map, e->start, e_end, e->type);
        }
    }
    d->memory_map = map;
    heap_free(old);
}

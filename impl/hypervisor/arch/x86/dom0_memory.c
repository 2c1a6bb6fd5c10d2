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
#include "base/memsize.h"
#include "x86/boot.h"
#include "x86/panic.h"

#define MIB       (1UL << 20)
#define GIB       (1UL << 30)
#define SHARE_MIN (512 * MIB)
#define SHARE_MAX (4 * GIB)
#define LOW_START 0x10000UL
#define LOW_END   0xa0000UL
#define LOW_ORDER 5
#define LOW_BYTES (PAGE_SIZE << LOW_ORDER)

/* Linux takes 128 ranges from whoever starts it; the tables need some. */
#define RANGES_MOST (128 - 4)

/* Types are E820's, which are XEN_HVM_MEMMAP_TYPE_* as well. */
static struct memmap_range ranges[BOOT_REGIONS_MAX];
static struct memmap map = {.range = ranges, .max = BOOT_REGIONS_MAX};

static void map_set(paddr_t start, paddr_t end, enum memmap_type type)
{
    if (!memmap_set(&map, start, end, type))
        boot_refuse("dom0's memory map needs more than %u entries", map.max);
}

static void map_coarsen(void)
{
    uint64_t lost = memmap_coarsen(&map, RANGES_MOST);

    if (lost)
        log_warn("dom0: memory is in too many pieces, %lu KiB are not used",
                 lost >> 10);
    if (map.nr > RANGES_MOST)
        boot_refuse("memory map: %u ranges are too many for dom0", map.nr);
}

bool dom0_memory_size(const char *text, uint64_t free_bytes, uint64_t *bytes,
                      uint64_t *max_bytes)
{
    uint64_t share = MIN(MAX(free_bytes / 4, SHARE_MIN), SHARE_MAX);

    return memsize_read(text, free_bytes, MIN(share, free_bytes), bytes,
                        max_bytes);
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
static uint64_t region_take(struct domain *d, const struct memmap_range *r,
                            uint64_t wanted)
{
    uint64_t m = ALIGN_UP(r->start, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t end = r->end >> PAGE_SHIFT;
    uint64_t taken = 0;

    while (m < end && taken < wanted) {
        uint64_t run = m, got;

        do {
            got = frames_take(d, m, MIN(end - m, wanted - taken));
            m += got;
            taken += got;
        } while (got && m < end && taken < wanted);
        if (m > run) {
            run_map(d, run, m - run);
            map_set(run << PAGE_SHIFT, m << PAGE_SHIFT, MEMMAP_RAM);
        }
        m++; /* the hypervisor's, or behind the end */
    }
    return taken;
}

/* Linux starts CPUs from memory below 1 MiB, of which it hands out none: where
   firmware has nothing there, any frames will do. */
static void low_memory_lend(struct domain *d)
{
    mfn_t m;

    if (memmap_bytes(&map, MEMMAP_RAM, 0, LOW_END) >= LOW_BYTES ||
        page_alloc(d, LOW_ORDER, PAGE_ALLOC_ZERO, &m))
        return;
    log_info("dom0: %lu KiB below 1 MiB are lent", LOW_BYTES >> 10);
    for (unsigned int i = 0; i < BIT(LOW_ORDER); i++)
        if (p2m_set(d, _gfn((LOW_START >> PAGE_SHIFT) + i), _mfn(mfn_x(m) + i),
                    0, P2M_RAM_RW))
            panic("no memory for dom0's page tables");
    map_set(LOW_START, LOW_START + LOW_BYTES, MEMMAP_RAM);
}

void dom0_memory_build(struct domain *d, uint64_t bytes)
{
    uint64_t wanted = bytes >> PAGE_SHIFT;

    for (unsigned int i = 0; i < boot_info.map.nr; i++) {
        const struct memmap_range *r = &boot_info.map.range[i];

        map_set(r->start, r->end,
                r->type == MEMMAP_RAM ? MEMMAP_UNUSABLE : r->type);
        if (r->type == MEMMAP_RAM)
            wanted -= region_take(d, r, wanted);
    }
    if (wanted)
        boot_refuse("dom0_mem: %lu MiB asked for, %lu MiB too many",
                    bytes / MIB, (wanted << PAGE_SHIFT) / MIB);
    low_memory_lend(d);
    map_coarsen();
}

bool dom0_memory_owns(paddr_t start, paddr_t end)
{
    const struct memmap_range *r = memmap_find(&map, start);

    return r && r->type == MEMMAP_RAM && end <= r->end;
}

/* The highest place in [from, to), or 0. */
static paddr_t place_in(paddr_t from, paddr_t to, uint64_t bytes)
{
    return to > from && to - from >= bytes ? to - bytes : 0;
}

paddr_t dom0_memory_place(uint64_t bytes, paddr_t start, paddr_t end,
                          paddr_t under)
{
    paddr_t best = 0;

    bytes = ALIGN_UP(bytes, PAGE_SIZE);
    under = ALIGN_DOWN(under, PAGE_SIZE);
    for (unsigned int i = 0; i < map.nr; i++) {
        const struct memmap_range *r = &map.range[i];
        paddr_t r_end = MIN(r->end, under);

        if (r->type != MEMMAP_RAM || r->start < MIB)
            continue;
        best = MAX(best, place_in(r->start, MIN(r_end, start), bytes));
        best = MAX(best, place_in(MAX(r->start, end), r_end, bytes));
    }
    return ALIGN_DOWN(best, PAGE_SIZE);
}

void dom0_memory_publish(struct domain *d, paddr_t acpi, paddr_t acpi_end)
{
    map_set(acpi, acpi_end, MEMMAP_ACPI);
    d->memory_map = memory_map_create(map.nr);
    if (!d->memory_map)
        panic("no memory for dom0's memory map");
    for (unsigned int i = 0; i < map.nr; i++) {
        const struct memmap_range *r = &map.range[i];

        d->memory_map->entry[i] =
            (struct memory_map_entry){r->start, r->end - r->start, r->type};
    }
}

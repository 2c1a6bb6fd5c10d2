/*
 * The hypervisor's own page tables (APM 2 5.3).
 *
 * The direct map covers only what the firmware calls memory, so that no cached
 * mapping of device registers exists beside those of mmio_map(); at the edges it
 * is rounded to 2 MiB, where the MTRRs keep what is not memory uncached.
 */
#include "x86/paging.h"

#include "x86/boot.h"
#include "x86/insn.h"
#include "x86/layout.h"
#include "x86/regs.h"

#include "base/string.h"
#include "hv/lock.h"
#include "hv/log.h"
#include "hv/page.h"

#define PTE_PRESENT  BIT(0)
#define PTE_WRITE    BIT(1)
#define PTE_PWT      BIT(3)
#define PTE_PCD      BIT(4)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_LARGE    BIT(7)
#define PTE_GLOBAL   BIT(8)
#define PTE_NX       BIT(63)
#define PTE_ADDRESS  0x000ffffffffff000UL

#define PTE_RX (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define PTE_RO (PTE_RX | PTE_NX)
#define PTE_RW (PTE_RO | PTE_WRITE | PTE_DIRTY)
#define PTE_UC (PTE_RW | PTE_PCD | PTE_PWT)

#define SIZE_2M   (1UL << 21)
#define SIZE_4G   (1UL << 32)
#define SIZE_512G (1UL << 39)
/* Largest reserved range taken for firmware's memory. */
#define FIRMWARE_BYTES_MAX (64UL << 20)
/* PAE, MCE, PGE, and FXSAVE with the SSE state; nothing that firmware left. */
#define CR4_HOST           (BIT(5) | BIT(6) | BIT(7) | BIT(9) | BIT(10))
#define CPUID_PDPE1GB      BIT(26)            /* 8000_0001 EDX */
#define CPUID_ADDRESS_BITS 0x80000008         /* EAX bits 0-7 */
#define LEVEL_SHIFT(l)     (12 + 9 * ((l)-1)) /* level 1: 4K pages */
#define LEVEL_INDEX(a, l)  ((a) >> LEVEL_SHIFT(l) & 511)

extern uint64_t boot_pml4[512];
extern const char text_start[], text_end[], rodata_start[], rodata_end[],
    data_start[], image_end[];

static uint64_t hv_pml4[512] __attribute__((aligned(4096)));
static bool pages_ready; /* page_alloc_virt() may be used */
static unsigned int leaf_level_max;
static struct spinlock mmio_lock;
static uintptr_t mmio_next = MMIO_BASE; /* [mmio_lock] */

static paddr_t image_maddr(const void *p)
{
    return (uintptr_t)p - VIRT_BASE;
}

/* A zeroed table page; 0 when memory is out. */
static paddr_t table_alloc(void)
{
    void *p;

    if (!pages_ready)
        return boot_alloc(PAGE_SIZE);
    p = page_alloc_virt();
    return p ? virt_to_maddr(p) : 0;
}

/* The entry that maps 'va' at 'level', tables made on the way. */
static uint64_t *entry_make(uintptr_t va, unsigned int level)
{
    uint64_t *table = hv_pml4;

    for (unsigned int l = 4; l > level; l--) {
        uint64_t *e = &table[LEVEL_INDEX(va, l)];

        if (!(*e & PTE_PRESENT)) {
            paddr_t t = table_alloc();

            if (!t)
                return NULL;
            *e = t | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
        }
        table = maddr_to_virt(*e & PTE_ADDRESS);
    }
    return &table[LEVEL_INDEX(va, level)];
}

/* Map with the largest pages that alignment and 'max_level' allow. */
static bool map_range(uintptr_t va, paddr_t pa, uint64_t bytes, uint64_t flags,
                      unsigned int max_level)
{
    while (bytes) {
        unsigned int level = max_level;
        uint64_t *e;

        while (level > 1 && (((va | pa) & (BIT(LEVEL_SHIFT(level)) - 1)) ||
                             bytes < BIT(LEVEL_SHIFT(level))))
            level--;
        e = entry_make(va, level);
        if (!e)
            return false;
        *e = pa | flags | (level > 1 ? PTE_LARGE : 0);
        va += BIT(LEVEL_SHIFT(level));
        pa += BIT(LEVEL_SHIFT(level));
        bytes -= BIT(LEVEL_SHIFT(level));
    }
    return true;
}

/* Every CPU with long mode has the leaf. */
paddr_t paging_address_limit(void)
{
    unsigned int bits = cpuid(CPUID_ADDRESS_BITS, 0).a & 63;

    return MIN(BIT(bits), DIRECT_SLOTS * SIZE_512G);
}

static void map_section(const char *start, const char *end, uint64_t flags)
{
    if (!map_range((uintptr_t)start, image_maddr(start), end - start, flags, 1))
        panic("no memory for the hypervisor's page tables");
}

/* Memory, and reserved ranges that firmware carved out of it (its tables). What
   lies apart or is large is rather device space, so not ours to cache. */
static bool is_memory(const struct memmap_range *r)
{
    switch (r->type) {
    case MEMMAP_RAM:
    case MEMMAP_ACPI:
    case MEMMAP_NVS:
        return r->end <= DIRECT_SLOTS * SIZE_512G;
    case MEMMAP_RESERVED:
        return r->start <= memmap_top_below(&boot_info.map, SIZE_4G) &&
               r->end <= SIZE_4G && r->end - r->start <= FIRMWARE_BYTES_MAX;
    default:
        return false;
    }
}

/* Ranges in order, rounded to 2 MiB; what touches is joined so that whole
   gigabytes appear. */
static void map_direct(void)
{
    paddr_t start = 0, end = SIZE_2M;

    for (unsigned int i = 0; i <= boot_info.map.nr; i++) {
        const struct memmap_range *r = &boot_info.map.range[i];

        if (i < boot_info.map.nr && !is_memory(r))
            continue;
        if (i < boot_info.map.nr && ALIGN_DOWN(r->start, SIZE_2M) <= end) {
            end = MAX(end, ALIGN_UP(r->end, SIZE_2M));
            continue;
        }
        if (!map_range(hv_direct_base + start, start, end - start, PTE_RW,
                       leaf_level_max))
            panic("no memory for the direct map");
        if (i < boot_info.map.nr) {
            start = ALIGN_DOWN(r->start, SIZE_2M);
            end = ALIGN_UP(r->end, SIZE_2M);
        }
    }
}

void paging_load(void)
{
    wrmsr(MSR_PAT, PAT_RESET); /* PCD and PWT together: uncached */
    write_cr3(image_maddr(hv_pml4));
    write_cr4(CR4_HOST);
}

paddr_t paging_root(void)
{
    return image_maddr(hv_pml4);
}

void paging_init(void)
{
    leaf_level_max = cpuid(0x80000001, 0).d & CPUID_PDPE1GB ? 3 : 2;
    map_section(text_start, rodata_start, PTE_RX);
    map_section(rodata_start, data_start, PTE_RO);
    map_section(data_start, image_end, PTE_RW);
    map_direct();
    paging_load();
}

void paging_pages_ready(void)
{
    pages_ready = true;
}

void *mmio_map(paddr_t start, uint64_t bytes)
{
    paddr_t first = start & PAGE_MASK;
    uint64_t size = ALIGN_UP(start + bytes, PAGE_SIZE) - first;
    uintptr_t va;
    bool ok = false;

    if (!bytes || start + bytes < start || size > MMIO_BYTES)
        return NULL;
    spin_lock(&mmio_lock);
    /* Same offset in 2 MiB as the address: large windows get large pages. */
    va = mmio_next;
    if (size >= SIZE_2M)
        va = ALIGN_UP(va, SIZE_2M) + (first & (SIZE_2M - 1));
    if (va - MMIO_BASE + size < MMIO_BYTES)
        ok = map_range(va, first, size, PTE_UC, 2);
    if (ok)
        mmio_next = va + size;
    spin_unlock(&mmio_lock);
    return ok ? (void *)(va + (start - first)) : NULL;
}

bool direct_mapped(paddr_t start, uint64_t bytes)
{
    paddr_t end = start + bytes;

    if (end < start)
        return false;
    /* The BIOS area may be missing from the map, its 2 MiB are always there. */
    if (end <= SIZE_2M)
        return true;
    while (start < end) {
        const struct memmap_range *r = memmap_find(&boot_info.map, start);

        if (!r || !is_memory(r))
            return false;
        start = r->end;
    }
    return true;
}

bool address_mapped(uintptr_t va)
{
    const uint64_t *table = hv_pml4;

    for (unsigned int l = 4; l > 0; l--) {
        uint64_t e = table[LEVEL_INDEX(va, l)];

        if (!(e & PTE_PRESENT))
            return false;
        if (l == 1 || (e & PTE_LARGE))
            return true;
        table = maddr_to_virt(e & PTE_ADDRESS);
    }
    return false;
}

/*
 * What the loader handed over, and memory before the page allocator.
 */
#include "x86/boot.h"

#include "x86/acpi.h"
#include "x86/insn.h"
#include "x86/layout.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/percpu.h"
#include "x86/serial.h"
#include "x86/trap.h"

#include "base/string.h"
#include "hv/log.h"
#include "hv/option.h"
#include "hv/page.h"

#define MB1_LOADER_MAGIC  0x2badb002
#define MB2_LOADER_MAGIC  0x36d76289
#define SERIAL_EARLY_PORT 0x3f8
#define SERIAL_EARLY_BAUD 115200
#define LOW_MEMORY        0x100000UL
#define REAL_MODE_TOP     0xa0000UL
#define SIZE_4G           (1UL << 32)
#define PROBE_BYTES       sizeof(uint64_t)
/* So many leave room for what lies in memory. */
#define REGIONS_COARSE (BOOT_REGIONS_MAX - 64)

struct boot_info boot_info;

extern const char image_start[], image_end[];
extern uint8_t boot_stack[];

/* RAM that nothing lies in: what boot_alloc() and page_init() hand out. */
static struct memmap_range map_range[BOOT_REGIONS_MAX];
static struct memmap_range free_range[BOOT_REGIONS_MAX];
static struct memmap free_map = {free_range, BOOT_REGIONS_MAX, 0};

/* 'has_name': loaders but GRUB 2 put the file's name before the options. */
static const char *skip_name(const char *s, bool has_name)
{
    while (has_name && *s && *s != ' ')
        s++;
    while (*s == ' ')
        s++;
    return s;
}

void boot_set_cmdline(const char *cmdline, bool has_name)
{
    const char *text = skip_name(cmdline, has_name);

    if (!str_copy(boot_info.cmdline, sizeof(boot_info.cmdline), text))
        log_warn("command line cut at %zu bytes", sizeof(boot_info.cmdline));
}

void boot_set_rsdp(const void *rsdp, size_t bytes)
{
    static uint8_t copy[64];

    memset(copy, 0, sizeof(copy));
    memcpy(copy, rsdp, MIN(bytes, sizeof(copy)));
    boot_info.rsdp = (uintptr_t)copy - VIRT_BASE;
}

/* A full map gives up its smallest pieces of memory for the new one. */
static void map_squeeze(paddr_t start, paddr_t end, uint32_t type)
{
    log_warn("memory map has too many pieces: %lu KiB of memory given up",
             memmap_coarsen(&boot_info.map, REGIONS_COARSE) >> 10);
    if (!memmap_add(&boot_info.map, start, end, type))
        log_warn("memory map full: %lx-%lx ignored", start, end);
}

void boot_add_region(paddr_t start, uint64_t bytes, uint32_t e820_type)
{
    paddr_t end = start + bytes;

    if (end < start)
        log_warn("memory range %lx+%lx wraps: ignored", start, bytes);
    else if (!memmap_add(&boot_info.map, start, end, e820_type))
        map_squeeze(start, end, e820_type);
}

bool boot_claim(paddr_t start, uint64_t bytes)
{
    const struct memmap_range *r = memmap_find(&boot_info.map, start);

    if (r && r->type != MEMMAP_RAM && direct_mapped(start, bytes))
        return false;
    if (!memmap_set(&boot_info.map, ALIGN_DOWN(start, PAGE_SIZE),
                    ALIGN_UP(start + bytes, PAGE_SIZE), MEMMAP_ACPI))
        log_warn("memory map full: %lx is not kept", start);
    return true;
}

/* What is no memory on any PC, and what this CPU cannot reach. */
static void map_tame(void)
{
    static const struct {
        paddr_t start, end;
        const char *what;
    } never[] = {
        {REAL_MODE_TOP, LOW_MEMORY, "video and BIOS"},
        {0xfec00000, 0xff000000, "interrupt controllers and timers"},
    };
    paddr_t top = paging_address_limit();

    for (unsigned int i = 0; i < ARRAY_SIZE(never); i++)
        if (memmap_deny(&boot_info.map, never[i].start, never[i].end))
            log_warn("memory map: %lx-%lx is no memory but %s", never[i].start,
                     never[i].end, never[i].what);
    if (boot_info.map.nr &&
        boot_info.map.range[boot_info.map.nr - 1].end > top) {
        log_warn("memory map: nothing can be at %lx and above", top);
        memmap_remove(&boot_info.map, top, ~0UL);
    }
}

/* Does memory keep what is written there? The cache would. */
static bool memory_answers(paddr_t a)
{
    volatile uint64_t *p = maddr_to_virt(a);
    uint64_t old = *p;
    bool kept;

    *p = ~old;
    cache_flush(p);
    kept = *p == ~old;
    *p = old;
    return kept;
}

/* Where memory from 'there' on ends, when at 'end' there is none. */
static paddr_t memory_end(paddr_t there, paddr_t end)
{
    if (!memory_answers(there))
        return there;
    while (end - there > 2 * PAGE_SIZE) {
        paddr_t a = ALIGN_DOWN(there + (end - there) / 2, PAGE_SIZE);

        *(memory_answers(a) ? &there : &end) = a;
    }
    return ALIGN_DOWN(there, PAGE_SIZE) + PAGE_SIZE;
}

/* Firmware may promise memory that is not there. */
static void map_probe(paddr_t from, paddr_t to)
{
    /* From above: what is denied may become one with what lies there. */
    for (unsigned int i = boot_info.map.nr; i-- > 0;) {
        const struct memmap_range r = boot_info.map.range[i];
        paddr_t end;

        if (r.type != MEMMAP_RAM || r.start < from || r.end > to ||
            r.end - r.start < PAGE_SIZE || memory_answers(r.end - PROBE_BYTES))
            continue;
        end = memory_end(r.start, r.end);
        log_warn("memory map: no memory answers at %lx-%lx", end, r.end);
        (void)memmap_deny(&boot_info.map, end, r.end);
        boot_reserve(end, r.end);
    }
}

void boot_add_module(paddr_t start, paddr_t end, const char *cmdline,
                     bool has_name)
{
    struct boot_module *m = &boot_info.module[boot_info.modules];

    if (boot_info.modules == BOOT_MODULES_MAX) {
        log_warn("more than %u modules: the rest is ignored", BOOT_MODULES_MAX);
        return;
    }
    if (end < start || end > SIZE_4G) {
        log_warn("module %u at %lx-%lx: ignored", boot_info.modules, start,
                 end);
        return;
    }
    m->start = start;
    m->bytes = end - start;
    if (!str_copy(m->cmdline, sizeof(m->cmdline), skip_name(cmdline, has_name)))
        log_warn("command line of module %u cut at %zu bytes",
                 boot_info.modules, sizeof(m->cmdline));
    boot_info.modules++;
}

void boot_reserve(paddr_t start, paddr_t end)
{
    (void)memmap_set(&free_map, ALIGN_DOWN(start, PAGE_SIZE),
                     ALIGN_UP(end, PAGE_SIZE), MEMMAP_RESERVED);
}

/* A page that is in use already, a module's say, stays what it is. */
void boot_keep_away(paddr_t start, paddr_t end)
{
    for (paddr_t page = start; page < end; page += PAGE_SIZE) {
        const struct memmap_range *r = memmap_find(&free_map, page);

        if (!r || r->type != MEMMAP_RAM)
            continue;
        boot_add_region(page, PAGE_SIZE, MEMMAP_UNUSABLE);
        boot_reserve(page, page + PAGE_SIZE);
    }
}

/* Whole pages of RAM, without image and modules. */
static void free_map_init(void)
{
    free_map.nr = 0;
    for (unsigned int i = 0; i < boot_info.map.nr; i++) {
        const struct memmap_range *r = &boot_info.map.range[i];

        if (r->type == MEMMAP_RAM)
            (void)memmap_add(&free_map, ALIGN_UP(r->start, PAGE_SIZE),
                             ALIGN_DOWN(r->end, PAGE_SIZE), MEMMAP_RAM);
    }
    boot_reserve(0, PAGE_SIZE); /* real mode vectors; 0 means "none" here */
    boot_reserve((uintptr_t)image_start - VIRT_BASE,
                 (uintptr_t)image_end - VIRT_BASE);
    for (unsigned int i = 0; i < boot_info.modules; i++)
        boot_reserve(boot_info.module[i].start,
                     boot_info.module[i].start + boot_info.module[i].bytes);
}

/* The highest free place between the two addresses; 0: none. */
static paddr_t carve(uint64_t bytes, paddr_t floor, paddr_t under)
{
    for (unsigned int i = free_map.nr; i > 0; i--) {
        const struct memmap_range *r = &free_map.range[i - 1];
        paddr_t start = MAX(r->start, floor);
        paddr_t end = MIN(r->end, under);

        if (r->type != MEMMAP_RAM || start >= end || end - start < bytes)
            continue;
        boot_reserve(end - bytes, end);
        return end - bytes;
    }
    return 0;
}

/* Only the low 4 GiB are mapped at this time. */
static paddr_t carve_high(uint64_t bytes)
{
    return carve(ALIGN_UP(bytes, PAGE_SIZE), LOW_MEMORY, SIZE_4G);
}

paddr_t boot_alloc(uint64_t bytes)
{
    paddr_t start = carve_high(bytes);

    if (start)
        memset(maddr_to_virt(start), 0, bytes);
    return start;
}

paddr_t boot_alloc_low(void)
{
    return carve(PAGE_SIZE, PAGE_SIZE, REAL_MODE_TOP);
}

/* Loaders put modules where dom0's kernel wants to be, and memory beside them
   comes in pieces: they move to the top before any memory is handed out. */
static void modules_move(void)
{
    for (unsigned int i = 0; i < boot_info.modules; i++) {
        struct boot_module *m = &boot_info.module[i];
        const struct memmap_range *r = memmap_find(&boot_info.map, m->start);
        paddr_t to;

        if (!m->bytes || !r || m->start + m->bytes > r->end)
            continue; /* boot_check() tells */
        to = carve_high(m->bytes);
        if (!to)
            boot_refuse("too little memory for module %u of %lu MiB", i,
                        m->bytes >> 20);
        memcpy(maddr_to_virt(to), maddr_to_virt(m->start), m->bytes);
        m->start = to;
    }
    free_map_init();
}

/* The pieces of a RAM range, used or not, in order. */
static unsigned int ram_pieces(const struct memmap_range *ram,
                               struct page_region *out, unsigned int max)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < free_map.nr && nr < max; i++) {
        const struct memmap_range *r = &free_map.range[i];
        struct page_region piece = {
            .start = MAX(r->start, ALIGN_UP(ram->start, PAGE_SIZE)),
            .end = MIN(r->end, ALIGN_DOWN(ram->end, PAGE_SIZE)),
            .used = r->type != MEMMAP_RAM,
        };

        if (piece.start < piece.end)
            out[nr++] = piece;
    }
    return nr;
}

void boot_memory_done(void)
{
    static struct page_region ram[BOOT_REGIONS_MAX];
    unsigned int nr = 0;

    map_probe(SIZE_4G, ~0UL);
    for (unsigned int i = 0; i < boot_info.map.nr; i++) {
        if (boot_info.map.range[i].type == MEMMAP_RAM)
            nr += ram_pieces(&boot_info.map.range[i], ram + nr,
                             BOOT_REGIONS_MAX - nr);
    }
    page_init(ram, nr);
    paging_pages_ready();
}

void boot_entry(uint32_t magic, uint32_t info)
{
    hv_direct_base = DIRECT_BASE;
    boot_info.tsc = rdtsc();
    boot_info.map = (struct memmap){map_range, BOOT_REGIONS_MAX, 0};
    trap_init();
    percpu_init(&percpu_boot, 0, (uintptr_t)boot_stack);
    percpu_load(&percpu_boot);
    serial_init(SERIAL_EARLY_PORT, SERIAL_EARLY_BAUD);
    if (magic == MB1_LOADER_MAGIC)
        multiboot1_parse(info);
    else if (magic == MB2_LOADER_MAGIC)
        multiboot2_parse(info);
    else
        panic("not started by a multiboot loader: magic %x", magic);
    (void)option_parse(boot_info.cmdline); /* it reported what is wrong */
    if (!memmap_top(&boot_info.map, MEMMAP_RAM))
        boot_refuse("no memory in the loader's map: firmware's may be too long "
                    "for it");
    map_tame();
    map_probe(0, SIZE_4G); /* what is mapped at this time */
    acpi_claim();
    free_map_init();
    modules_move();
    paging_init();
    hv_main();
}

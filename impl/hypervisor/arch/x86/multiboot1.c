/*
 * Multiboot 1 information (GNU Multiboot Specification 0.6.96, 3.3).
 *
 * The loader is trusted no further than needed: counts are limited, strings are
 * cut, entries with absurd sizes end the walk.
 */
#include "x86/boot.h"

#include "base/string.h"
#include "hv/log.h"
#include "hv/page.h"

enum mb1_flag {
    MB1_CMDLINE = 1 << 2,
    MB1_MODULES = 1 << 3,
    MB1_MEMORY_MAP = 1 << 6,
    MB1_LOADER_NAME = 1 << 9,
};

struct mb1_info {
    uint32_t flags;
    uint32_t mem_lower, mem_upper;
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
    uint32_t drives_length, drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;
};

struct mb1_module {
    uint32_t start, end;
    uint32_t cmdline;
    uint32_t reserved;
};

struct mb1_range {
    uint32_t size; /* of what follows */
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
} __attribute__((packed));

#define MB1_RANGE_MIN (sizeof(struct mb1_range) - sizeof(uint32_t))

static void parse_memory_map(const struct mb1_info *mb)
{
    uint32_t left = mb->mmap_length;
    paddr_t at = mb->mmap_addr;

    while (left >= sizeof(struct mb1_range)) {
        const struct mb1_range *r = maddr_to_virt(at);
        uint32_t step = r->size + sizeof(r->size);

        if (r->size < MB1_RANGE_MIN || r->size > left - sizeof(r->size))
            break;
        boot_add_region(r->start, r->bytes, r->type);
        at += step;
        left -= step;
    }
}

/* Strings may be left out. */
static const char *text_at(uint32_t a)
{
    return a ? maddr_to_virt(a) : "";
}

static void parse_modules(const struct mb1_info *mb, bool names)
{
    const struct mb1_module *m = maddr_to_virt(mb->mods_addr);

    for (uint32_t i = 0; i < MIN(mb->mods_count, BOOT_MODULES_MAX + 1U); i++)
        boot_add_module(m[i].start, m[i].end, text_at(m[i].cmdline), names);
}

void multiboot1_parse(paddr_t info)
{
    struct mb1_info mb = *(const struct mb1_info *)maddr_to_virt(info);
    const char *loader =
        mb.flags & MB1_LOADER_NAME ? text_at(mb.boot_loader_name) : "";
    bool names = !str_starts(loader, "GRUB 2");

    boot_info.loader = "multiboot1";
    if (mb.flags & MB1_CMDLINE)
        boot_set_cmdline(text_at(mb.cmdline), names);
    if (mb.flags & MB1_MEMORY_MAP)
        parse_memory_map(&mb);
    if (mb.flags & MB1_MODULES)
        parse_modules(&mb, names);
}

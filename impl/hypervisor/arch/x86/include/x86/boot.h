/*
 * What the loader and the firmware gave us (owner: boot*.c).
 */
#ifndef X86_BOOT_H
#define X86_BOOT_H

#include "base/memmap.h"

#define BOOT_REGIONS_MAX 512
#define BOOT_MODULES_MAX 8
#define BOOT_CMDLINE_MAX 1024

struct boot_module {
    paddr_t start;
    uint64_t bytes;
    char cmdline[BOOT_CMDLINE_MAX]; /* without the file's name */
};

struct boot_info {
    const char *loader;                          /* "multiboot1", .. */
    char cmdline[BOOT_CMDLINE_MAX];              /* the hypervisor's own */
    struct memmap map;                           /* in bytes, not pages */
    struct boot_module module[BOOT_MODULES_MAX]; /* 0 kernel, 1 initrd */
    unsigned int modules;
    paddr_t rsdp;      /* 0: the loader gave none */
    paddr_t efi_table; /* EFI's system table; 0: not known */
    bool efi;
    uint64_t tsc; /* at entry: 0 of arch_now_ns() */
};

extern struct boot_info boot_info; /* [I] after boot */

/* Loader's formats: fill boot_info from the structure at 'info'. */
void multiboot1_parse(paddr_t info);
void multiboot2_parse(paddr_t info);

/* For the parsers, which check nothing of this themselves. */
void boot_add_region(paddr_t start, uint64_t bytes, uint32_t e820_type);
void boot_add_module(paddr_t start, paddr_t end, const char *cmdline,
                     bool has_name);
void boot_set_cmdline(const char *cmdline, bool has_name);
void boot_set_rsdp(const void *rsdp, size_t bytes); /* copied */
/* Firmware's data are at [start, start + bytes), whatever the map says: true when
   it had to be changed. Before memory is handed out. */
bool boot_claim(paddr_t start, uint64_t bytes);

/*
 * Early memory: page aligned, zeroed, never freed, below 4 GiB, out of the RAM
 * regions. Only until page_init() was called.
 */
paddr_t boot_alloc(uint64_t bytes);
/* One page below 640 KiB, for real mode code; 0: none. */
paddr_t boot_alloc_low(void);
/* Keep boot_alloc() and page_init() away from a range that is RAM by the map. */
void boot_reserve(paddr_t start, paddr_t end);
/* What is free in these pages is no RAM any more, for nobody. */
void boot_keep_away(paddr_t start, paddr_t end);
/* Hand what RAM is left to page_init(). */
void boot_memory_done(void);

/* From head.S. */
void boot_entry(uint32_t magic, uint32_t info) NORETURN;
/* The rest, on the final page tables (main.c). */
void hv_main(void) NORETURN;

#endif

/*
 * What the loader and the firmware gave us (owner: boot*.c).
 */
#ifndef X86_BOOT_H
#define X86_BOOT_H

#include "base/types.h"

#define BOOT_REGIONS_MAX 256
#define BOOT_MODULES_MAX 8
#define BOOT_CMDLINE_MAX 1024

/* E820 types; EFI types are converted. */
enum boot_region_type {
    REGION_RAM = 1,
    REGION_RESERVED = 2,
    REGION_ACPI = 3,
    REGION_NVS = 4,
    REGION_UNUSABLE = 5,
};

struct boot_region {
    paddr_t start; /* bytes, not necessarily page aligned */
    paddr_t end;   /* exclusive */
    enum boot_region_type type;
};

struct boot_module {
    paddr_t start;
    uint64_t bytes;
    char cmdline[BOOT_CMDLINE_MAX];
};

struct boot_info {
    const char *loader;                          /* "multiboot1", .. */
    char cmdline[BOOT_CMDLINE_MAX];              /* the hypervisor's own */
    struct boot_region region[BOOT_REGIONS_MAX]; /* sorted, disjoint */
    unsigned int regions;
    struct boot_module module[BOOT_MODULES_MAX]; /* 0 kernel, 1 initrd */
    unsigned int modules;
    paddr_t rsdp; /* 0: none found */
    bool efi;
};

extern struct boot_info boot_info; /* [I] after boot */

#endif

/*
 * ACPI tables: pure parsers that trust no length, count or pointer in them
 * (ACPI 6.4 chapter 5, HPET 1.0a 3.2.4, PCI Firmware 3.2 4.1.2).
 *
 * Physical memory is reached through struct acpi_mem only. Pointers returned are
 * what its map function gave. Nothing is written, nothing is kept.
 */
#ifndef BASE_ACPI_H
#define BASE_ACPI_H

#include "base/types.h"

#define ACPI_TABLES_MAX     128
#define ACPI_TABLE_BYTES    (16U << 20) /* larger ones are refused */
#define ACPI_IOAPICS_MAX    16
#define ACPI_CPUS_MAX       512
#define ACPI_OVERRIDES_MAX  16
#define ACPI_MCFG_MAX       16
#define ACPI_HEADER_BYTES   36
#define ACPI_RSDP_MIN_BYTES 20

/* 'map' returns readable memory for [a, a + bytes), or NULL. */
struct acpi_mem {
    const void *(*map)(void *arg, paddr_t a, uint64_t bytes);
    void *arg;
};

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    uint32_t creator_id;
    uint32_t creator_revision;
} __attribute__((packed));

#define ACPI_RSDP_SIGNATURE "RSD PTR "

struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* from here on: revision 2 */
    uint64_t xsdt;
    uint8_t checksum2; /* of all */
    uint8_t reserved[3];
} __attribute__((packed));

struct acpi_root {
    paddr_t table;      /* XSDT or RSDT */
    bool wide;          /* 64-bit entries: XSDT */
    unsigned int count; /* entries, at most ACPI_TABLES_MAX */
};

/* Search the BIOS area (EBDA's first KiB, 0xe0000-0xfffff); 0: none. */
paddr_t acpi_rsdp_search(const struct acpi_mem *m);
/* Checked RSDP at 'rsdp' and the root table it names, the XSDT only if 'wide';
   false: unusable. */
bool acpi_root_read(const struct acpi_mem *m, paddr_t rsdp, bool wide,
                    struct acpi_root *out);
/* Address that entry 'i' of the root table holds; 0: nothing there. */
paddr_t acpi_root_entry(const struct acpi_mem *m, const struct acpi_root *root,
                        unsigned int i);
/* The 'nth' table (from 0) of that signature, all of it mapped; NULL: none. Its
   checksum may be wrong. The DSDT is not in the root: see struct acpi_fadt. */
const struct acpi_header *acpi_find(const struct acpi_mem *m,
                                    const struct acpi_root *root,
                                    const char *signature, unsigned int nth);
/* A table by address, with the same checks. 'signature' NULL: any. */
const struct acpi_header *acpi_at(const struct acpi_mem *m, paddr_t a,
                                  const char *signature);
/* Do the bytes of a table that acpi_at() gave add up to zero? */
bool acpi_sum_right(const struct acpi_header *h);
/* .. or any other bytes. */
bool acpi_sums_to_zero(const void *p, size_t bytes);

/* MADT. */
struct acpi_cpu {
    uint32_t apic_id;
    uint32_t uid;
    bool enabled;
    bool x2apic; /* from an x2APIC entry */
};

struct acpi_ioapic {
    uint8_t id;
    uint32_t address;
    uint32_t gsi_base;
};

struct acpi_override {
    uint8_t irq; /* ISA */
    uint32_t gsi;
    uint16_t flags; /* MPS INTI: polarity 1:0, trigger 3:2 */
};

struct acpi_madt {
    paddr_t lapic;
    struct acpi_cpu cpu[ACPI_CPUS_MAX];
    unsigned int cpus;
    struct acpi_ioapic ioapic[ACPI_IOAPICS_MAX];
    unsigned int ioapics;
    struct acpi_override override[ACPI_OVERRIDES_MAX];
    unsigned int overrides;
    unsigned int dropped; /* entries broken, or more than fit */
};

bool acpi_madt_parse(const struct acpi_header *t, struct acpi_madt *out);

/* Generic address structure; address 0: absent. */
enum acpi_space { ACPI_MEMORY = 0, ACPI_IO = 1 };

struct acpi_gas {
    uint8_t space;
    uint8_t bits;
    uint64_t address;
};

struct acpi_fadt {
    paddr_t dsdt, facs;
    uint32_t smi_port;
    uint8_t acpi_enable;
    uint32_t flags;
    struct acpi_gas pm1a_control, pm1b_control;
    struct acpi_gas pm_timer;
    struct acpi_gas reset;
    bool has_reset;
    uint8_t reset_value;
};

bool acpi_fadt_parse(const struct acpi_header *t, struct acpi_fadt *out);

struct acpi_hpet {
    struct acpi_gas base;
};

bool acpi_hpet_parse(const struct acpi_header *t, struct acpi_hpet *out);

struct acpi_mcfg_entry {
    paddr_t base; /* of bus 0, whatever bus_first is */
    uint16_t segment;
    uint8_t bus_first, bus_last;
};

struct acpi_mcfg {
    struct acpi_mcfg_entry entry[ACPI_MCFG_MAX];
    unsigned int entries;
};

bool acpi_mcfg_parse(const struct acpi_header *t, struct acpi_mcfg *out);

/* SLP_TYP values of \_S5 by a scan of the DSDT's bytes; false: not found. */
bool acpi_s5_find(const struct acpi_header *dsdt, uint8_t *a, uint8_t *b);

#endif

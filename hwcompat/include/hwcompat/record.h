/*
 * A hardware record: what one machine's firmware and CPUs said, as files.
 *
 * record/FORMAT.md documents the files. A record is wholly in memory once it is
 * open; every pointer that is handed out belongs to it and lives until
 * record_destroy(). Records are hostile: sizes, counts and names are checked on
 * the way in, and what is handed out is bounded bytes, never a promise that a
 * table is well formed.
 *
 * Functions return 0 or a negative errno; with `struct record_error`, what was
 * wrong, in which file and at which offset. Nothing here locks: one thread at a
 * time for one record.
 */
#ifndef HWCOMPAT_RECORD_H
#define HWCOMPAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_TOOL "touchstone 0.1"

enum {
    RECORD_VERSION = 1,
    RECORD_FILES_MAX = 1024,
    RECORD_FILE_BYTES_MAX = 32 << 20,
    RECORD_BYTES_MAX = 128 << 20, /* all files */
    RECORD_PATH_BYTES = 128,      /* with its end */
    RECORD_TABLES_MAX = 512,
    RECORD_MEMORY_MAX = 4096,
    RECORD_CPUS_MAX = 4096,
    RECORD_ID_BYTES = 17, /* 16 hexadecimal digits and the end */
    RECORD_ERROR_BYTES = 320,
};

struct record;

struct record_error {
    char text[RECORD_ERROR_BYTES]; /* "FILE: offset N: reason" */
};

/* Bytes of a record; borrowed from it. `data` NULL: there are none. */
struct record_bytes {
    const uint8_t *data;
    size_t size;
};

/*
 * Opens a directory or an archive (.tar, also compressed), and checks it: the
 * list of files, caps, syntax of the parts. -EINVAL: no record, or a broken
 * one; -E2BIG: a cap; -ENOENT and friends: the file system said so.
 */
int record_open(const char *path, struct record **out,
                struct record_error *error);
void record_destroy(struct record *r); /* NULL is fine */

/* The parts a record can have. A part that is absent says why. */
enum record_part {
#define PART(id, name, what) RECORD_PART_##id,
#include "hwcompat/parts.def"
#undef PART
    RECORD_PARTS
};

const char *record_part_name(enum record_part part); /* "smbios" */
const char *record_part_what(enum record_part part); /* for people */
/* Why a part is not there, or is not whole; NULL: nothing is missing. */
const char *record_missing(const struct record *r, enum record_part part);

/* 16 hexadecimal digits over the files: the same contents, the same id. */
const char *record_id(const struct record *r);
/* "live" or "import". */
const char *record_origin(const struct record *r);
/* Names for people, from SMBIOS; empty, never NULL. */
struct record_machine {
    const char *vendor, *product, *board, *bios_vendor, *bios_version,
        *bios_date;
};
const struct record_machine *record_machine(const struct record *r);

/* Any file of the record by its path in it ("logs/kernel.txt"). */
struct record_bytes record_file(const struct record *r, const char *path);
/* All of them, in the order of their paths. */
size_t record_files(const struct record *r);
const char *record_file_name(const struct record *r, size_t i);

/* ACPI tables as they lay in memory, RSDT, XSDT, DSDT and FACS among them. */
struct record_table {
    char signature[5];
    const char *file; /* its path in the record */
    uint64_t address; /* physical; 0: not known */
    bool dynamic;     /* loaded by AML at run time */
    struct record_bytes bytes;
};
size_t record_tables(const struct record *r);
const struct record_table *record_table(const struct record *r, size_t i);
/* The `nth` one (from 0) of that signature; NULL. */
const struct record_table *record_table_find(const struct record *r,
                                             const char *signature,
                                             unsigned int nth);
struct record_bytes record_rsdp(const struct record *r, uint64_t *address);

/* SMBIOS: the entry point (may be absent), the structures. */
struct record_bytes record_smbios_entry(const struct record *r);
struct record_bytes record_smbios(const struct record *r);
/* The structures were rebuilt from a listing, and are not complete. */
bool record_smbios_rebuilt(const struct record *r);

/* The memory map, in the order of the firmware; as wrong as it was there. */
enum record_memory_kind {
    RECORD_E820, /* type: ACPI's numbers, 1 usable, 2 reserved, ... */
    RECORD_EFI,  /* type: EFI_MEMORY_TYPE, `attributes` valid */
    RECORD_XEN,  /* as RECORD_E820, by the hypervisor's log */
};
struct record_range {
    enum record_memory_kind kind;
    uint32_t type;
    uint64_t start, size; /* may wrap: it is what the firmware said */
    uint64_t attributes;
};
size_t record_ranges(const struct record *r);
const struct record_range *record_range(const struct record *r, size_t i);

/* CPUs, in the order of their numbers. */
struct record_leaf {
    uint32_t leaf, subleaf;
    uint32_t reg[4]; /* EAX, EBX, ECX, EDX */
};
struct record_msr {
    uint32_t index;
    uint64_t value;
};
struct record_cpu {
    uint32_t number;                /* the operating system's */
    uint32_t apic_id;               /* of CPUID; UINT32_MAX: not known */
    const struct record_leaf *leaf; /* by leaf and subleaf */
    size_t leaves;
    const struct record_msr *msr; /* by index */
    size_t msrs;
    bool has_microcode;
    uint32_t microcode;
};
size_t record_cpus(const struct record *r);
const struct record_cpu *record_cpu(const struct record *r, size_t i);
/* EAX to EDX; false, and zeros: not recorded. */
bool record_cpuid(const struct record_cpu *c, uint32_t leaf, uint32_t subleaf,
                  uint32_t reg[4]);
bool record_rdmsr(const struct record_cpu *c, uint32_t index, uint64_t *value);

/* PCI functions, by address. */
struct record_pci {
    uint32_t segment;
    uint8_t bus, device, function;
    struct record_bytes config; /* 64, 256 or 4096 bytes, or fewer */
};
size_t record_pcis(const struct record *r);
const struct record_pci *record_pci(const struct record *r, size_t i);

#endif

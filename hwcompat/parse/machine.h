/*
 * A machine as its record tells it: decoded firmware tables, memory, CPUs.
 *
 * Made from bytes that nobody has checked. Whatever does not fit its own format
 * is left out and noted as a flaw. Borrowed pointers lead into the record,
 * which has to live longer.
 */
#ifndef PARSE_MACHINE_H
#define PARSE_MACHINE_H

#include "hwcompat/record.h"
#include "parse/bytes.h"

struct aml;

enum {
    TABLES_MAX = 512,
    CPUS_MAX = 8192,
    IOAPICS_MAX = 128,
    OVERRIDES_MAX = 64,
    LINTS_MAX = 512,
    RANGES_MAX = 1024,
    NODES_MAX = 256,
    UNITS_MAX = 256,
    SCOPES_MAX = 2048,
    FLAWS_MAX = 256,
    STRUCTURES_MAX = 4096,
};

/* --- Flaws: what does not fit its own format ------------------------------- */
enum flaw_kind {
    FLAW_ENTRY_SHORT,  /* an entry is shorter than its type needs */
    FLAW_ENTRY_BEYOND, /* an entry reaches behind its table */
    FLAW_ENTRY_EMPTY,  /* an entry has no length: what follows is lost */
    FLAW_ENTRY_TYPE,   /* a type that no specification knows */
    FLAW_TOO_MANY,     /* more entries than a machine can have */
    FLAW_COUNT,        /* a count does not agree with what is there */
    FLAW_KINDS,
};

struct flaw {
    enum flaw_kind kind;
    const char *table; /* signature */
    const char *file;
    uint32_t offset, type, length;
};

/* --- ACPI ------------------------------------------------------------------ */
struct table {
    char signature[5], oem_id[7], oem_table_id[9];
    const char *file;
    struct bytes b;   /* what is there, at most `length` */
    uint32_t length;  /* as its header says */
    size_t present;   /* bytes in the record */
    uint64_t address; /* 0: not recorded */
    uint32_t oem_revision;
    uint8_t revision;
    bool sum_ok;
};

struct gas {
    uint8_t space, bits, offset, access;
    uint64_t address;
};

enum gas_space { GAS_MEMORY, GAS_IO };

struct block {
    uint32_t old; /* 32-bit port */
    uint8_t length;
    struct gas wide; /* the 64-bit form */
};

struct fadt {
    const struct table *table;
    uint32_t facs32, dsdt32, smi_command, flags;
    uint64_t facs64, dsdt64;
    uint16_t sci, boot_arch;
    uint8_t profile, acpi_enable, acpi_disable, century;
    struct block pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2;
    struct block pm_timer, gpe0, gpe1;
    uint16_t c2_latency, c3_latency;
    struct gas reset;
    uint8_t reset_value;
    char hypervisor[9];
};

struct madt_cpu {
    uint32_t apic_id, uid, offset;
    bool enabled, capable, x2apic;
};

struct ioapic {
    uint32_t id, address, gsi, offset;
};

struct irq_override {
    uint8_t bus, irq;
    uint16_t flags;
    uint32_t gsi, offset;
};

struct lint {
    uint32_t uid, offset;
    uint16_t flags;
    uint8_t pin;
};

struct madt {
    const struct table *table;
    uint64_t lapic;
    bool lapic_override, pcat;
    struct madt_cpu *cpu; /* CPUS_MAX */
    unsigned int cpus, enabled;
    struct ioapic ioapic[IOAPICS_MAX];
    unsigned int ioapics;
    struct irq_override override[OVERRIDES_MAX];
    unsigned int overrides;
    struct lint lint[LINTS_MAX];
    unsigned int lints;
};

struct srat_cpu {
    uint32_t apic_id, domain, offset;
    bool enabled;
};

struct srat_memory {
    uint64_t base, length;
    uint32_t domain, flags, offset;
};

struct srat {
    const struct table *table;
    struct srat_cpu *cpu; /* CPUS_MAX */
    unsigned int cpus;
    struct srat_memory memory[RANGES_MAX];
    unsigned int memories;
};

struct slit {
    const struct table *table;
    uint64_t nodes;
    const uint8_t *distance; /* nodes * nodes; NULL when they are not there */
};

struct mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t first, last;
    uint32_t offset;
};

struct mcfg {
    const struct table *table;
    struct mcfg_entry entry[UNITS_MAX];
    unsigned int entries;
};

struct hpet {
    const struct table *table;
    uint32_t id;
    struct gas base;
    uint16_t min_tick;
    uint8_t number;
};

/* A device, IO-APIC or HPET that an IOMMU's table names. */
struct scope {
    uint32_t unit; /* index of the owner */
    uint8_t type, id, bus, device, function;
    uint16_t segment;
    uint32_t offset;
};

enum dmar_type { DMAR_UNIT, DMAR_RMRR, DMAR_ATSR, DMAR_RHSA, DMAR_ANDD };
enum dmar_scope { SCOPE_DEVICE = 1, SCOPE_BRIDGE, SCOPE_IOAPIC, SCOPE_HPET };

struct dmar_unit {
    enum dmar_type type;
    uint8_t flags;
    uint16_t segment;
    uint64_t base, limit; /* registers; region of an RMRR */
    uint32_t offset, domain;
    unsigned int scopes;
};

struct dmar {
    const struct table *table;
    uint8_t width, flags;
    struct dmar_unit unit[UNITS_MAX];
    unsigned int units;
    struct scope scope[SCOPES_MAX];
    unsigned int scopes;
};

enum ivrs_special { IVRS_IOAPIC = 1, IVRS_HPET = 2 };

struct ivrs_unit {
    uint8_t type, flags;
    uint16_t device, capability, segment;
    uint64_t base;   /* registers; start of an IVMD */
    uint64_t length; /* of an IVMD */
    uint32_t offset;
};

struct ivrs {
    const struct table *table;
    uint32_t info;
    struct ivrs_unit unit[UNITS_MAX];
    unsigned int units;
    struct scope scope[SCOPES_MAX]; /* IO-APICs and HPETs */
    unsigned int scopes;
};

struct error_tables { /* APEI */
    const struct table *hest, *bert, *einj, *erst;
    uint32_t hest_sources, hest_seen, bert_length, erst_entries, einj_entries;
    uint64_t bert_region;
};

struct acpi {
    struct table table[TABLES_MAX];
    unsigned int tables;
    bool partial; /* the record says that there were more */
    struct bytes rsdp;
    const char *rsdp_file;
    uint64_t rsdp_address, rsdt, xsdt;
    struct fadt fadt;
    struct madt madt;
    struct srat srat;
    struct slit slit;
    struct mcfg mcfg;
    struct hpet hpet;
    struct dmar dmar;
    struct ivrs ivrs;
    struct error_tables errors;
    const struct table *facs, *dsdt;
};

/* --- Memory ---------------------------------------------------------------- */
enum memory_type {
    MEMORY_RAM = 1,
    MEMORY_RESERVED,
    MEMORY_ACPI,
    MEMORY_NVS,
    MEMORY_UNUSABLE,
    MEMORY_PMEM = 7,
};

struct range {
    uint64_t start, end; /* end is not in it; before start: it wraps */
    uint32_t type;       /* ACPI's numbers */
    bool efi;            /* as EFI says it, `type` translated */
    uint32_t efi_type;
    uint64_t attributes;
};

struct memory {
    struct range range[RANGES_MAX]; /* in the record's order */
    unsigned int ranges;
    const char *file; /* NULL: not recorded */
};

/* --- SMBIOS ---------------------------------------------------------------- */
struct structure {
    uint8_t type, length;
    uint16_t handle;
    uint32_t offset;
    struct bytes formatted; /* header included */
    struct bytes strings;   /* without the last two zeros */
};

struct smbios {
    const char *file;
    struct bytes entry, raw;
    uint8_t major, minor;
    bool has_entry, entry_sum_ok;
    uint32_t said_count, said_length;
    struct structure structure[STRUCTURES_MAX];
    unsigned int structures;
    bool ended; /* a structure of type 127 was seen */
};

/* --- CPUs ------------------------------------------------------------------ */
struct cpu {
    const struct record_leaf *leaf;
    size_t leaves;
    const struct record_msr *msr;
    size_t msrs;
    uint32_t microcode; /* 0: not recorded */
    uint32_t number;
    /* from its leaves */
    char vendor[13];
    unsigned int family, model, stepping, phys_bits;
    uint32_t apic_id, max_leaf, max_extended;
};

struct pci_device {
    uint16_t segment, vendor, device, subvendor, subdevice;
    uint8_t bus, slot, function, class[3], revision;
    struct bytes config;
};

struct machine {
    struct acpi acpi;
    struct memory memory;
    struct smbios smbios;
    struct cpu *cpu;
    unsigned int cpus;
    struct pci_device *pci;
    unsigned int pcis;
    struct bytes kernel_log, hypervisor_log;
    const struct aml *aml; /* borrowed; NULL: nobody asked its tools */
    struct flaw flaw[FLAWS_MAX];
    unsigned int flaws;
    unsigned int flaws_lost;
};

/* NULL: no memory. */
struct machine *machine_create(void);
/* All that a record has, decoded. NULL: no memory. */
struct machine *machine_from_record(const struct record *r);
void machine_destroy(struct machine *m);

/* Adds one table; FLAW_TOO_MANY when it does not fit. */
void machine_add_table(struct machine *m, const char *file, struct bytes b,
                       uint64_t address);
/* To be called once, when all tables are there. */
void machine_decode_acpi(struct machine *m);
void machine_decode_smbios(struct machine *m, const char *file,
                           struct bytes entry, struct bytes raw);
/* What its leaves say of a CPU. */
void cpu_decode(struct cpu *c);

/* The `nth` table of that signature, from 0; NULL. */
const struct table *acpi_table(const struct acpi *a, const char *signature,
                               unsigned int nth);
/* Whether a MADT names that CPU; `enabled_only`: as one that runs. */
bool madt_has_cpu(const struct madt *madt, uint32_t apic_id, bool enabled_only);

/* NULL: no such leaf. */
const struct record_leaf *cpu_leaf(const struct cpu *c, uint32_t leaf,
                                   uint32_t subleaf);
/* A bit of CPUID; false also when the leaf is not recorded. */
enum cpu_reg { EAX, EBX, ECX, EDX };
struct cpu_bit {
    uint32_t leaf, subleaf;
    enum cpu_reg reg;
    unsigned int nr;
};
bool cpu_has_bit(const struct cpu *c, struct cpu_bit b);
#define CPU_BIT(leaf, sub, reg, nr) ((struct cpu_bit){leaf, sub, reg, nr})
#define CPU_BIT_VMX                 CPU_BIT(1, 0, ECX, 5)
#define CPU_BIT_SVM                 CPU_BIT(0x80000001, 0, ECX, 2)
/* false: not recorded. */
bool cpu_msr(const struct cpu *c, uint32_t number, uint64_t *value);

/* What of [start, start + length) is of that type, in bytes. */
uint64_t memory_of_type(const struct memory *m, uint64_t start, uint64_t length,
                        uint32_t type);

/* The first structure of that type behind `after` (NULL: from the start). */
const struct structure *smbios_find(const struct smbios *s, uint8_t type,
                                    const struct structure *after);
/* String number `nr` of a structure, shortened to `size`; "" when absent.
   Returns false when the number leads nowhere. */
bool structure_string(const struct structure *t, uint8_t nr, char *text,
                      size_t size);

/* For decoders: notes a flaw of a table. */
void machine_flaw(struct machine *m, enum flaw_kind kind, const char *table,
                  const char *file, uint32_t offset, uint32_t type,
                  uint32_t length);

#endif

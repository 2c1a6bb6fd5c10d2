/*
 * Judging a machine: rules, and what they found.
 *
 * A scan looks at one machine. Texts in findings are copies or constants; the
 * machine may go once the scan is done.
 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include "parse/machine.h"

enum severity {
    SEVERITY_INFO,     /* a fact, no defect */
    SEVERITY_LOW,      /* nothing is lost */
    SEVERITY_MEDIUM,   /* worked around, or a comfort is lost */
    SEVERITY_HIGH,     /* a faculty is lost, or the machine is not stable */
    SEVERITY_CRITICAL, /* does not boot, or destroys data */
    SEVERITIES,
};

/* What a record must hold for a rule to be judged. */
enum need {
    ANY = 0,
    ACPI = 1 << 0,
    RSDP = 1 << 1 | ACPI,
    FADT = 1 << 2 | ACPI,
    MADT = 1 << 3 | ACPI,
    SRAT = 1 << 4 | ACPI,
    SLIT = 1 << 5 | ACPI,
    MCFG = 1 << 6 | ACPI,
    HPET = 1 << 7 | ACPI,
    DMAR = 1 << 8 | ACPI,
    IVRS = 1 << 9 | ACPI,
    HEST = 1 << 10 | ACPI,
    BERT = 1 << 11 | ACPI,
    ERST = 1 << 12 | ACPI,
    EINJ = 1 << 13 | ACPI,
    SMBIOS = 1 << 14,
    MAP = 1 << 15,
    EFI_MAP = 1 << 16 | MAP,
    CPU = 1 << 17,
    CPUS = 1 << 18 | CPU, /* more than one */
    MSRS = 1 << 19 | CPU,
    PCI = 1 << 20,
    LOG = 1 << 21,
    ROOT = 1 << 22 | ACPI,      /* RSDT or XSDT */
    ACPI_FULL = 1 << 23 | ACPI, /* tables with their addresses */
    AML = 1 << 24 | ACPI,       /* what ACPICA's tools say */
    AML_MAP = AML | MAP,
    AML_MADT = AML | MADT,
    AML_SRAT = AML | SRAT,
    AML_MCFG = AML | MCFG,
    AML_HPET = AML | HPET,
    SMBIOS_PART = ANY,
    MEMORY_PART = ANY,
    CPU_PART = ANY,
    PCI_PART = ANY,
    ACPI_MAP = ACPI_FULL | MAP,
    ACPI_CPU = ACPI | CPU,
    MADT_MAP = MADT | MAP,
    MADT_CPU = MADT | CPU,
    SRAT_MAP = SRAT | MAP,
    SRAT_MADT = SRAT | MADT,
    SLIT_SRAT = SLIT | SRAT,
    DMAR_MAP = DMAR | MAP,
    DMAR_PCI = DMAR | PCI,
    DMAR_MADT = DMAR | MADT,
    IVRS_MAP = IVRS | MAP,
    IVRS_MADT = IVRS | MADT,
    MCFG_MAP = MCFG | MAP,
    HPET_MAP = HPET | MAP,
    BERT_MAP = BERT | MAP,
    SMBIOS_MADT = SMBIOS | MADT,
    SMBIOS_MAP = SMBIOS | MAP,
    MAP_CPU = MAP | CPU,
    MAP_MSR = MAP | MSRS,
    CPU_MSR = MSRS,
    CPUS_MSR = CPUS | MSRS,
    PCI_MAP = PCI | MAP,
    PCI_MCFG = PCI | MCFG,
};

enum rule_id {
#define RULE(id, severity, needs, effect, workaround, source) RULE_##id,
#include "scan/rules.def"
#undef RULE
    RULES
};

struct rule {
    const char *id;
    enum severity severity;
    uint32_t needs;
    const char *effect, *workaround, *source;
};

extern const struct rule rules[RULES];

enum {
    FINDINGS_MAX = 1024,
    FINDINGS_PER_RULE = 5, /* the others are counted */
    WHERE_BYTES = 96,
    DETAIL_BYTES = 160,
};

struct finding {
    const char *rule; /* id */
    enum severity severity;
    const char *effect, *workaround, *source;
    const char *action; /* what our hypervisor does about it by itself; NULL */
    char where[WHERE_BYTES]; /* "acpi/APIC.dat+0x2c" */
    char detail[DETAIL_BYTES];
    unsigned int more; /* of the same rule, not listed */
    bool quirk;
};

struct scan {
    const struct machine *m;
    uint32_t has; /* bits of enum need */
    struct finding finding[FINDINGS_MAX];
    unsigned int findings;
    unsigned int seen[RULES];
    unsigned int last[RULES]; /* place of a rule's last finding */
};

const char *severity_name(enum severity s);
/* false: no such name. */
bool severity_find(const char *name, enum severity *out);

/* Judges `m` by every rule. NULL: no memory. */
struct scan *scan_machine(const struct machine *m);
void scan_destroy(struct scan *s);
/* The worst finding; SEVERITY_INFO when there is none. */
enum severity scan_worst(const struct scan *s);

/* For rules: adds a finding at `file` + `offset` (negative: the whole file). */
void found(struct scan *s, enum rule_id rule, const char *file, long offset,
           const char *format, ...) __attribute__((format(printf, 5, 6)));
/* For quirks: texts of `f` are borrowed for good; `severity` in any case. */
void found_quirk(struct scan *s, const struct finding *f, const char *severity,
                 const char *where);
static inline bool scan_has(const struct scan *s, uint32_t needs)
{
    return (s->has & needs) == needs;
}

/* The passes: one for each kind of table. */
void judge_tables(struct scan *s);
void judge_fadt(struct scan *s);
void judge_madt(struct scan *s);
void judge_madt_lines(struct scan *s);
void judge_srat(struct scan *s);
void judge_slit(struct scan *s);
void judge_dmar(struct scan *s);
void judge_ivrs(struct scan *s);
void judge_mcfg(struct scan *s);
void judge_hpet(struct scan *s);
void judge_errors(struct scan *s);
void judge_entries(struct scan *s);
void judge_smbios(struct scan *s);
void judge_memory(struct scan *s);
void judge_cpu(struct scan *s);
void judge_cpus(struct scan *s);
void judge_msrs(struct scan *s);
void judge_pci(struct scan *s);
void judge_log(struct scan *s);
void judge_aml(struct scan *s);
void judge_quirks(struct scan *s);

/* Whether any of [start, start + length) is memory that is free to use. */
bool in_ram(const struct scan *s, uint64_t start, uint64_t length);
/* How many bytes of that the map gives to anything but memory that is free. */
uint64_t mapped_otherwise(const struct scan *s, uint64_t start,
                          uint64_t length);

#endif

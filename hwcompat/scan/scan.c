/*
 * A scan: what a machine's record holds, the passes over it, the findings.
 */
#include "scan/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aml/aml.h"

const struct rule rules[RULES] = {
#define RULE(id, severity, needs, effect, workaround, source) \
    [RULE_##id] = {#id, SEVERITY_##severity, needs, effect, workaround, source},
#include "scan/rules.def"
#undef RULE
};

static const char *const severities[SEVERITIES] = {"info", "low", "medium",
                                                   "high", "critical"};

const char *severity_name(enum severity s)
{
    return severities[s];
}

bool severity_find(const char *name, enum severity *out)
{
    for (int i = 0; i < SEVERITIES; i++) {
        if (!strcmp(name, severities[i])) {
            *out = (enum severity)i;
            return true;
        }
    }
    return false;
}

void found(struct scan *s, enum rule_id rule, const char *file, long offset,
           const char *format, ...)
{
    const struct rule *r = &rules[rule];
    struct finding *f;
    va_list args;

    if (++s->seen[rule] > FINDINGS_PER_RULE || s->findings == FINDINGS_MAX) {
        if (s->seen[rule] > 1)
            s->finding[s->last[rule]].more++;
        return;
    }
    s->last[rule] = s->findings;
    f = &s->finding[s->findings++];
    *f = (struct finding){.rule = r->id,
                          .severity = r->severity,
                          .effect = r->effect,
                          .workaround = r->workaround,
                          .source = r->source};
    snprintf(f->where, sizeof(f->where), offset < 0 ? "%s" : "%s+0x%lx",
             file ? file : "record", offset);
    va_start(args, format);
    vsnprintf(f->detail, sizeof(f->detail), format, args);
    va_end(args);
}

void found_quirk(struct scan *s, const struct finding *f, const char *severity,
                 const char *where)
{
    struct finding *to = &s->finding[s->findings];

    if (s->findings == FINDINGS_MAX)
        return;
    s->findings++;
    *to = *f;
    to->quirk = true;
    for (int i = 0; i < SEVERITIES; i++) {
        if (!strcasecmp(severity, severities[i]))
            to->severity = (enum severity)i;
    }
    snprintf(to->where, sizeof(to->where), "%s", where);
    snprintf(to->detail, sizeof(to->detail), "known quirk");
}

bool in_ram(const struct scan *s, uint64_t start, uint64_t length)
{
    return memory_of_type(&s->m->memory, start, length, MEMORY_RAM) != 0;
}

uint64_t mapped_otherwise(const struct scan *s, uint64_t start, uint64_t length)
{
    uint64_t sum = 0;

    for (uint32_t type = MEMORY_RESERVED; type <= MEMORY_PMEM; type++)
        sum += memory_of_type(&s->m->memory, start, length, type);
    return sum;
}

/* --- What there is to judge by ---------------------------------------------- */
static bool any_address(const struct acpi *a)
{
    for (unsigned int i = 0; i < a->tables; i++) {
        if (a->table[i].address)
            return true;
    }
    return false;
}

static bool any_msr(const struct machine *m)
{
    return m->cpus && m->cpu[0].leaves && m->cpu[0].msrs;
}

static uint32_t present(bool there, uint32_t bits)
{
    return there ? bits : 0;
}

static uint32_t tables_present(const struct acpi *a)
{
    return present(a->tables, ACPI) | present(a->rsdp.n, RSDP) |
           present(a->fadt.table, FADT) | present(a->madt.table, MADT) |
           present(a->srat.table, SRAT) | present(a->slit.table, SLIT) |
           present(a->mcfg.table, MCFG) | present(a->hpet.table, HPET) |
           present(a->dmar.table, DMAR) | present(a->ivrs.table, IVRS) |
           present(a->errors.hest, HEST) | present(a->errors.bert, BERT) |
           present(a->errors.erst, ERST) | present(a->errors.einj, EINJ) |
           present(acpi_table(a, "XSDT", 0) || acpi_table(a, "RSDT", 0), ROOT) |
           present(any_address(a), ACPI_FULL);
}

static uint32_t what_is_there(const struct machine *m)
{
    return tables_present(&m->acpi) | present(m->smbios.raw.n, SMBIOS) |
           present(m->memory.ranges, MAP) |
           present(m->memory.ranges && m->memory.range[0].efi, EFI_MAP) |
           present(m->cpus && m->cpu[0].leaves, CPU) |
           present(m->cpus > 1 && m->cpu[0].leaves && m->cpu[1].leaves, CPUS) |
           present(any_msr(m), MSRS) | present(m->pcis, PCI) |
           present(m->kernel_log.n || m->hypervisor_log.n, LOG) |
           present(m->aml && !m->aml->unjudged, AML);
}

static void judge_absent(struct scan *s)
{
    if (!scan_has(s, SMBIOS))
        found(s, RULE_smbios_missing, NULL, -1, "no SMBIOS");
    if (!scan_has(s, MAP))
        found(s, RULE_map_missing, NULL, -1, "no memory map");
    if (!scan_has(s, CPU))
        found(s, RULE_cpu_missing, NULL, -1, "no CPUID leaves");
    if (!scan_has(s, PCI))
        found(s, RULE_pci_missing, NULL, -1, "no PCI configuration space");
}

static const struct {
    uint32_t needs;
    void (*judge)(struct scan *s);
} passes[] = {
    {ANY, judge_absent},  {ACPI, judge_tables},     {FADT, judge_fadt},
    {MADT, judge_madt},   {MADT, judge_madt_lines}, {SRAT, judge_srat},
    {SLIT, judge_slit},   {ACPI, judge_dmar},       {ACPI, judge_ivrs},
    {ACPI, judge_mcfg},   {ACPI, judge_hpet},       {ACPI, judge_errors},
    {ANY, judge_entries}, {SMBIOS, judge_smbios},   {MAP, judge_memory},
    {CPU, judge_cpu},     {CPUS, judge_cpus},       {CPU_MSR, judge_msrs},
    {PCI, judge_pci},     {LOG, judge_log},         {AML, judge_aml},
    {ANY, judge_quirks},
};

struct scan *scan_machine(const struct machine *m)
{
    struct scan *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->m = m;
    s->has = what_is_there(m);
    for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
        if (scan_has(s, passes[i].needs))
            passes[i].judge(s);
    }
    return s;
}

void scan_destroy(struct scan *s)
{
    free(s);
}

enum severity scan_worst(const struct scan *s)
{
    enum severity worst = SEVERITY_INFO;

    for (unsigned int i = 0; i < s->findings; i++) {
        if (s->finding[i].severity > worst)
            worst = s->finding[i].severity;
    }
    return worst;
}

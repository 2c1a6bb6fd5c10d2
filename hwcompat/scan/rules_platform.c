/*
 * Rules of MCFG, HPET and APEI's tables, and of entries that do not fit.
 */
#include "scan/scan.h"

#include <string.h>

enum { BUS_BYTES = 1 << 20, HPET_BYTES = 1024 };
#define FOUR_GIB (1ULL << 32)

static void judge_window(struct scan *s, const struct mcfg *g, unsigned int nr)
{
    const struct mcfg_entry *e = &g->entry[nr];
    const char *file = g->table->file;
    uint64_t start = e->base + (uint64_t)e->first * BUS_BYTES;
    uint64_t length = (uint64_t)(e->last - e->first + 1) * BUS_BYTES;

    if (!e->base)
        found(s, RULE_mcfg_zero, file, e->offset, "segment %u", e->segment);
    if (e->base % BUS_BYTES)
        found(s, RULE_mcfg_unaligned, file, e->offset, "at 0x%llx",
              (unsigned long long)e->base);
    if (!e->segment && e->first)
        found(s, RULE_mcfg_first_bus, file, e->offset, "bus %u", e->first);
    for (unsigned int i = 0; i < nr; i++) {
        const struct mcfg_entry *f = &g->entry[i];

        if (f->segment == e->segment && f->first <= e->last &&
            e->first <= f->last)
            found(s, RULE_mcfg_overlap, file, e->offset,
                  "buses %u to %u, and %u to %u", f->first, f->last, e->first,
                  e->last);
    }
    if (e->last < e->first) {
        found(s, RULE_mcfg_reversed, file, e->offset, "buses %u to %u",
              e->first, e->last);
        return;
    }
    if (!scan_has(s, MAP) || !e->base)
        return;
    if (in_ram(s, start, length))
        found(s, RULE_mcfg_in_ram, file, e->offset, "0x%llx to 0x%llx",
              (unsigned long long)start, (unsigned long long)(start + length));
    else if (memory_of_type(&s->m->memory, start, length, MEMORY_RESERVED) <
             length)
        found(s, RULE_mcfg_unreserved, file, e->offset, "0x%llx to 0x%llx",
              (unsigned long long)start, (unsigned long long)(start + length));
}

void judge_mcfg(struct scan *s)
{
    const struct mcfg *g = &s->m->acpi.mcfg;

    if (!g->table)
        found(s, RULE_mcfg_missing, NULL, -1, "no MCFG");
    else if (!g->entries)
        found(s, RULE_mcfg_empty, g->table->file, -1, "no window");
    for (unsigned int i = 0; i < g->entries; i++)
        judge_window(s, g, i);
}

void judge_hpet(struct scan *s)
{
    const struct hpet *h = &s->m->acpi.hpet;
    uint16_t vendor = h->id >> 16;
    const char *file;

    if (!h->table) {
        found(s, RULE_hpet_missing, NULL, -1, "no HPET");
        return;
    }
    file = h->table->file;
    if (!h->base.address)
        found(s, RULE_hpet_zero, file, 40, "address 0");
    if (h->base.space != GAS_MEMORY)
        found(s, RULE_hpet_space, file, 40, "space %u", h->base.space);
    if (h->base.address % HPET_BYTES)
        found(s, RULE_hpet_unaligned, file, 40, "at 0x%llx",
              (unsigned long long)h->base.address);
    if (h->base.address >= FOUR_GIB)
        found(s, RULE_hpet_high_address, file, 40, "at 0x%llx",
              (unsigned long long)h->base.address);
    if (!h->id || vendor == UINT16_MAX) /* boards with vendor 0 do work */
        found(s, RULE_hpet_vendor, file, 36, "id 0x%08x", h->id);
    if (scan_has(s, MAP) && in_ram(s, h->base.address, HPET_BYTES))
        found(s, RULE_hpet_in_ram, file, 40, "at 0x%llx",
              (unsigned long long)h->base.address);
}

static bool count_flaw(const struct machine *m, const char *table)
{
    for (unsigned int i = 0; i < m->flaws; i++) {
        if (m->flaw[i].kind == FLAW_COUNT && !strcmp(m->flaw[i].table, table))
            return true;
    }
    return false;
}

void judge_errors(struct scan *s)
{
    const struct error_tables *e = &s->m->acpi.errors;

    if (e->hest && e->hest_seen != e->hest_sources)
        found(s, RULE_hest_count, e->hest->file, 36, "%u of %u", e->hest_seen,
              e->hest_sources);
    if (e->bert && (!e->bert_region || !e->bert_length))
        found(s, RULE_bert_region, e->bert->file, 36, "0x%llx, %u bytes",
              (unsigned long long)e->bert_region, e->bert_length);
    else if (e->bert && scan_has(s, MAP) &&
             in_ram(s, e->bert_region, e->bert_length))
        found(s, RULE_bert_in_ram, e->bert->file, 40, "at 0x%llx",
              (unsigned long long)e->bert_region);
    if (e->erst && count_flaw(s->m, "ERST"))
        found(s, RULE_erst_broken, e->erst->file, 44, "%u instructions",
              e->erst_entries);
    if (e->einj && count_flaw(s->m, "EINJ"))
        found(s, RULE_einj_broken, e->einj->file, 44, "%u instructions",
              e->einj_entries);
}

/* --- Flaws that decoders noted ---------------------------------------------- */
static const struct {
    const char *table;
    enum flaw_kind kind;
    enum rule_id rule;
} flaw_rules[] = {
    {"APIC", FLAW_ENTRY_SHORT, RULE_madt_entry_short},
    {"APIC", FLAW_ENTRY_BEYOND, RULE_madt_entry_beyond},
    {"APIC", FLAW_ENTRY_EMPTY, RULE_madt_entry_empty},
    {"APIC", FLAW_ENTRY_TYPE, RULE_madt_entry_type},
    {"SRAT", FLAW_ENTRY_SHORT, RULE_srat_entry_short},
    {"SRAT", FLAW_ENTRY_BEYOND, RULE_srat_entry_beyond},
    {"SRAT", FLAW_ENTRY_EMPTY, RULE_srat_entry_empty},
    {"SRAT", FLAW_ENTRY_TYPE, RULE_srat_entry_type},
    {"DMAR", FLAW_ENTRY_SHORT, RULE_dmar_entry_short},
    {"DMAR", FLAW_ENTRY_BEYOND, RULE_dmar_entry_beyond},
    {"DMAR", FLAW_ENTRY_EMPTY, RULE_dmar_entry_empty},
    {"DMAR", FLAW_ENTRY_TYPE, RULE_dmar_entry_type},
    {"IVRS", FLAW_ENTRY_SHORT, RULE_ivrs_entry_short},
    {"IVRS", FLAW_ENTRY_BEYOND, RULE_ivrs_entry_beyond},
    {"IVRS", FLAW_ENTRY_EMPTY, RULE_ivrs_entry_empty},
    {"IVRS", FLAW_ENTRY_TYPE, RULE_ivrs_entry_type},
    {"MCFG", FLAW_ENTRY_BEYOND, RULE_mcfg_entry_beyond},
    {"HEST", FLAW_ENTRY_BEYOND, RULE_hest_entry_beyond},
    {"HEST", FLAW_ENTRY_TYPE, RULE_hest_entry_type},
    {"SMBIOS", FLAW_ENTRY_EMPTY, RULE_smbios_entry_empty},
    {"SMBIOS", FLAW_ENTRY_BEYOND, RULE_smbios_entry_beyond},
};

static enum rule_id rule_of(const struct flaw *f)
{
    if (f->kind == FLAW_TOO_MANY)
        return RULE_too_many;
    for (size_t i = 0; i < sizeof(flaw_rules) / sizeof(*flaw_rules); i++) {
        if (f->kind == flaw_rules[i].kind &&
            !strcmp(f->table, flaw_rules[i].table))
            return flaw_rules[i].rule;
    }
    return RULE_flaw_other;
}

void judge_entries(struct scan *s)
{
    for (unsigned int i = 0; i < s->m->flaws; i++) {
        const struct flaw *f = &s->m->flaw[i];

        if (f->kind != FLAW_COUNT)
            found(s, rule_of(f), f->file, f->offset, "%s: type %u, length %u",
                  f->table, f->type, f->length);
    }
}

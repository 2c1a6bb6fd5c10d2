/*
 * Rules of the IVRS: AMD's IOMMU (AMD IOMMU 3.09 chapter 5).
 */
#include "scan/scan.h"

enum {
    IVMD_FIRST = 0x20,
    IVMD_LAST = 0x22,
    REGISTERS_ALIGN = 16 << 10,
    PAGE = 4096,
    SOUTH_BRIDGE = 0x14, /* device on bus 0 */
};

static bool is_memory(const struct ivrs_unit *u)
{
    return u->type >= IVMD_FIRST && u->type <= IVMD_LAST;
}

static void judge_block(struct scan *s, const struct ivrs *v,
                        const struct ivrs_unit *u)
{
    const char *file = v->table->file;

    if (!u->length)
        found(s, RULE_ivrs_ivmd_empty, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    if (u->base % PAGE || u->length % PAGE)
        found(s, RULE_ivrs_ivmd_unaligned, file, u->offset,
              "0x%llx, 0x%llx bytes", (unsigned long long)u->base,
              (unsigned long long)u->length);
    if (scan_has(s, MAP) && in_ram(s, u->base, u->length))
        found(s, RULE_ivrs_ivmd_in_ram, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
}

static void judge_unit(struct scan *s, const struct ivrs *v, unsigned int nr)
{
    const struct ivrs_unit *u = &v->unit[nr];
    const char *file = v->table->file;

    if (!u->base)
        found(s, RULE_ivrs_unit_zero, file, u->offset, "type 0x%x", u->type);
    if (u->base % REGISTERS_ALIGN)
        found(s, RULE_ivrs_unit_unaligned, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    if (u->base && scan_has(s, MAP) && in_ram(s, u->base, REGISTERS_ALIGN))
        found(s, RULE_ivrs_unit_in_ram, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    for (unsigned int i = 0; i < nr; i++) {
        if (v->unit[i].type == u->type && v->unit[i].device == u->device &&
            v->unit[i].segment == u->segment)
            found(s, RULE_ivrs_unit_twice, file, u->offset,
                  "type 0x%x, device 0x%04x", u->type, u->device);
    }
}

/* --- IO-APICs and HPETs ----------------------------------------------------- */
static bool described(const struct ivrs *v, uint8_t type, uint32_t id)
{
    for (unsigned int i = 0; i < v->scopes; i++) {
        if (v->scope[i].type == type && v->scope[i].id == id)
            return true;
    }
    return false;
}

static void judge_special(struct scan *s, const struct ivrs *v, unsigned int nr)
{
    const struct scope *c = &v->scope[nr];
    const struct madt *a = &s->m->acpi.madt;
    bool known = !a->table;

    if (c->type != IVRS_IOAPIC)
        return;
    for (unsigned int i = 0; i < a->ioapics; i++)
        known |= a->ioapic[i].id == c->id;
    if (!known)
        found(s, RULE_ivrs_ioapic_unknown, v->table->file, c->offset, "id %u",
              c->id);
    for (unsigned int i = 0; i < nr; i++) {
        const struct scope *d = &v->scope[i];

        if (d->type == IVRS_IOAPIC && d->id == c->id &&
            (d->bus != c->bus || d->device != c->device ||
             d->function != c->function))
            found(s, RULE_ivrs_ioapic_twice, v->table->file, c->offset,
                  "id %u, as at 0x%x", c->id, d->offset);
    }
}

static bool south_bridge(const struct ivrs *v)
{
    for (unsigned int i = 0; i < v->scopes; i++) {
        if (v->scope[i].type == IVRS_IOAPIC && !v->scope[i].bus &&
            v->scope[i].device == SOUTH_BRIDGE)
            return true;
    }
    return false;
}

static void judge_specials(struct scan *s, const struct ivrs *v)
{
    const struct madt *a = &s->m->acpi.madt;
    const struct hpet *h = &s->m->acpi.hpet;
    const char *file = v->table->file;

    for (unsigned int i = 0; i < v->scopes; i++)
        judge_special(s, v, i);
    for (unsigned int i = 0; i < a->ioapics; i++) {
        if (!described(v, IVRS_IOAPIC, a->ioapic[i].id))
            found(s, RULE_ivrs_ioapic_missing, file, -1, "IO-APIC %u",
                  a->ioapic[i].id);
    }
    if (a->ioapics && !south_bridge(v))
        found(s, RULE_ivrs_no_southbridge, file, -1, "no IO-APIC at 00:14");
    if (h->table && !described(v, IVRS_HPET, h->number))
        found(s, RULE_ivrs_hpet_missing, file, -1, "HPET %u", h->number);
}

void judge_ivrs(struct scan *s)
{
    const struct ivrs *v = &s->m->acpi.ivrs;
    unsigned int units = 0;

    if (!v->table) {
        if (scan_has(s, CPU) && cpu_has_bit(&s->m->cpu[0], CPU_BIT_SVM))
            found(s, RULE_ivrs_missing, NULL, -1, "no IVRS");
        return;
    }
    for (unsigned int i = 0; i < v->units; i++) {
        if (is_memory(&v->unit[i])) {
            judge_block(s, v, &v->unit[i]);
        } else {
            units++;
            judge_unit(s, v, i);
        }
    }
    if (!units)
        found(s, RULE_ivrs_no_unit, v->table->file, -1, "none");
    judge_specials(s, v);
}

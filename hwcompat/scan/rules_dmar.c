/*
 * Rules of the DMAR: VT-d (VT-d 4.1 chapter 8).
 */
#include "scan/scan.h"

#include <string.h>

enum {
    FLAG_INTREMAP = 1,
    FLAG_X2APIC_OPT_OUT = 2,
    UNIT_ALL = 1,
    WIDTH_LEAST = 31,
    WIDTH_MOST = 51,
    PAGE = 4096,
};

static void judge_unit(struct scan *s, const struct dmar *d, unsigned int nr)
{
    const struct dmar_unit *u = &d->unit[nr];
    const char *file = d->table->file;

    if (!u->base || u->base == UINT64_MAX)
        found(s, RULE_dmar_unit_zero, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    else if (u->base % PAGE)
        found(s, RULE_dmar_unit_unaligned, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    if (u->base && scan_has(s, MAP) && in_ram(s, u->base, PAGE))
        found(s, RULE_dmar_unit_in_ram, file, u->offset, "at 0x%llx",
              (unsigned long long)u->base);
    for (unsigned int i = 0; i < nr; i++) {
        const struct dmar_unit *v = &d->unit[i];

        if (v->type != DMAR_UNIT)
            continue;
        if (v->base == u->base && u->base)
            found(s, RULE_dmar_unit_twice, file, u->offset, "at 0x%llx",
                  (unsigned long long)u->base);
        if (v->segment != u->segment || !(v->flags & UNIT_ALL))
            continue;
        if (u->flags & UNIT_ALL)
            found(s, RULE_dmar_all_twice, file, u->offset, "segment %u",
                  u->segment);
        else
            found(s, RULE_dmar_all_not_last, file, v->offset,
                  "segment %u, another unit at 0x%x", v->segment, u->offset);
    }
}

static void judge_rmrr(struct scan *s, const struct dmar *d,
                       const struct dmar_unit *u)
{
    const char *file = d->table->file;
    uint64_t length = u->limit - u->base + 1;

    if (u->limit < u->base) {
        found(s, RULE_dmar_rmrr_reversed, file, u->offset, "0x%llx to 0x%llx",
              (unsigned long long)u->base, (unsigned long long)u->limit);
        return;
    }
    if (u->base % PAGE || length % PAGE)
        found(s, RULE_dmar_rmrr_unaligned, file, u->offset, "0x%llx to 0x%llx",
              (unsigned long long)u->base, (unsigned long long)u->limit);
    if (!u->scopes)
        found(s, RULE_dmar_rmrr_no_device, file, u->offset, "0x%llx",
              (unsigned long long)u->base);
    if (!scan_has(s, MAP))
        return;
    if (in_ram(s, u->base, length))
        found(s, RULE_dmar_rmrr_in_ram, file, u->offset, "0x%llx to 0x%llx",
              (unsigned long long)u->base, (unsigned long long)u->limit);
    else if (mapped_otherwise(s, u->base, length) < length)
        found(s, RULE_dmar_rmrr_unreserved, file, u->offset, "0x%llx to 0x%llx",
              (unsigned long long)u->base, (unsigned long long)u->limit);
}

static void judge_rhsa(struct scan *s, const struct dmar *d,
                       const struct dmar_unit *u)
{
    for (unsigned int i = 0; i < d->units; i++) {
        if (d->unit[i].type == DMAR_UNIT && d->unit[i].base == u->base)
            return;
    }
    found(s, RULE_dmar_rhsa_unknown, d->table->file, u->offset,
          "no unit at 0x%llx", (unsigned long long)u->base);
}

/* --- Scopes ----------------------------------------------------------------- */
static bool ioapic_known(const struct madt *a, uint8_t id)
{
    for (unsigned int i = 0; i < a->ioapics; i++) {
        if (a->ioapic[i].id == id)
            return true;
    }
    return false;
}

static bool pci_known(const struct machine *m, const struct scope *c)
{
    for (unsigned int i = 0; i < m->pcis; i++) {
        const struct pci_device *p = &m->pci[i];

        if (p->segment == c->segment && p->bus == c->bus &&
            p->slot == c->device && p->function == c->function)
            return true;
    }
    return false;
}

static void judge_scope(struct scan *s, const struct dmar *d,
                        const struct scope *c)
{
    const char *file = d->table->file;

    if (c->type == SCOPE_IOAPIC && scan_has(s, MADT) &&
        !ioapic_known(&s->m->acpi.madt, c->id))
        found(s, RULE_dmar_ioapic_unknown, file, c->offset, "id %u", c->id);
    /* Only the first step of a path can be looked up without bridges. */
    if ((c->type == SCOPE_DEVICE || c->type == SCOPE_BRIDGE) &&
        scan_has(s, PCI) && !pci_known(s->m, c))
        found(s, RULE_dmar_scope_absent, file, c->offset, "%04x:%02x:%02x.%u",
              c->segment, c->bus, c->device, c->function);
}

static void judge_ioapic_scopes(struct scan *s, const struct dmar *d)
{
    const struct madt *a = &s->m->acpi.madt;

    for (unsigned int i = 0; i < a->ioapics; i++) {
        bool named = false;

        for (unsigned int j = 0; j < d->scopes; j++)
            named |= d->scope[j].type == SCOPE_IOAPIC &&
                     d->scope[j].id == a->ioapic[i].id;
        if (!named)
            found(s, RULE_dmar_ioapic_missing, d->table->file, -1, "IO-APIC %u",
                  a->ioapic[i].id);
    }
}

static void judge_all(struct scan *s, const struct dmar *d)
{
    unsigned int units = 0;

    for (unsigned int i = 0; i < d->units; i++) {
        const struct dmar_unit *u = &d->unit[i];

        if (u->type == DMAR_UNIT) {
            units++;
            judge_unit(s, d, i);
        } else if (u->type == DMAR_RMRR) {
            judge_rmrr(s, d, u);
        } else if (u->type == DMAR_RHSA) {
            judge_rhsa(s, d, u);
        }
    }
    if (!units)
        found(s, RULE_dmar_no_unit, d->table->file, -1, "none");
    for (unsigned int i = 0; i < d->scopes; i++)
        judge_scope(s, d, &d->scope[i]);
}

void judge_dmar(struct scan *s)
{
    const struct dmar *d = &s->m->acpi.dmar;

    if (!d->table) {
        if (scan_has(s, CPU) && cpu_has_bit(&s->m->cpu[0], CPU_BIT_VMX))
            found(s, RULE_dmar_missing, NULL, -1, "no DMAR");
        return;
    }
    /* The table has the width minus one. */
    if (d->width + 1 < WIDTH_LEAST + 1 || d->width > WIDTH_MOST)
        found(s, RULE_dmar_width, d->table->file, 36, "%u bits", d->width + 1);
    if (!(d->flags & FLAG_INTREMAP))
        found(s, RULE_dmar_no_intremap, d->table->file, 37, "flags 0x%x",
              d->flags);
    else if (d->flags & FLAG_X2APIC_OPT_OUT)
        found(s, RULE_dmar_x2apic_opt_out, d->table->file, 37, "flags 0x%x",
              d->flags);
    judge_all(s, d);
    if (d->flags & FLAG_INTREMAP)
        judge_ioapic_scopes(s, d);
}

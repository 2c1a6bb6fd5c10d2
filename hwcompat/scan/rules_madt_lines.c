/*
 * Rules of the MADT's interrupt lines: IO-APICs, overrides, NMI pins, and the
 * SCI of the FADT among them (ACPI 6.5 5.2.12 to 5.2.15).
 */
#include "scan/scan.h"

enum {
    IOAPIC_BYTES = 1024,
    IOAPICS_ROOM = 16,
    ISA_IRQS = 16,
    PINS_LEAST = 16, /* an IO-APIC that serves ISA has as many at least */
    LINT_PINS = 2,
};
#define LAPIC_DEFAULT 0xfee00000U

static void judge_ioapic(struct scan *s, const struct madt *a,
                         const struct ioapic *p)
{
    const char *file = a->table->file;

    if (!p->address)
        found(s, RULE_madt_ioapic_address, file, p->offset, "id %u", p->id);
    if (p->address % IOAPIC_BYTES)
        found(s, RULE_madt_ioapic_unaligned, file, p->offset, "at 0x%x",
              p->address);
    if (p->address && scan_has(s, MAP) && in_ram(s, p->address, IOAPIC_BYTES))
        found(s, RULE_madt_ioapic_in_ram, file, p->offset, "at 0x%x",
              p->address);
}

static void judge_ioapic_pair(struct scan *s, const struct madt *a,
                              const struct ioapic *p, const struct ioapic *q)
{
    const char *file = a->table->file;

    if (p->id == q->id)
        found(s, RULE_madt_ioapic_id_twice, file, q->offset, "id %u", q->id);
    if (p->address == q->address && p->address)
        found(s, RULE_madt_ioapic_address_twice, file, q->offset, "at 0x%x",
              q->address);
    if (p->gsi == q->gsi)
        found(s, RULE_madt_gsi_overlap, file, q->offset, "both from GSI %u",
              q->gsi);
}

static void judge_ioapics(struct scan *s, const struct madt *a)
{
    bool zero = false;

    if (!a->ioapics)
        found(s, RULE_madt_no_ioapic, a->table->file, -1, "none");
    if (a->ioapics > IOAPICS_ROOM)
        found(s, RULE_madt_many_ioapics, a->table->file, -1, "%u", a->ioapics);
    for (unsigned int i = 0; i < a->ioapics; i++) {
        judge_ioapic(s, a, &a->ioapic[i]);
        for (unsigned int j = 0; j < i; j++)
            judge_ioapic_pair(s, a, &a->ioapic[j], &a->ioapic[i]);
        zero |= !a->ioapic[i].gsi;
    }
    if (a->ioapics && !zero)
        found(s, RULE_madt_gsi_zero, a->table->file, a->ioapic[0].offset,
              "the first one serves from GSI %u", a->ioapic[0].gsi);
}

/* --- Overrides -------------------------------------------------------------- */
enum { FLAG_RESERVED = 2, TRIGGER_EDGE = 1 };

static unsigned int polarity(uint16_t flags)
{
    return flags & 3;
}

static unsigned int trigger(uint16_t flags)
{
    return flags >> 2 & 3;
}

/* How many pins an IO-APIC has is not in the table: up to the next one's. */
static bool gsi_served(const struct madt *a, uint32_t gsi)
{
    for (unsigned int i = 0; i < a->ioapics; i++) {
        if (gsi >= a->ioapic[i].gsi && gsi < a->ioapic[i].gsi + 256)
            return true;
    }
    return false;
}

static void judge_override(struct scan *s, const struct madt *a,
                           const struct irq_override *o)
{
    const char *file = a->table->file;

    if (o->irq >= ISA_IRQS)
        found(s, RULE_madt_override_irq, file, o->offset, "interrupt %u",
              o->irq);
    if (o->bus)
        found(s, RULE_madt_override_bus, file, o->offset, "bus %u", o->bus);
    if (polarity(o->flags) == FLAG_RESERVED ||
        trigger(o->flags) == FLAG_RESERVED)
        found(s, RULE_madt_override_flags, file, o->offset, "flags 0x%x",
              o->flags);
    if (a->ioapics && !gsi_served(a, o->gsi))
        found(s, RULE_madt_override_unserved, file, o->offset, "GSI %u",
              o->gsi);
}

static const struct irq_override *override_of(const struct madt *a,
                                              unsigned int irq)
{
    for (unsigned int i = 0; i < a->overrides; i++) {
        if (a->override[i].irq == irq)
            return &a->override[i];
    }
    return NULL;
}

static void judge_overrides(struct scan *s, const struct madt *a)
{
    for (unsigned int i = 0; i < a->overrides; i++) {
        const struct irq_override *o = &a->override[i];

        judge_override(s, a, o);
        if (override_of(a, o->irq) != o)
            found(s, RULE_madt_override_twice, a->table->file, o->offset,
                  "interrupt %u", o->irq);
    }
    if (a->ioapics && !override_of(a, 0))
        found(s, RULE_madt_timer_direct, a->table->file, -1,
              "no override of interrupt 0");
}

static void judge_sci(struct scan *s, const struct madt *a)
{
    const struct fadt *f = &s->m->acpi.fadt;
    const struct irq_override *o = override_of(a, f->sci);

    if (!f->table)
        return;
    if (!o && f->sci >= ISA_IRQS && !gsi_served(a, f->sci))
        found(s, RULE_fadt_sci_unrouted, f->table->file, 46, "interrupt %u",
              f->sci);
    if (o && trigger(o->flags) == TRIGGER_EDGE)
        found(s, RULE_fadt_sci_trigger, a->table->file, o->offset,
              "interrupt %u, flags 0x%x", f->sci, o->flags);
}

void judge_madt_lines(struct scan *s)
{
    const struct madt *a = &s->m->acpi.madt;
    const char *file = a->table->file;

    judge_ioapics(s, a);
    judge_overrides(s, a);
    judge_sci(s, a);
    for (unsigned int i = 0; i < a->lints; i++) {
        if (a->lint[i].pin >= LINT_PINS)
            found(s, RULE_madt_lint_pin, file, a->lint[i].offset, "pin %u",
                  a->lint[i].pin);
    }
    if (!a->lints)
        found(s, RULE_madt_lint_missing, file, -1, "no entry");
    if (!a->lapic)
        found(s, RULE_madt_lapic_zero, file, 36, "address 0");
    else if (a->lapic != LAPIC_DEFAULT)
        found(s, RULE_madt_lapic_address, file, 36, "at 0x%llx",
              (unsigned long long)a->lapic);
    if (!a->pcat)
        found(s, RULE_madt_no_8259, file, 40, "flags without PCAT_COMPAT");
}

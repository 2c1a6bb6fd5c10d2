/*
 * Rules of the MADT's CPUs (ACPI 6.5 5.2.12).
 */
#include "scan/scan.h"

#include <stdlib.h>

enum { APIC_ALL = 255, APIC_8BIT = 255, CPUS_ROOM = 512 };
/* The id of an entry that stands for nothing. */
#define X2APIC_NONE 0xffffffffU

static void judge_one(struct scan *s, const struct madt *a,
                      const struct madt_cpu *c)
{
    const char *file = a->table->file;

    if (!c->enabled)
        return;
    if (!c->x2apic && c->apic_id == APIC_ALL)
        found(s, RULE_madt_id_255, file, c->offset, "ACPI id %u", c->uid);
    if (c->x2apic && c->apic_id < APIC_8BIT)
        found(s, RULE_madt_x2apic_low, file, c->offset, "APIC id %u",
              c->apic_id);
    if (c->apic_id > 254 && c->x2apic && c->apic_id != X2APIC_NONE)
        found(s, RULE_madt_id_above_254, file, c->offset, "APIC id %u",
              c->apic_id);
}

/* CPUs by APIC id, to find equal ones side by side. */
static int by_apic_id(const void *a, const void *b)
{
    const struct madt_cpu *x = *(const struct madt_cpu *const *)a;
    const struct madt_cpu *y = *(const struct madt_cpu *const *)b;

    if (x->apic_id != y->apic_id)
        return x->apic_id < y->apic_id ? -1 : 1;
    return y->enabled - x->enabled;
}

static int by_uid(const void *a, const void *b)
{
    const struct madt_cpu *x = *(const struct madt_cpu *const *)a;
    const struct madt_cpu *y = *(const struct madt_cpu *const *)b;

    return (x->uid > y->uid) - (x->uid < y->uid);
}

static void judge_same_id(struct scan *s, const struct madt *a,
                          const struct madt_cpu *first,
                          const struct madt_cpu *c)
{
    enum rule_id rule = !c->enabled                  ? RULE_madt_cpu_placeholder
                        : first->x2apic != c->x2apic ? RULE_madt_both_kinds
                                                     : RULE_madt_cpu_twice;

    if (first->enabled)
        found(s, rule, a->table->file, c->offset, "APIC id %u, as at 0x%x",
              c->apic_id, first->offset);
}

static void judge_twins(struct scan *s, const struct madt *a,
                        const struct madt_cpu **list)
{
    unsigned int n = a->cpus, enabled = 0;

    qsort(list, n, sizeof(*list), by_apic_id);
    for (unsigned int i = 1, first = 0; i < n; i++) {
        if (list[i]->apic_id == list[first]->apic_id)
            judge_same_id(s, a, list[first], list[i]);
        else
            first = i;
    }
    for (unsigned int i = 0; i < n; i++) {
        if (list[i]->enabled)
            list[enabled++] = list[i];
    }
    qsort(list, enabled, sizeof(*list), by_uid);
    for (unsigned int i = 1; i < enabled; i++) {
        if (list[i]->uid == list[i - 1]->uid &&
            list[i]->apic_id != list[i - 1]->apic_id)
            found(s, RULE_madt_uid_twice, a->table->file, list[i]->offset,
                  "ACPI id %u, APIC ids %u and %u", list[i]->uid,
                  list[i - 1]->apic_id, list[i]->apic_id);
    }
}

static void judge_order(struct scan *s, const struct madt *a)
{
    bool disabled = false;

    for (unsigned int i = 0; i < a->cpus; i++) {
        if (a->cpu[i].enabled && disabled) {
            found(s, RULE_madt_disabled_first, a->table->file, a->cpu[i].offset,
                  "APIC id %u comes after a disabled one", a->cpu[i].apic_id);
            return;
        }
        disabled |= !a->cpu[i].enabled;
    }
}

static void judge_against_cpuid(struct scan *s, const struct madt *a)
{
    const struct machine *m = s->m;

    if (!scan_has(s, CPU))
        return;
    if (scan_has(s, CPUS) && m->cpus < a->enabled)
        found(s, RULE_madt_cpuid_count, a->table->file, -1, "%u of %u ran",
              m->cpus, a->enabled);
    for (unsigned int i = 0; i < m->cpus; i++) {
        if (!madt_has_cpu(a, m->cpu[i].apic_id, false))
            found(s, RULE_madt_cpuid_unknown, a->table->file, -1,
                  "CPU %u has APIC id %u", m->cpu[i].number, m->cpu[i].apic_id);
    }
}

void judge_madt(struct scan *s)
{
    const struct madt *a = &s->m->acpi.madt;
    const struct madt_cpu **list = malloc((a->cpus + 1) * sizeof(*list));

    if (!a->enabled)
        found(s, RULE_madt_no_cpu, a->table->file, -1, "%u entries", a->cpus);
    if (a->enabled > CPUS_ROOM)
        found(s, RULE_madt_many_cpus, a->table->file, -1, "%u enabled",
              a->enabled);
    for (unsigned int i = 0; i < a->cpus; i++) {
        judge_one(s, a, &a->cpu[i]);
        if (list)
            list[i] = &a->cpu[i];
    }
    if (list)
        judge_twins(s, a, list);
    free(list);
    judge_order(s, a);
    judge_against_cpuid(s, a);
}

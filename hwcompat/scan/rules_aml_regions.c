/*
 * Rules of regions in AML: memory and ports that are somebody else's.
 */
#include "scan/rules_aml.h"

enum {
    PAGE = 4096,
    HPET_BYTES = 1024,
    LAPIC_BYTES = 4096,
    IOAPIC_BYTES = 4096,
    IVHD_BYTES = 0x4000,
    BUS_SHIFT = 20,
    CONFIG_PORT = 0xcf8,
    CONFIG_PORTS = 8,
};

static bool overlaps(const struct aml_object *o, uint64_t start,
                     uint64_t length)
{
    return start && o->value < start + length && start < o->value + o->length;
}

static void region_found(struct scan *s, enum rule_id rule,
                         const struct aml_object *o)
{
    found(s, rule, aml_file, -1, "%s: 0x%llx, length 0x%llx", o->path,
          (unsigned long long)o->value, (unsigned long long)o->length);
}

static bool on_apic(const struct madt *madt, const struct aml_object *o)
{
    bool on = overlaps(o, madt->lapic, LAPIC_BYTES);

    for (unsigned int i = 0; i < madt->ioapics; i++)
        on |= overlaps(o, madt->ioapic[i].address, IOAPIC_BYTES);
    return on;
}

static bool on_iommu(const struct acpi *acpi, const struct aml_object *o)
{
    bool on = false;

    for (unsigned int i = 0; i < acpi->dmar.units; i++)
        on |= acpi->dmar.unit[i].type == DMAR_UNIT &&
              overlaps(o, acpi->dmar.unit[i].base, PAGE);
    for (unsigned int i = 0; i < acpi->ivrs.units; i++)
        on |= !acpi->ivrs.unit[i].length &&
              overlaps(o, acpi->ivrs.unit[i].base, IVHD_BYTES);
    return on;
}

static bool on_config(const struct mcfg *mcfg, const struct aml_object *o)
{
    bool on = false;

    for (unsigned int i = 0; i < mcfg->entries; i++) {
        const struct mcfg_entry *e = &mcfg->entry[i];

        on |= overlaps(o, e->base + ((uint64_t)e->first << BUS_SHIFT),
                       (uint64_t)(e->last - e->first + 1) << BUS_SHIFT);
    }
    return on;
}

static void judge_memory_region(struct scan *s, const struct aml_object *o)
{
    const struct acpi *acpi = &s->m->acpi;

    if (o->value + o->length < o->value) {
        region_found(s, RULE_aml_region_wraps, o);
        return;
    }
    if (scan_has(s, MAP) && in_ram(s, o->value, o->length))
        region_found(s, RULE_aml_region_ram, o);
    if (scan_has(s, MADT) && on_apic(&acpi->madt, o))
        region_found(s, RULE_aml_region_apic, o);
    if (on_iommu(acpi, o))
        region_found(s, RULE_aml_region_iommu, o);
    if (scan_has(s, HPET) && overlaps(o, acpi->hpet.base.address, HPET_BYTES))
        region_found(s, RULE_aml_region_hpet, o);
    if (scan_has(s, MCFG) && on_config(&acpi->mcfg, o))
        region_found(s, RULE_aml_region_config, o);
}

static void judge_port_region(struct scan *s, const struct aml_object *o)
{
    static const struct {
        uint16_t first, nr;
    } timers[] = {{0x20, 2}, {0x40, 4}, {0xa0, 2}, {0x4d0, 2}};

    if (overlaps(o, CONFIG_PORT, CONFIG_PORTS))
        region_found(s, RULE_aml_region_config_ports, o);
    for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
        if (overlaps(o, timers[i].first, timers[i].nr)) {
            region_found(s, RULE_aml_region_timer_ports, o);
            break;
        }
    }
}

/* An address of 0 is one that the firmware fills in when it runs. */
void judge_regions(struct scan *s, const struct aml *a)
{
    for (size_t i = 0; i < a->objects; i++) {
        const struct aml_object *o = &a->object[i];

        if (o->kind != AML_REGION || !o->value)
            continue;
        if (!o->length)
            region_found(s, RULE_aml_region_empty, o);
        else if (o->space == AML_MEMORY)
            judge_memory_region(s, o);
        else if (o->space == AML_IO)
            judge_port_region(s, o);
    }
}

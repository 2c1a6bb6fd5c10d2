/*
 * ACPI tables that name CPUs, interrupt controllers and nodes: MADT, SRAT
 * (ACPI 6.5 5.2.12 and 5.2.16).
 */
#include "parse/decoders.h"

enum madt_type {
    MADT_LAPIC,
    MADT_IOAPIC,
    MADT_OVERRIDE,
    MADT_NMI_SOURCE,
    MADT_LINT,
    MADT_LAPIC_ADDRESS,
    MADT_X2APIC = 9,
    MADT_X2LINT = 10,
};

/* Types of other architectures are known, so that they are no surprise. */
static const uint8_t madt_least[] = {8,  12, 10, 8,  6,  12, 16, 17, 16,
                                     16, 12, 80, 24, 24, 16, 16, 16};

enum { LOCAL_ENABLED = 1, LOCAL_ONLINE_CAPABLE = 2 };

static void add_cpu(struct machine *m, const struct entry *e)
{
    struct madt *madt = &m->acpi.madt;
    bool wide = e->type == MADT_X2APIC;
    uint32_t flags = bytes_u32(e->b, wide ? 8 : 4);

    if (madt->cpus == CPUS_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "APIC", madt->table->file, e->offset,
                     e->type, CPUS_MAX);
        return;
    }
    madt->enabled += flags & LOCAL_ENABLED;
    madt->cpu[madt->cpus++] = (struct madt_cpu){
        .apic_id = wide ? bytes_u32(e->b, 4) : bytes_u8(e->b, 3),
        .uid = wide ? bytes_u32(e->b, 12) : bytes_u8(e->b, 2),
        .offset = e->offset,
        .enabled = flags & LOCAL_ENABLED,
        .capable = flags & LOCAL_ONLINE_CAPABLE,
        .x2apic = wide,
    };
}

static void add_ioapic(struct machine *m, const struct entry *e)
{
    struct madt *madt = &m->acpi.madt;

    if (madt->ioapics == IOAPICS_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "APIC", madt->table->file, e->offset,
                     e->type, IOAPICS_MAX);
        return;
    }
    madt->ioapic[madt->ioapics++] = (struct ioapic){
        .id = bytes_u8(e->b, 2),
        .address = bytes_u32(e->b, 4),
        .gsi = bytes_u32(e->b, 8),
        .offset = e->offset,
    };
}

static void add_override(struct machine *m, const struct entry *e)
{
    struct madt *madt = &m->acpi.madt;

    if (madt->overrides == OVERRIDES_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "APIC", madt->table->file, e->offset,
                     e->type, OVERRIDES_MAX);
        return;
    }
    madt->override[madt->overrides++] = (struct irq_override){
        .bus = bytes_u8(e->b, 2),
        .irq = bytes_u8(e->b, 3),
        .gsi = bytes_u32(e->b, 4),
        .flags = bytes_u16(e->b, 8),
        .offset = e->offset,
    };
}

static void add_lint(struct machine *m, const struct entry *e)
{
    struct madt *madt = &m->acpi.madt;
    bool wide = e->type == MADT_X2LINT;

    if (madt->lints == LINTS_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "APIC", madt->table->file, e->offset,
                     e->type, LINTS_MAX);
        return;
    }
    madt->lint[madt->lints++] = (struct lint){
        .uid = wide ? bytes_u32(e->b, 4) : bytes_u8(e->b, 2),
        .flags = bytes_u16(e->b, wide ? 2 : 3),
        .pin = bytes_u8(e->b, wide ? 8 : 5),
        .offset = e->offset,
    };
}

static void add_lapic_address(struct machine *m, const struct entry *e)
{
    m->acpi.madt.lapic = bytes_u64(e->b, 4);
    m->acpi.madt.lapic_override = true;
}

static void (*const madt_add[])(struct machine *m, const struct entry *e) = {
    [MADT_LAPIC] = add_cpu,
    [MADT_IOAPIC] = add_ioapic,
    [MADT_OVERRIDE] = add_override,
    [MADT_LINT] = add_lint,
    [MADT_LAPIC_ADDRESS] = add_lapic_address,
    [MADT_X2APIC] = add_cpu,
    [MADT_X2LINT] = add_lint,
};

enum { MADT_BODY = 44, SRAT_BODY = 48, PCAT_COMPAT = 1 };

void decode_madt(struct machine *m, const struct table *t)
{
    struct walk w = {m,         t,          ENTRY_8_8,         MADT_BODY,
                     t->length, madt_least, sizeof(madt_least)};
    struct entry e;

    m->acpi.madt.table = t;
    m->acpi.madt.lapic = bytes_u32(t->b, 36);
    m->acpi.madt.pcat = bytes_u32(t->b, 40) & PCAT_COMPAT;
    while (walk_next(&w, &e)) {
        if (e.type < sizeof(madt_add) / sizeof(*madt_add) && madt_add[e.type])
            madt_add[e.type](m, &e);
    }
}

bool madt_has_cpu(const struct madt *madt, uint32_t apic_id, bool enabled_only)
{
    for (unsigned int i = 0; i < madt->cpus; i++) {
        if (madt->cpu[i].apic_id == apic_id &&
            (madt->cpu[i].enabled || !enabled_only))
            return true;
    }
    return false;
}

enum srat_type { SRAT_CPU, SRAT_MEMORY, SRAT_X2APIC };
static const uint8_t srat_least[] = {16, 40, 24, 18, 12, 32, 32, 20};
enum { SRAT_ENABLED = 1 };

/* The domain of a CPU: its upper bytes are apart, and new in revision 2. */
static uint32_t srat_domain(const struct table *t, struct bytes b)
{
    uint32_t high = bytes_u8(b, 9) | (uint32_t)bytes_u8(b, 10) << 8 |
                    (uint32_t)bytes_u8(b, 11) << 16;

    return bytes_u8(b, 2) | (t->revision >= 2 ? high << 8 : 0);
}

static void add_srat_cpu(struct machine *m, const struct entry *e)
{
    struct srat *s = &m->acpi.srat;
    bool wide = e->type == SRAT_X2APIC;

    if (s->cpus == CPUS_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "SRAT", s->table->file, e->offset,
                     e->type, CPUS_MAX);
        return;
    }
    s->cpu[s->cpus++] = (struct srat_cpu){
        .apic_id = wide ? bytes_u32(e->b, 8) : bytes_u8(e->b, 3),
        .domain = wide ? bytes_u32(e->b, 4) : srat_domain(s->table, e->b),
        .offset = e->offset,
        .enabled = bytes_u32(e->b, wide ? 12 : 4) & SRAT_ENABLED,
    };
}

static void add_srat_memory(struct machine *m, const struct entry *e)
{
    struct srat *s = &m->acpi.srat;
    uint32_t domain = bytes_u32(e->b, 2);

    if (s->memories == RANGES_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "SRAT", s->table->file, e->offset,
                     e->type, RANGES_MAX);
        return;
    }
    s->memory[s->memories++] = (struct srat_memory){
        .domain = s->table->revision >= 2 ? domain : domain & 0xff,
        .base = bytes_u64(e->b, 8),
        .length = bytes_u64(e->b, 16),
        .flags = bytes_u32(e->b, 28),
        .offset = e->offset,
    };
}

void decode_srat(struct machine *m, const struct table *t)
{
    struct walk w = {m,         t,          ENTRY_8_8,         SRAT_BODY,
                     t->length, srat_least, sizeof(srat_least)};
    struct entry e;

    m->acpi.srat.table = t;
    while (walk_next(&w, &e)) {
        if (e.type == SRAT_MEMORY)
            add_srat_memory(m, &e);
        else if (e.type == SRAT_CPU || e.type == SRAT_X2APIC)
            add_srat_cpu(m, &e);
    }
}

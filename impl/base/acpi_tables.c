/*
 * Contents of single ACPI tables (base/acpi.h). A table's length was checked by
 * acpi_at(); offsets inside are checked here, field by field.
 */
#include "base/acpi.h"

#include "base/string.h"

/* Little-endian field of up to 8 bytes at 'at'; 0 when it lies outside. */
static uint64_t field(const struct acpi_header *t, size_t at, size_t bytes)
{
    uint64_t v = 0;

    if (at + bytes <= t->length)
        memcpy(&v, (const char *)t + at, bytes);
    return v;
}

static bool is_table(const struct acpi_header *t, const char *signature)
{
    return t && !memcmp(t->signature, signature, 4);
}

/* --- MADT (ACPI 5.2.12) --- */

enum {
    MADT_LAPIC_ADDRESS = 36,
    MADT_ENTRIES = 44,
};

typedef bool madt_fn(struct acpi_madt *m, const struct acpi_header *t,
                     size_t at);

#define CPU_ENABLED 1

static bool madt_add_cpu(struct acpi_madt *m, struct acpi_cpu c)
{
    if (m->cpus == ACPI_CPUS_MAX)
        return false;
    m->cpu[m->cpus++] = c;
    return true;
}

static bool madt_lapic(struct acpi_madt *m, const struct acpi_header *t,
                       size_t at)
{
    return madt_add_cpu(m, (struct acpi_cpu){
                               .apic_id = (uint32_t)field(t, at + 3, 1),
                               .uid = (uint32_t)field(t, at + 2, 1),
                               .enabled = field(t, at + 4, 4) & CPU_ENABLED,
                           });
}

static bool madt_x2apic(struct acpi_madt *m, const struct acpi_header *t,
                        size_t at)
{
    return madt_add_cpu(m, (struct acpi_cpu){
                               .apic_id = (uint32_t)field(t, at + 4, 4),
                               .uid = (uint32_t)field(t, at + 12, 4),
                               .enabled = field(t, at + 8, 4) & CPU_ENABLED,
                               .x2apic = true,
                           });
}

static bool madt_ioapic(struct acpi_madt *m, const struct acpi_header *t,
                        size_t at)
{
    if (m->ioapics == ACPI_IOAPICS_MAX)
        return false;
    m->ioapic[m->ioapics++] = (struct acpi_ioapic){
        .id = (uint8_t)field(t, at + 2, 1),
        .address = (uint32_t)field(t, at + 4, 4),
        .gsi_base = (uint32_t)field(t, at + 8, 4),
    };
    return true;
}

static bool madt_override(struct acpi_madt *m, const struct acpi_header *t,
                          size_t at)
{
    if (m->overrides == ACPI_OVERRIDES_MAX)
        return false;
    m->override[m->overrides++] = (struct acpi_override){
        .irq = (uint8_t)field(t, at + 3, 1),
        .gsi = (uint32_t)field(t, at + 4, 4),
        .flags = (uint16_t)field(t, at + 8, 2),
    };
    return true;
}

static bool madt_lapic_address(struct acpi_madt *m, const struct acpi_header *t,
                               size_t at)
{
    m->lapic = field(t, at + 4, 8);
    return true;
}

static const struct {
    uint8_t bytes;
    madt_fn *fn;
} madt_rows[] = {
    [0] = {8, madt_lapic},     [1] = {12, madt_ioapic},
    [2] = {10, madt_override}, [5] = {12, madt_lapic_address},
    [9] = {16, madt_x2apic},
};

static void madt_entry(struct acpi_madt *m, const struct acpi_header *t,
                       size_t at, size_t type, size_t bytes)
{
    if (type >= ARRAY_SIZE(madt_rows) || !madt_rows[type].fn)
        return;
    if (bytes < madt_rows[type].bytes || !madt_rows[type].fn(m, t, at))
        m->dropped++;
}

bool acpi_madt_parse(const struct acpi_header *t, struct acpi_madt *out)
{
    size_t at = MADT_ENTRIES;

    if (!is_table(t, "APIC") || t->length < MADT_ENTRIES)
        return false;
    memset(out, 0, sizeof(*out));
    out->lapic = field(t, MADT_LAPIC_ADDRESS, 4);
    while (at + 2 <= t->length) {
        size_t bytes = field(t, at + 1, 1);

        if (bytes < 2 || at + bytes > t->length) {
            out->dropped++;
            break;
        }
        madt_entry(out, t, at, field(t, at, 1), bytes);
        at += bytes;
    }
    return true;
}

/* --- FADT (ACPI 5.2.9) --- */

enum {
    FADT_FACS = 36,
    FADT_DSDT = 40,
    FADT_SMI_PORT = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_PM_TIMER = 76,
    FADT_PM_TIMER_BYTES = 91,
    FADT_FLAGS = 112,
    FADT_RESET = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_FACS = 132,
    FADT_X_DSDT = 140,
    FADT_X_PM1A_CONTROL = 172,
    FADT_X_PM1B_CONTROL = 184,
    FADT_X_PM_TIMER = 208,
    FADT_MIN_BYTES = 116, /* revision 1 */
};

#define FADT_FLAG_RESET BIT(10)

static struct acpi_gas gas(const struct acpi_header *t, size_t at)
{
    return (struct acpi_gas){
        .space = (uint8_t)field(t, at, 1),
        .bits = (uint8_t)field(t, at + 1, 1),
        .address = field(t, at + 4, 8),
    };
}

/* The extended field when it says something, else the old port number. */
static struct acpi_gas gas_or_port(const struct acpi_header *t, size_t wide,
                                   size_t port, uint8_t bits)
{
    struct acpi_gas g = gas(t, wide);

    if (g.address && g.space <= ACPI_IO)
        return g;
    return (struct acpi_gas){ACPI_IO, bits, field(t, port, 4)};
}

static paddr_t wide_or_narrow(const struct acpi_header *t, size_t wide,
                              size_t narrow)
{
    paddr_t a = field(t, wide, 8);

    return a ? a : field(t, narrow, 4);
}

bool acpi_fadt_parse(const struct acpi_header *t, struct acpi_fadt *out)
{
    if (!is_table(t, "FACP") || t->length < FADT_MIN_BYTES)
        return false;
    *out = (struct acpi_fadt){
        .dsdt = wide_or_narrow(t, FADT_X_DSDT, FADT_DSDT),
        .facs = wide_or_narrow(t, FADT_X_FACS, FADT_FACS),
        .smi_port = (uint32_t)field(t, FADT_SMI_PORT, 4),
        .acpi_enable = (uint8_t)field(t, FADT_ACPI_ENABLE, 1),
        .flags = (uint32_t)field(t, FADT_FLAGS, 4),
        .pm1a_control =
            gas_or_port(t, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL, 16),
        .pm1b_control =
            gas_or_port(t, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL, 16),
        .pm_timer = gas_or_port(t, FADT_X_PM_TIMER, FADT_PM_TIMER, 32),
        .reset = gas(t, FADT_RESET),
        .reset_value = (uint8_t)field(t, FADT_RESET_VALUE, 1),
    };
    if (field(t, FADT_PM_TIMER_BYTES, 1) != 4)
        out->pm_timer.address = 0;
    out->has_reset = out->flags & FADT_FLAG_RESET && out->reset.address &&
                     t->length > FADT_RESET_VALUE;
    return true;
}

/* --- HPET, MCFG --- */

enum {
    HPET_BASE = 40,
    HPET_MIN_BYTES = 52,
    MCFG_ENTRIES = 44,
    MCFG_ENTRY_BYTES = 16,
};

bool acpi_hpet_parse(const struct acpi_header *t, struct acpi_hpet *out)
{
    if (!is_table(t, "HPET") || t->length < HPET_MIN_BYTES)
        return false;
    out->base = gas(t, HPET_BASE);
    return out->base.space == ACPI_MEMORY && out->base.address;
}

bool acpi_mcfg_parse(const struct acpi_header *t, struct acpi_mcfg *out)
{
    if (!is_table(t, "MCFG") || t->length < MCFG_ENTRIES)
        return false;
    out->entries = 0;
    for (size_t at = MCFG_ENTRIES;
         at + MCFG_ENTRY_BYTES <= t->length && out->entries < ACPI_MCFG_MAX;
         at += MCFG_ENTRY_BYTES) {
        struct acpi_mcfg_entry e = {
            .base = field(t, at, 8),
            .segment = (uint16_t)field(t, at + 8, 2),
            .bus_first = (uint8_t)field(t, at + 10, 1),
            .bus_last = (uint8_t)field(t, at + 11, 1),
        };

        if (e.base && e.bus_first <= e.bus_last)
            out->entry[out->entries++] = e;
    }
    return out->entries > 0;
}

/* --- \_S5 (ACPI 7.4.2, 20.2) --- */

enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_PACKAGE = 0x12,
    AML_ROOT = '\\',
};

/* A small integer object at '*at', which moves past it. */
static bool aml_integer(const uint8_t *aml, size_t bytes, size_t *at,
                        uint8_t *out)
{
    if (*at < bytes && aml[*at] <= AML_ONE) {
        *out = aml[(*at)++];
        return true;
    }
    if (*at + 1 >= bytes || aml[*at] != AML_BYTE)
        return false;
    *out = aml[*at + 1];
    *at += 2;
    return true;
}

/* Name (_S5, Package () {a, b, ..}) with "_S5_" at 'at'. */
static bool s5_package(const uint8_t *aml, size_t bytes, size_t at, uint8_t *a,
                       uint8_t *b)
{
    bool named =
        at >= 1 &&
        (aml[at - 1] == AML_NAME ||
         (at >= 2 && aml[at - 1] == AML_ROOT && aml[at - 2] == AML_NAME));

    at += 4;
    if (!named || at + 3 >= bytes || aml[at] != AML_PACKAGE)
        return false;
    at += 1 + 1 + (aml[at + 1] >> 6); /* package length of 1 to 4 bytes */
    if (at >= bytes || aml[at++] < 2) /* elements */
        return false;
    return aml_integer(aml, bytes, &at, a) && aml_integer(aml, bytes, &at, b);
}

bool acpi_s5_find(const struct acpi_header *dsdt, uint8_t *a, uint8_t *b)
{
    const uint8_t *aml = (const uint8_t *)dsdt;

    if (!is_table(dsdt, "DSDT"))
        return false;
    for (size_t at = ACPI_HEADER_BYTES; at + 4 <= dsdt->length; at++) {
        if (!memcmp(aml + at, "_S5_", 4) &&
            s5_package(aml, dsdt->length, at, a, b))
            return true;
    }
    return false;
}

/*
 * Writing ACPI tables (base/acpi_build.h).
 */
#include "base/acpi_build.h"

#include "base/string.h"

enum {
    MADT_BODY = 44, /* bytes before the first entry */
    MCFG_BODY = 44,
    FADT_CHECKED = 116, /* the shortest one */
    FADT_DSDT = 40,
    FADT_X_DSDT = 140,
};

enum madt_entry {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_NMI_SOURCE = 3,
};

#define OVERRIDE_IRQ    3 /* byte of an override */
#define LAPIC_ENABLED   1
#define LAPIC_BROADCAST 255 /* ids below need no x2APIC entries */
#define LAPIC_ADDRESS   0xfee00000

struct lapic_entry {
    uint8_t type, length;
    uint8_t uid;
    uint8_t apic_id;
    uint32_t flags;
} __attribute__((packed));

struct mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t bus_first, bus_last;
    uint32_t reserved;
} __attribute__((packed));

static uint8_t sum_to_zero(const void *p, size_t bytes)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum += b[i];
    return (uint8_t)-sum;
}

/* Names of the machine's vendor, or ours. */
static struct acpi_header header(const char *signature, uint8_t revision,
                                 const struct acpi_header *like)
{
    struct acpi_header h = {
        .oem_id = {'T', 'S', 'T', 'O', 'N', 'E'},
        .oem_table_id = {'T', 'O', 'U', 'C', 'H', 'S', 'T', 'N'},
        .oem_revision = 1,
    };

    if (like)
        memcpy(&h, like, sizeof(h));
    memcpy(h.signature, signature, sizeof(h.signature));
    memcpy(&h.creator_id, "TSTN", sizeof(h.creator_id));
    h.creator_revision = 1;
    h.revision = revision;
    return h;
}

static size_t finish(void *to, struct acpi_header h, size_t bytes)
{
    h.length = (uint32_t)bytes;
    h.checksum = 0;
    memcpy(to, &h, sizeof(h));
    h.checksum = sum_to_zero(to, bytes);
    memcpy(to, &h, sizeof(h));
    return bytes;
}

size_t acpi_write_rsdp(void *to, size_t room, const struct acpi_header *like,
                       paddr_t xsdt)
{
    const struct acpi_header h = header("XSDT", 1, like);
    struct acpi_rsdp r = {.revision = 2, .length = sizeof(r), .xsdt = xsdt};

    if (room < sizeof(r))
        return 0;
    memcpy(r.signature, ACPI_RSDP_SIGNATURE, sizeof(r.signature));
    memcpy(r.oem_id, h.oem_id, sizeof(r.oem_id));
    r.checksum = sum_to_zero(&r, ACPI_RSDP_MIN_BYTES);
    r.checksum2 = sum_to_zero(&r, sizeof(r));
    memcpy(to, &r, sizeof(r));
    return sizeof(r);
}

size_t acpi_write_xsdt(void *to, size_t room, const struct acpi_header *like,
                       const paddr_t *table, unsigned int tables)
{
    size_t bytes = ACPI_HEADER_BYTES + tables * sizeof(*table);

    if (bytes > room)
        return 0;
    memcpy((uint8_t *)to + ACPI_HEADER_BYTES, table, tables * sizeof(*table));
    return finish(to, header("XSDT", 1, like), bytes);
}

static bool entry_wanted(const uint8_t *e, bool timer_override)
{
    if (e[0] == MADT_OVERRIDE && e[1] > OVERRIDE_IRQ && !e[OVERRIDE_IRQ])
        return timer_override;
    return e[0] >= MADT_IOAPIC && e[0] <= MADT_NMI_SOURCE;
}

/* The machine's IO-APICs, overrides and NMI sources, as far as there is room. */
static size_t madt_copy_entries(uint8_t *to, size_t room,
                                const struct acpi_header *machine,
                                bool timer_override)
{
    const uint8_t *p = (const uint8_t *)machine;
    size_t used = 0;

    for (size_t at = MADT_BODY; machine && at + 2 <= machine->length;) {
        size_t n = p[at + 1];

        if (n < 2 || n > machine->length - at)
            break;
        if (entry_wanted(p + at, timer_override) && n <= room - used) {
            memcpy(to + used, p + at, n);
            used += n;
        }
        at += n;
    }
    return used;
}

size_t acpi_write_madt(void *to, size_t room, const struct acpi_header *machine,
                       unsigned int cpus, unsigned int step,
                       bool timer_override)
{
    const uint32_t body[2] = {LAPIC_ADDRESS, 0}; /* flags: no 8259s */
    uint8_t *p = to;
    size_t at = MADT_BODY;

    if (at + cpus * sizeof(struct lapic_entry) > room ||
        (cpus && (cpus - 1) * step >= LAPIC_BROADCAST))
        return 0;
    memcpy(p + ACPI_HEADER_BYTES, body, sizeof(body));
    for (unsigned int i = 0; i < cpus; i++, at += sizeof(struct lapic_entry)) {
        const struct lapic_entry e = {MADT_LAPIC, sizeof(e), (uint8_t)i,
                                      (uint8_t)(i * step), LAPIC_ENABLED};

        memcpy(p + at, &e, sizeof(e));
    }
    at += madt_copy_entries(p + at, room - at, machine, timer_override);
    return finish(to, header("APIC", 4, machine), at);
}

size_t acpi_write_mcfg(void *to, size_t room, const struct acpi_header *machine,
                       uint8_t last)
{
    size_t bytes = machine ? machine->length : 0;

    if (bytes < MCFG_BODY || bytes > room)
        return 0;
    memcpy(to, machine, bytes);
    for (size_t at = MCFG_BODY; at + sizeof(struct mcfg_entry) <= bytes;
         at += sizeof(struct mcfg_entry)) {
        struct mcfg_entry e;

        memcpy(&e, (uint8_t *)to + at, sizeof(e));
        if (e.segment == 0 && e.bus_last > last)
            e.bus_last = MAX(e.bus_first, last);
        memcpy((uint8_t *)to + at, &e, sizeof(e));
    }
    return finish(to, *machine, bytes);
}

size_t acpi_write_fadt(void *to, size_t room, const struct acpi_header *machine,
                       paddr_t dsdt)
{
    size_t bytes = machine ? machine->length : 0;
    const uint32_t narrow = dsdt == (uint32_t)dsdt ? (uint32_t)dsdt : 0;

    if (bytes < FADT_CHECKED || bytes > room)
        return 0;
    memcpy(to, machine, bytes);
    memcpy((uint8_t *)to + FADT_DSDT, &narrow, sizeof(narrow));
    if (bytes >= FADT_X_DSDT + sizeof(dsdt))
        memcpy((uint8_t *)to + FADT_X_DSDT, &dsdt, sizeof(dsdt));
    return finish(to, *machine, bytes);
}

size_t acpi_write_dsdt(void *to, size_t room, const struct acpi_header *like)
{
    if (room < ACPI_HEADER_BYTES)
        return 0;
    return finish(to, header("DSDT", 2, like), ACPI_HEADER_BYTES);
}

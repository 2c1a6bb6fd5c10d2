/*
 * ACPI tables that dom0 starts from: RSDP, XSDT and MADT of its own.
 *
 * Its MADT has its vCPUs, and the machine's IO-APICs and overrides as they are,
 * for pins are bound one to one. Tables on processors, memory and hardware that
 * the hypervisor keeps are left out; all others stay where the firmware put
 * them, but for a MCFG that ends at the last bus in use: Linux looks for 32
 * devices on each bus that it names, which are 8,000 trapped accesses.
 * Follows: ACPI 6.4 5.2.5 (RSDP), 5.2.8 (XSDT), 5.2.12 (MADT), PCI Firmware 3.2
 * 4.1.2 (MCFG).
 */
#include "x86/acpi.h"
#include "x86/dom0.h"
#include "x86/paging.h"
#include "x86/pci.h"
#include "x86/quirks.h"
#include "x86/vlapic.h"

#include "hv/log.h"

#include "base/string.h"

#define MADT_OFFSET       PAGE_SIZE
#define XSDT_OFFSET       64
#define MADT_BODY         44 /* bytes before the first entry */
#define XSDT_MAX          ((MADT_OFFSET - XSDT_OFFSET - ACPI_HEADER_BYTES) / 8)
#define MADT_OVERRIDE_IRQ 3 /* byte of an override */
#define MCFG_OFFSET       (3 * PAGE_SIZE)
#define MADT_MAX          (MCFG_OFFSET - MADT_OFFSET)
#define MCFG_MAX          (DOM0_ACPI_BYTES - MCFG_OFFSET)
#define MCFG_BODY         44 /* bytes before the first entry */
#define LAPIC_ENABLED     1
#define LAPIC_BROADCAST   255 /* ids below need no x2APIC entries */

enum madt_entry {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_NMI_SOURCE = 3,
};

struct rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t checksum_all;
    uint8_t reserved[3];
} __attribute__((packed));

static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");

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

/* What dom0 does not own, or what we make anew. */
static const char hidden[][4] = {
    {'A', 'P', 'I', 'C'}, {'M', 'C', 'F', 'G'}, {'D', 'M', 'A', 'R'},
    {'I', 'V', 'R', 'S'}, {'H', 'P', 'E', 'T'}, {'S', 'R', 'A', 'T'},
    {'S', 'L', 'I', 'T'}, {'M', 'S', 'C', 'T'}, {'P', 'M', 'T', 'T'},
    {'H', 'M', 'A', 'T'}, {'B', 'G', 'R', 'T'}, {'M', 'P', 'S', 'T'},
    {'W', 'A', 'E', 'T'},
};

static uint8_t sum_to_zero(const void *p, size_t bytes)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum += b[i];
    return (uint8_t)-sum;
}

static void header_fill(struct acpi_header *h, const char *signature,
                        const struct acpi_header *like, uint8_t revision)
{
    memcpy(h, like, sizeof(*h));
    memcpy(h->signature, signature, sizeof(h->signature));
    memcpy(&h->creator_id, "TSTN", sizeof(h->creator_id));
    h->creator_revision = 1;
    h->revision = revision;
}

static void header_finish(struct acpi_header *h, size_t bytes)
{
    h->length = bytes;
    h->checksum = 0;
    h->checksum = sum_to_zero(h, bytes);
}

/* The machine's IO-APICs, overrides and NMI sources. */
static bool entry_is_for_dom0(const uint8_t *e)
{
    bool of_timer = e[0] == MADT_OVERRIDE && !e[MADT_OVERRIDE_IRQ];

    return e[0] >= MADT_IOAPIC && e[0] <= MADT_NMI_SOURCE &&
           !(of_timer && quirk_acts(QUIRK_KIND_timer_pin_0));
}

/* They are copied byte for byte. */
static size_t madt_copy_entries(uint8_t *to, size_t room,
                                const struct acpi_header *machine)
{
    const uint8_t *p = (const uint8_t *)machine;
    size_t used = 0;

    for (size_t at = MADT_BODY; at + 2 <= machine->length;) {
        size_t n = p[at + 1];

        if (n < 2 || n > machine->length - at)
            break;
        if (entry_is_for_dom0(p + at) && n <= room - used) {
            memcpy(to + used, p + at, n);
            used += n;
        }
        at += n;
    }
    return used;
}

static void madt_build(uint8_t *to, const struct acpi_header *machine,
                       unsigned int vcpus)
{
    struct acpi_header *h = (struct acpi_header *)to;
    const uint32_t body[2] = {0xfee00000, 0}; /* LAPIC address, flags */
    size_t at = MADT_BODY;

    static_assert((DOMAIN_MAX_VCPUS - 1) * 2 < LAPIC_BROADCAST, "xAPIC ids");
    static_assert(DOMAIN_MAX_VCPUS * sizeof(struct lapic_entry) < MADT_MAX / 2,
                  "room for all vCPUs and as much for the rest");
    header_fill(h, "APIC", machine, 4);
    memcpy(to + ACPI_HEADER_BYTES, body, sizeof(body));
    for (unsigned int i = 0; i < vcpus; i++, at += sizeof(struct lapic_entry)) {
        const struct lapic_entry e = {MADT_LAPIC, sizeof(e), i, vlapic_id_of(i),
                                      LAPIC_ENABLED};

        memcpy(to + at, &e, sizeof(e));
    }
    at += madt_copy_entries(to + at, MADT_MAX - at, machine);
    header_finish(h, at);
}

/* False: the machine has none. */
static bool mcfg_build(uint8_t *to, const struct acpi_header *machine)
{
    size_t bytes = machine ? machine->length : 0;

    if (bytes < MCFG_BODY || bytes > MCFG_MAX)
        return false;
    memcpy(to, machine, bytes);
    for (size_t at = MCFG_BODY; at + sizeof(struct mcfg_entry) <= bytes;
         at += sizeof(struct mcfg_entry)) {
        struct mcfg_entry *e = (struct mcfg_entry *)(to + at);

        if (e->segment == 0 && e->bus_last > pci_last_bus())
            e->bus_last = MAX(e->bus_first, pci_last_bus());
    }
    header_finish((struct acpi_header *)to, bytes);
    return true;
}

static bool table_hidden(const struct acpi_header *t)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++)
        if (memcmp(t->signature, hidden[i], sizeof(hidden[i])) == 0)
            return true;
    return false;
}

static paddr_t root_entry(const struct acpi_root *r, unsigned int i)
{
    const uint8_t *p = (const uint8_t *)maddr_to_virt(r->table) +
                       ACPI_HEADER_BYTES + i * (r->wide ? 8 : 4);
    uint64_t entry = 0;

    memcpy(&entry, p, r->wide ? 8 : 4);
    return entry;
}

static void xsdt_build(uint8_t *to, const struct acpi_root *r,
                       const paddr_t *own, unsigned int owns)
{
    struct acpi_header *h = (struct acpi_header *)to;
    uint8_t *entry = to + ACPI_HEADER_BYTES;
    unsigned int n = owns;

    header_fill(h, "XSDT", maddr_to_virt(r->table), 1);
    memcpy(entry, own, owns * sizeof(*own));
    for (unsigned int i = 0; i < r->count && n < XSDT_MAX; i++) {
        paddr_t a = root_entry(r, i);

        if (!direct_mapped(a, ACPI_HEADER_BYTES) ||
            table_hidden(maddr_to_virt(a)))
            continue;
        memcpy(entry + n * sizeof(a), &a, sizeof(a));
        n++;
    }
    header_finish(h, ACPI_HEADER_BYTES + n * sizeof(paddr_t));
}

paddr_t dom0_acpi_build(paddr_t at, unsigned int vcpus)
{
    const struct acpi_header *machine = acpi_table("APIC", 0);
    const paddr_t own[] = {at + MADT_OFFSET, at + MCFG_OFFSET};
    struct rsdp *rsdp = maddr_to_virt(at);
    unsigned int owns = 1;
    struct acpi_root root;

    if (!acpi_root_get(&root) || !machine) {
        log_warn("no ACPI for dom0: it will find no devices");
        return 0;
    }
    madt_build(maddr_to_virt(at + MADT_OFFSET), machine, vcpus);
    if (mcfg_build(maddr_to_virt(at + MCFG_OFFSET), acpi_table("MCFG", 0)))
        owns++;
    xsdt_build(maddr_to_virt(at + XSDT_OFFSET), &root, own, owns);
    memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
    memcpy(rsdp->oem_id, machine->oem_id, sizeof(rsdp->oem_id));
    rsdp->revision = 2;
    rsdp->length = sizeof(*rsdp);
    rsdp->xsdt = at + XSDT_OFFSET;
    rsdp->checksum = sum_to_zero(rsdp, ACPI_RSDP_MIN_BYTES);
    rsdp->checksum_all = sum_to_zero(rsdp, sizeof(*rsdp));
    return at;
}

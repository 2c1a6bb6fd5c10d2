/*
 * ACPI tables that dom0 starts from: RSDP, XSDT and MADT of its own.
 *
 * Its MADT has its vCPUs, and the machine's IO-APICs and overrides as they are,
 * for pins are bound one to one. Tables on processors, memory and hardware that
 * the hypervisor keeps are left out; all others stay where the firmware put
 * them, but for a MCFG that ends at the last bus in use: Linux looks for 32
 * devices on each bus that it names, which are 8,000 trapped accesses. Without a
 * DSDT Linux does not come up, so it gets an empty one. It has to find an RSDP
 * here in any case: it would search the BIOS for the machine's, whose IO-APICs
 * and timers it must not touch.
 */
#include "x86/acpi.h"
#include "x86/dom0.h"
#include "x86/pci.h"
#include "x86/quirks.h"
#include "x86/vlapic.h"

#include "base/acpi_build.h"
#include "base/string.h"
#include "hv/log.h"

/* Where the tables are in DOM0_ACPI_BYTES. */
enum {
    XSDT_OFFSET = 64,
    MADT_OFFSET = 0x1000,
    MCFG_OFFSET = 0x3000,
    FADT_OFFSET = 0x4000,
    DSDT_OFFSET = 0x4800,
};

#define XSDT_MAX (ACPI_TABLES_MAX + 3)

/* What dom0 does not own, or what we make anew. */
static const char hidden[][4] = {
    {'A', 'P', 'I', 'C'}, {'M', 'C', 'F', 'G'}, {'D', 'M', 'A', 'R'},
    {'I', 'V', 'R', 'S'}, {'H', 'P', 'E', 'T'}, {'S', 'R', 'A', 'T'},
    {'S', 'L', 'I', 'T'}, {'M', 'S', 'C', 'T'}, {'P', 'M', 'T', 'T'},
    {'H', 'M', 'A', 'T'}, {'B', 'G', 'R', 'T'}, {'M', 'P', 'S', 'T'},
    {'W', 'A', 'E', 'T'},
};

struct listing {
    paddr_t at; /* where the new tables are */
    paddr_t table[XSDT_MAX];
    unsigned int tables;
    bool own_fadt;
};

static bool table_hidden(const struct listing *l, const struct acpi_header *t)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++)
        if (memcmp(t->signature, hidden[i], sizeof(hidden[i])) == 0)
            return true;
    return l->own_fadt && memcmp(t->signature, "FACP", 4) == 0;
}

/* 'bytes' were written there: 0 is no table. */
static void list_own(struct listing *l, unsigned int offset, size_t bytes)
{
    if (bytes)
        l->table[l->tables++] = l->at + offset;
}

static void list_machine(struct listing *l)
{
    const struct acpi_header *t;
    paddr_t a;

    for (unsigned int i = 0; acpi_listed(i, &a, &t); i++)
        if (t && !table_hidden(l, t))
            l->table[l->tables++] = a;
}

static void fadt_build(struct listing *l)
{
    const struct acpi_header *fadt = acpi_table("FACP", 0);
    uint8_t *to = maddr_to_virt(l->at);

    if (!acpi_dsdt_missing())
        return;
    log_warn("acpi: no DSDT: dom0 gets an empty one");
    (void)acpi_write_dsdt(to + DSDT_OFFSET, DOM0_ACPI_BYTES - DSDT_OFFSET,
                          fadt);
    list_own(l, FADT_OFFSET,
             acpi_write_fadt(to + FADT_OFFSET, DSDT_OFFSET - FADT_OFFSET, fadt,
                             l->at + DSDT_OFFSET));
    l->own_fadt = true;
}

paddr_t dom0_acpi_build(paddr_t at, unsigned int vcpus)
{
    const struct acpi_header *madt = acpi_table("APIC", 0);
    uint8_t *to = maddr_to_virt(at);
    struct listing l = {.at = at};

    static_assert(DOMAIN_MAX_VCPUS * 8 < (MCFG_OFFSET - MADT_OFFSET) / 2,
                  "room for all vCPUs and as much for the rest");
    static_assert(XSDT_MAX * 8 + ACPI_HEADER_BYTES < MADT_OFFSET - XSDT_OFFSET,
                  "room for all tables");
    list_own(&l, MADT_OFFSET,
             acpi_write_madt(to + MADT_OFFSET, MCFG_OFFSET - MADT_OFFSET, madt,
                             vcpus, vlapic_id_of(1),
                             !quirk_acts(QUIRK_KIND_timer_pin_0)));
    list_own(&l, MCFG_OFFSET,
             acpi_write_mcfg(to + MCFG_OFFSET, FADT_OFFSET - MCFG_OFFSET,
                             acpi_table("MCFG", 0), pci_last_bus()));
    fadt_build(&l);
    list_machine(&l);
    (void)acpi_write_xsdt(to + XSDT_OFFSET, MADT_OFFSET - XSDT_OFFSET, madt,
                          l.table, l.tables);
    (void)acpi_write_rsdp(to, XSDT_OFFSET, madt, at + XSDT_OFFSET);
    return at;
}

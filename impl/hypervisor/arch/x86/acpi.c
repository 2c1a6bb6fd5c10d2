/*
 * The machine's ACPI tables: base/acpi.h over the direct map.
 *
 * Firmware that does not reserve its tables is common enough: they are looked at
 * twice, first to keep them where they are, then to be used.
 */
#include "x86/acpi.h"

#include "x86/boot.h"
#include "x86/paging.h"
#include "x86/quirks.h"

#include "base/string.h"
#include "hv/log.h"
#include "hv/page.h"

#define SIZE_4G       (1UL << 32)
#define SUSPECT_BYTES (64UL << 10) /* kept of a table with a wrong checksum */

static const void *acpi_map(void *arg, paddr_t a, uint64_t bytes)
{
    return direct_mapped(a, bytes) ? maddr_to_virt(a) : NULL;
}

/* On the page tables of head.S all low addresses are mapped. */
static const void *early_map(void *arg, paddr_t a, uint64_t bytes)
{
    return a + bytes <= SIZE_4G ? maddr_to_virt(a) : NULL;
}

static const struct acpi_mem mem = {.map = acpi_map};

static struct acpi_root root;
static bool have_root, have_madt, have_fadt, have_hpet, have_mcfg;
static struct acpi_madt madt;
static struct acpi_fadt fadt;
static struct acpi_hpet hpet;
static struct acpi_mcfg mcfg;

const struct acpi_header *acpi_table(const char *signature, unsigned int nth)
{
    if (!memcmp(signature, "DSDT", 4))
        return have_fadt && !nth ? acpi_at(&mem, fadt.dsdt, "DSDT") : NULL;
    return have_root ? acpi_find(&mem, &root, signature, nth) : NULL;
}

bool acpi_listed(unsigned int i, paddr_t *at, const struct acpi_header **out)
{
    if (!have_root || i >= root.count)
        return false;
    *at = acpi_root_entry(&mem, &root, i);
    *out = *at ? acpi_map(NULL, *at, ACPI_HEADER_BYTES) : NULL;
    if (*out && (*out)->length - ACPI_HEADER_BYTES > ACPI_TABLE_BYTES)
        *out = NULL; /* shorter than its header, or longer than any */
    return true;
}

/* One that cannot be read from here is not missing. */
bool acpi_dsdt_missing(void)
{
    const struct acpi_header *t = NULL;

    if (have_fadt && fadt.dsdt)
        t = acpi_map(NULL, fadt.dsdt, sizeof(*t));
    return have_fadt && (!fadt.dsdt || (t && memcmp(t->signature, "DSDT", 4)));
}

const struct acpi_madt *acpi_madt(void)
{
    return have_madt ? &madt : NULL;
}

const struct acpi_fadt *acpi_fadt(void)
{
    return have_fadt ? &fadt : NULL;
}

const struct acpi_hpet *acpi_hpet(void)
{
    return have_hpet ? &hpet : NULL;
}

const struct acpi_mcfg *acpi_mcfg(void)
{
    return have_mcfg ? &mcfg : NULL;
}

/* The override of interrupt 0 is forgotten. */
void acpi_timer_override_drop(void)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < madt.overrides; i++)
        if (madt.override[i].irq)
            madt.override[kept++] = madt.override[i];
    madt.overrides = kept;
}

static paddr_t rsdp_find(const struct acpi_mem *m)
{
    return boot_info.rsdp ? boot_info.rsdp : acpi_rsdp_search(m);
}

/* A table that is not ACPI's memory by the map becomes that. */
static void table_claim(const struct acpi_mem *m, paddr_t at)
{
    const struct acpi_header *t = acpi_at(m, at, NULL);
    uint64_t bytes = t ? t->length : 0;

    if (t && !acpi_sum_right(t))
        bytes = MIN(bytes, SUSPECT_BYTES);
    if (t && boot_claim(at, bytes))
        log_info("acpi: %.4s at %lx is in memory that is not reserved",
                 t->signature, at);
}

void acpi_claim(void)
{
    static const struct acpi_mem early = {.map = early_map};
    paddr_t rsdp = rsdp_find(&early);
    const struct acpi_header *t;

    if (!rsdp || !acpi_root_read(&early, rsdp, true, &root))
        return;
    table_claim(&early, root.table);
    for (unsigned int i = 0; i < root.count; i++) {
        paddr_t at = acpi_root_entry(&early, &root, i);

        table_claim(&early, at);
        t = acpi_at(&early, at, "FACP");
        if (acpi_fadt_parse(t, &fadt)) {
            table_claim(&early, fadt.dsdt);
            table_claim(&early, fadt.facs);
        }
    }
}

static void sums_check(void)
{
    const struct acpi_header *t;
    paddr_t at;

    for (unsigned int i = 0; acpi_listed(i, &at, &t); i++) {
        t = acpi_at(&mem, at, NULL);
        if (t && !acpi_sum_right(t))
            log_warn("acpi: the checksum of %.4s at %lx is wrong", t->signature,
                     at);
    }
}

void acpi_init(void)
{
    paddr_t rsdp = rsdp_find(&mem);

    have_root =
        rsdp &&
        acpi_root_read(&mem, rsdp, !quirk_acts(QUIRK_KIND_xsdt_broken), &root);
    if (!have_root) {
        log_warn("no usable ACPI tables: one CPU, no IO-APIC");
        return;
    }
    sums_check();
    have_fadt = acpi_fadt_parse(acpi_table("FACP", 0), &fadt);
    have_madt = acpi_madt_parse(acpi_table("APIC", 0), &madt);
    have_hpet = acpi_hpet_parse(acpi_table("HPET", 0), &hpet);
    have_mcfg = acpi_mcfg_parse(acpi_table("MCFG", 0), &mcfg);
    log_info("acpi: %s at %lx, %u tables, fadt=%d madt=%d hpet=%d mcfg=%d",
             root.wide ? "xsdt" : "rsdt", root.table, root.count, have_fadt,
             have_madt, have_hpet, have_mcfg);
    if (!have_madt)
        log_warn("acpi: no usable MADT: one CPU, no IO-APIC");
    if (have_madt && madt.dropped)
        log_warn("acpi: %u entries of the madt are broken or too many",
                 madt.dropped);
}

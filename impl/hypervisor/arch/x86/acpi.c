/*
 * The machine's ACPI tables: base/acpi.h over the direct map.
 */
#include "x86/acpi.h"

#include "x86/boot.h"
#include "x86/paging.h"
#include "x86/quirks.h"

#include "base/string.h"
#include "hv/log.h"
#include "hv/page.h"

static const void *acpi_map(void *arg, paddr_t a, uint64_t bytes)
{
    return direct_mapped(a, bytes) ? maddr_to_virt(a) : NULL;
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

bool acpi_root_get(struct acpi_root *out)
{
    *out = root;
    return have_root;
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

void acpi_init(void)
{
    paddr_t rsdp = boot_info.rsdp ? boot_info.rsdp : acpi_rsdp_search(&mem);

    have_root =
        rsdp &&
        acpi_root_read(&mem, rsdp, !quirk_acts(QUIRK_KIND_xsdt_broken), &root);
    if (!have_root) {
        log_warn("no usable ACPI tables: one CPU, no IO-APIC");
        return;
    }
    have_fadt = acpi_fadt_parse(acpi_table("FACP", 0), &fadt);
    have_madt = acpi_madt_parse(acpi_table("APIC", 0), &madt);
    have_hpet = acpi_hpet_parse(acpi_table("HPET", 0), &hpet);
    have_mcfg = acpi_mcfg_parse(acpi_table("MCFG", 0), &mcfg);
    log_info("acpi: %s at %lx, %u tables, fadt=%d madt=%d hpet=%d mcfg=%d",
             root.wide ? "xsdt" : "rsdt", root.table, root.count, have_fadt,
             have_madt, have_hpet, have_mcfg);
    if (have_madt && madt.dropped)
        log_warn("acpi: %u entries of the madt are broken or too many",
                 madt.dropped);
}

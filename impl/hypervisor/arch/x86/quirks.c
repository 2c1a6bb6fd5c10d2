/*
 * Quirks: what this machine is (SMBIOS, CPU, ACPI ids, PCI devices), which rows
 * of quirks/acting.def that matches, and what can be done at once. The rest is
 * done where the matter is, which asks quirk_acts().
 *
 * CPU rows are not looked at below another hypervisor: its MSRs are no CPU's.
 */
#include "x86/quirks.h"

#include "x86/acpi.h"
#include "x86/boot.h"
#include "x86/insn.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/pci.h"
#include "x86/trap.h"

#include "hv/arch.h"
#include "hv/log.h"
#include "hv/option.h"
#include "hv/page.h"

#include "base/smbios.h"
#include "base/string.h"
#include "quirks/acting.h"

#define TEXT_BYTES        96
#define DEVICES_MAX       1024
#define CPUID_UNDER_OTHER BIT(31) /* 1 ECX */
#define PM_INDEX          0xcd6   /* SB600 (AMD 46155 2.3.3.1) */
#define PM_DATA           0xcd7
#define PM_HPET           0x55
#define PM_HPET_HIDDEN    0x80
#define LPC               PCI_SBDF(0, 0, 0xf8)
#define LPC_PM_BASE       0x40 /* ICH9 datasheet 13.1.13 */
#define PM_BASE_MASK      0xff80U
#define SMI_ENABLE        0x30
#define SMI_USB           0x20008U /* LEGACY_USB_EN, LEGACY_USB2_EN */

static struct quirk_state state[QUIRKS_ACTING]; /* [I] after boot */
static bool on[QUIRK_KINDS];                    /* [I] after boot */
static bool applied[QUIRK_KINDS];               /* set only */
static char text[DMI_FIELDS][TEXT_BYTES];
static struct pci_id {
    uint16_t vendor, device;
    uint8_t revision;
} devices[DEVICES_MAX];
static unsigned int devices_nr;

bool quirk_acts(enum quirk_kind kind)
{
    if (on[kind])
        applied[kind] = true;
    return on[kind];
}

/* --- What the machine is --- */

static bool has_device(const void *arg, const struct quirk_pci *d)
{
    for (unsigned int i = 0; i < devices_nr; i++)
        if (quirk_is_device(d, devices[i].vendor, devices[i].device,
                            devices[i].revision))
            return true;
    return false;
}

static struct quirk_facts facts = {.has_device = has_device};

static const void *memory_map(void *arg, paddr_t a, uint64_t bytes)
{
    return direct_mapped(a, bytes) ? maddr_to_virt(a) : NULL;
}

static void look_at_smbios(void)
{
    const struct acpi_mem mem = {.map = memory_map};
    struct smbios_table t;
    const uint8_t *table = smbios_table_find(&mem, boot_info.efi_table, &t);
    struct smbios_structure s;
    size_t at = 0;

    while (table && smbios_next(table, t.bytes, &at, &s) &&
           s.type != SMBIOS_END)
        for (unsigned int i = 0; i < DMI_SMBIOS_FIELDS; i++)
            if (s.type == dmi_places[i].type && !facts.dmi[i] &&
                smbios_text(&s, dmi_places[i].at, text[i], TEXT_BYTES))
                facts.dmi[i] = text[i];
    log_info("smbios: %s '%s' '%s', board '%s' '%s', firmware '%s' '%s'",
             table  ? "machine"
             : t.at ? "not in memory"
                    : "none",
             text[DMI_SYS_VENDOR], text[DMI_PRODUCT_NAME],
             text[DMI_BOARD_VENDOR], text[DMI_BOARD_NAME],
             text[DMI_BIOS_VENDOR], text[DMI_BIOS_VERSION]);
}

static void look_at_cpu(void)
{
    struct cpuid_regs r = cpuid(0, 0);
    const uint32_t words[] = {r.b, r.d, r.c};
    char vendor[sizeof(words) + 1] = "";
    uint64_t microcode = 0;

    if (cpuid(1, 0).c & CPUID_UNDER_OTHER)
        return;
    memcpy(vendor, words, sizeof(words));
    facts.vendor = quirk_vendor_of(vendor);
    quirk_cpu_signature(&facts, cpuid(1, 0).a);
    (void)rdmsr_safe(MSR_MICROCODE, &microcode);
    facts.microcode =
        (uint32_t)(facts.vendor == CPU_INTEL ? microcode >> 32 : microcode);
    log_info("cpu: %s family %x model %x stepping %x microcode %x", vendor,
             facts.family, facts.model, facts.stepping, facts.microcode);
}

static void look_at_acpi(void)
{
    const struct acpi_header *h = acpi_table("APIC", 0);

    if (!h)
        return;
    memcpy(text[DMI_ACPI_OEM], h->oem_id, sizeof(h->oem_id));
    memcpy(text[DMI_ACPI_TABLE], h->oem_table_id, sizeof(h->oem_table_id));
    facts.dmi[DMI_ACPI_OEM] = text[DMI_ACPI_OEM];
    facts.dmi[DMI_ACPI_TABLE] = text[DMI_ACPI_TABLE];
}

static void device_note(uint32_t sbdf)
{
    if (devices_nr < DEVICES_MAX)
        devices[devices_nr++] = (struct pci_id){
            .vendor = pci_read(sbdf, PCI_VENDOR, 2),
            .device = pci_read(sbdf, PCI_VENDOR + 2, 2),
            .revision = pci_read(sbdf, PCI_REVISION, 1),
        };
}

/* --- What is on --- */

static void order_wrong(const char *word, size_t length)
{
    log_warn("quirk=%.*s: no such quirk, nor a kind of them", (int)length,
             word);
}

static void judge(void)
{
    quirk_judge(state, &facts);
    for (unsigned int i = 0; i < QUIRKS_ACTING; i++)
        on[quirks_acting[i].kind] |= quirk_is_on(&state[i]);
}

void arch_quirks_dump(void)
{
    for (unsigned int i = 0; i < QUIRKS_ACTING; i++) {
        const struct quirk *q = &quirks_acting[i];
        const struct quirk_action *a = &quirk_actions[q->kind];
        const char *name = quirk_state_name(&state[i]);

        if (name)
            log_info("quirk %s: %s%s; %s: %s", q->id, name,
                     applied[q->kind] && quirk_is_on(&state[i]) ? ", applied"
                                                                : "",
                     a->effect, a->what);
    }
}

/* --- What is done at once --- */

static void memory_keep(void)
{
    for (unsigned int i = 0; i < QUIRK_RANGES; i++)
        if (quirk_acts(quirk_memory[i].kind))
            boot_keep_away(quirk_memory[i].start, quirk_memory[i].end);
}

static void hpet_hide(void)
{
    outb(PM_INDEX, PM_HPET);
    outb(PM_DATA, inb(PM_DATA) | PM_HPET_HIDDEN);
}

/* ICH9 and ICH10 have it in the same place. */
static void usb_smi_off(void)
{
    static const struct quirk_pci lpcs[] = {{0x8086, 0x2912, 0x2919, 0, 0},
                                            {0x8086, 0x3a14, 0x3a1a, 0, 0}};
    uint16_t vendor = pci_read(LPC, PCI_VENDOR, 2);
    uint16_t device = pci_read(LPC, PCI_VENDOR + 2, 2);
    uint16_t port = (pci_read(LPC, LPC_PM_BASE, 2) & PM_BASE_MASK) + SMI_ENABLE;

    for (unsigned int i = 0; i < ARRAY_SIZE(lpcs); i++)
        if (quirk_is_device(&lpcs[i], vendor, device, 0))
            outl(port, inl(port) & ~SMI_USB);
}

void quirks_cpu_init(void)
{
    for (unsigned int i = 0; i < QUIRK_MSRS; i++) {
        const struct quirk_msr *m = &quirk_msrs[i];
        uint64_t v;

        if (on[m->kind] && rdmsr_safe(m->msr, &v) &&
            wrmsr_safe(m->msr, (v & ~m->clear) | m->set))
            applied[m->kind] = true;
        else if (on[m->kind])
            log_warn("quirk %s: this CPU does not let msr %x be changed",
                     quirk_actions[m->kind].kind, m->msr);
    }
}

void quirks_find(void)
{
    quirk_orders(state, opt_quirk, order_wrong);
    look_at_smbios();
    look_at_cpu();
    judge();
}

void quirks_find_devices(void)
{
    look_at_acpi();
    pci_scan(device_note);
    judge();
    memory_keep();
    if (quirk_acts(QUIRK_KIND_timer_pin_0))
        acpi_timer_override_drop();
    if (quirk_acts(QUIRK_KIND_hpet_bar))
        hpet_hide();
    if (quirk_acts(QUIRK_KIND_usb_smi))
        usb_smi_off();
    quirks_cpu_init();
    arch_quirks_dump();
}

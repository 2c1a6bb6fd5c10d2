/*
 * Quirks: machines, devices and CPUs that are known to need something special.
 *
 * Rows are data (quirk.def) and say which machine; kinds (kinds.def) say what it
 * does and what helps. The hypervisor takes acting.def alone. Pure; needs no
 * library. Texts are substrings as in Linux's DMI_MATCH unless `whole`.
 */
#ifndef QUIRKS_QUIRK_H
#define QUIRKS_QUIRK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quirk_kind {
#define KIND(id, severity, scope, effect, workaround) QUIRK_KIND_##id,
#include "quirks/kinds.def"
#undef KIND
    QUIRK_KINDS
};

enum dmi_field {
    DMI_BIOS_VENDOR,
    DMI_BIOS_VERSION,
    DMI_BIOS_DATE,
    DMI_SYS_VENDOR,
    DMI_PRODUCT_NAME,
    DMI_PRODUCT_VERSION,
    DMI_PRODUCT_FAMILY,
    DMI_BOARD_VENDOR,
    DMI_BOARD_NAME,
    DMI_BOARD_VERSION,
    DMI_SMBIOS_FIELDS,
    DMI_ACPI_OEM = DMI_SMBIOS_FIELDS, /* of the MADT */
    DMI_ACPI_TABLE,
    DMI_FIELDS
};

/* Where SMBIOS has each of its texts: type of the structure, byte in it. */
struct dmi_place {
    uint8_t type, at;
};

extern const struct dmi_place dmi_places[DMI_SMBIOS_FIELDS];

enum quirk_vendor { CPU_ANY, CPU_INTEL, CPU_AMD, CPU_HYGON };

enum { QUIRK_CONDITIONS = 4 };

struct quirk_dmi {
    uint8_t field;
    const char *text; /* NULL: no condition */
    bool whole;
};

/* Devices first to last of one vendor; revisions 0 to 0: all of them. */
struct quirk_pci {
    uint16_t vendor, first, last;
    uint8_t revision_first, revision_last;
};

struct quirk_models {
    uint8_t first, last;
};

struct quirk {
    const char *id;
    uint16_t kind;
    uint8_t vendor, stepping_first, stepping_last; /* of a CPU */
    uint8_t devices, models;                       /* how many */
    uint16_t family;
    uint32_t microcode; /* only below it; 0: with any */
    const char *source;
    struct quirk_dmi dmi[QUIRK_CONDITIONS];
    const struct quirk_pci *device; /* any of them */
    const struct quirk_models *model;
};

/* What is known of a machine. Texts that are not known are NULL. */
struct quirk_facts {
    const char *dmi[DMI_FIELDS];
    enum quirk_vendor vendor;
    uint16_t family;
    uint8_t model, stepping;
    uint32_t microcode; /* 0: not known; rows that ask for one do not match */
    /* Whether there is such a device; NULL: devices are not known. */
    bool (*has_device)(const void *arg, const struct quirk_pci *d);
    const void *arg;
};

/* Whether the row says this machine. A row without conditions never does. */
bool quirk_matches(const struct quirk *q, const struct quirk_facts *f);
/* Whether the row's device is this one. */
bool quirk_is_device(const struct quirk_pci *d, uint16_t vendor,
                     uint16_t device, uint8_t revision);
/* Family, model and stepping out of EAX of CPUID leaf 1. */
void quirk_cpu_signature(struct quirk_facts *f, uint32_t eax);
/* By CPUID's twelve characters. */
enum quirk_vendor quirk_vendor_of(const char *vendor);

/* --- The whole database: for tools, not for the hypervisor ------------------- */
struct quirk_text {
    const char *id, *severity, *scope, *effect, *workaround;
};

extern const struct quirk quirks[];
extern const size_t quirks_count;
extern const struct quirk_text quirk_texts[QUIRK_KINDS];

#endif

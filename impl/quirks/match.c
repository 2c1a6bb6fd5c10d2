/*
 * Whether a row of quirks is about a machine.
 */
#include "quirks/quirk.h"

const struct dmi_place dmi_places[DMI_SMBIOS_FIELDS] = {
    [DMI_BIOS_VENDOR] = {0, 4},     [DMI_BIOS_VERSION] = {0, 5},
    [DMI_BIOS_DATE] = {0, 8},       [DMI_SYS_VENDOR] = {1, 4},
    [DMI_PRODUCT_NAME] = {1, 5},    [DMI_PRODUCT_VERSION] = {1, 6},
    [DMI_PRODUCT_FAMILY] = {1, 26}, [DMI_BOARD_VENDOR] = {2, 4},
    [DMI_BOARD_NAME] = {2, 5},      [DMI_BOARD_VERSION] = {2, 6},
};

static bool starts_with(const char *text, const char *part)
{
    while (*part && *text == *part) {
        text++;
        part++;
    }
    return !*part;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        if (starts_with(text, part))
            return true;
    }
    return !*part;
}

static bool condition_met(const struct quirk_dmi *c,
                          const struct quirk_facts *f)
{
    const char *text = f->dmi[c->field];

    if (!text)
        return false;
    return c->whole ? same(text, c->text) : contains(text, c->text);
}

static bool machine_matches(const struct quirk *q, const struct quirk_facts *f)
{
    for (int i = 0; i < QUIRK_CONDITIONS && q->dmi[i].text; i++) {
        if (!condition_met(&q->dmi[i], f))
            return false;
    }
    return true;
}

static bool device_matches(const struct quirk *q, const struct quirk_facts *f)
{
    for (unsigned int i = 0; i < q->devices; i++) {
        if (f->has_device && f->has_device(f->arg, &q->device[i]))
            return true;
    }
    return !q->devices;
}

static bool model_matches(const struct quirk *q, uint8_t model)
{
    for (unsigned int i = 0; i < q->models; i++) {
        if (model >= q->model[i].first && model <= q->model[i].last)
            return true;
    }
    return false;
}

static bool cpu_matches(const struct quirk *q, const struct quirk_facts *f)
{
    if (!q->models)
        return true;
    return q->vendor == f->vendor && q->family == f->family &&
           model_matches(q, f->model) && f->stepping >= q->stepping_first &&
           f->stepping <= q->stepping_last &&
           (!q->microcode || (f->microcode && f->microcode < q->microcode));
}

bool quirk_matches(const struct quirk *q, const struct quirk_facts *f)
{
    bool any = q->dmi[0].text || q->devices || q->models;

    return any && machine_matches(q, f) && device_matches(q, f) &&
           cpu_matches(q, f);
}

bool quirk_is_device(const struct quirk_pci *d, uint16_t vendor,
                     uint16_t device, uint8_t revision)
{
    bool any_revision = !d->revision_first && !d->revision_last;

    return vendor == d->vendor && device >= d->first && device <= d->last &&
           (any_revision ||
            (revision >= d->revision_first && revision <= d->revision_last));
}

enum quirk_vendor quirk_vendor_of(const char *vendor)
{
    static const char *const names[] = {
        [CPU_INTEL] = "GenuineIntel",
        [CPU_AMD] = "AuthenticAMD",
        [CPU_HYGON] = "HygonGenuine",
    };

    for (int i = CPU_INTEL; i <= CPU_HYGON; i++) {
        if (same(vendor, names[i]))
            return (enum quirk_vendor)i;
    }
    return CPU_ANY;
}

void quirk_cpu_signature(struct quirk_facts *f, uint32_t eax)
{
    f->family = eax >> 8 & 0xf;
    f->model = eax >> 4 & 0xf;
    f->stepping = eax & 0xf;
    if (f->family == 6 || f->family == 15)
        f->model |= eax >> 12 & 0xf0;
    if (f->family == 15)
        f->family += eax >> 20 & 0xff;
}

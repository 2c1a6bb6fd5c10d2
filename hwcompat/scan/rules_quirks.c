/*
 * Known quirks of the machine, its devices and its CPUs (impl/quirks).
 */
#include "scan/scan.h"

#include <quirks/quirk.h>

#include <stdio.h>
#include <string.h>

enum { TEXT = 96 };

/* Where SMBIOS has the texts that quirks ask for. */
static const struct {
    uint8_t type, at;
} places[DMI_FIELDS] = {
    [DMI_BIOS_VENDOR] = {0, 4},     [DMI_BIOS_VERSION] = {0, 5},
    [DMI_BIOS_DATE] = {0, 8},       [DMI_SYS_VENDOR] = {1, 4},
    [DMI_PRODUCT_NAME] = {1, 5},    [DMI_PRODUCT_VERSION] = {1, 6},
    [DMI_PRODUCT_FAMILY] = {1, 26}, [DMI_BOARD_VENDOR] = {2, 4},
    [DMI_BOARD_NAME] = {2, 5},      [DMI_BOARD_VERSION] = {2, 6},
};

static bool has_device(const void *arg, const struct quirk_pci *q)
{
    const struct machine *m = arg;

    for (unsigned int i = 0; i < m->pcis; i++) {
        if (quirk_is_device(q, m->pci[i].vendor, m->pci[i].device,
                            m->pci[i].revision))
            return true;
    }
    return false;
}

static void facts_of_cpu(struct quirk_facts *f, const struct machine *m)
{
    const struct cpu *c = &m->cpu[0];

    f->vendor = quirk_vendor_of(c->vendor);
    f->family = (uint16_t)c->family;
    f->model = (uint8_t)c->model;
    f->stepping = (uint8_t)c->stepping;
    f->microcode = c->microcode;
}

static void facts_of_names(struct quirk_facts *f, const struct smbios *s,
                           char text[DMI_FIELDS][TEXT])
{
    for (int i = 0; i < DMI_FIELDS; i++) {
        const struct structure *t = smbios_find(s, places[i].type, NULL);

        if (t && structure_string(t, bytes_u8(t->formatted, places[i].at),
                                  text[i], TEXT))
            f->dmi[i] = text[i];
    }
}

/* What the row goes by, for people. */
static const char *place_of(const struct quirk *q)
{
    return q->dmi[0].text ? "smbios" : q->devices ? "pci" : "cpu";
}

void judge_quirks(struct scan *s)
{
    char text[DMI_FIELDS][TEXT];
    struct quirk_facts f = {.has_device = has_device, .arg = s->m};

    facts_of_names(&f, &s->m->smbios, text);
    if (scan_has(s, CPU))
        facts_of_cpu(&f, s->m);
    for (size_t i = 0; i < quirks_count; i++) {
        const struct quirk *q = &quirks[i];
        const struct quirk_text *t = &quirk_texts[q->kind];

        if (quirk_matches(q, &f))
            found_quirk(s,
                        &(struct finding){.rule = q->id,
                                          .effect = t->effect,
                                          .workaround = t->workaround,
                                          .source = q->source},
                        t->severity, place_of(q));
    }
}

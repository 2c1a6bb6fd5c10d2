/*
 * Known quirks of the machine, its devices and its CPUs (impl/quirks).
 */
#include "scan/scan.h"

#include "scan/quirks_list.h"

#include <quirks/quirk.h>

#include <stdio.h>
#include <string.h>

enum { TEXT = 96 };

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
    for (int i = 0; i < DMI_SMBIOS_FIELDS; i++) {
        const struct structure *t = smbios_find(s, dmi_places[i].type, NULL);

        if (t && structure_string(t, bytes_u8(t->formatted, dmi_places[i].at),
                                  text[i], TEXT))
            f->dmi[i] = text[i];
    }
}

static void facts_of_tables(struct quirk_facts *f, const struct acpi *a)
{
    if (!a->madt.table)
        return;
    f->dmi[DMI_ACPI_OEM] = a->madt.table->oem_id;
    f->dmi[DMI_ACPI_TABLE] = a->madt.table->oem_table_id;
}

/* What the row goes by, for people. */
static const char *place_of(const struct quirk *q)
{
    if (q->dmi[0].text)
        return q->dmi[0].field < DMI_SMBIOS_FIELDS ? "smbios" : "acpi/APIC";
    return q->devices ? "pci" : "cpu";
}

void judge_quirks(struct scan *s)
{
    char text[DMI_FIELDS][TEXT];
    struct quirk_facts f = {.has_device = has_device, .arg = s->m};

    facts_of_names(&f, &s->m->smbios, text);
    facts_of_tables(&f, &s->m->acpi);
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
                                          .action = quirk_action_of(q),
                                          .source = q->source},
                        t->severity, place_of(q));
    }
}

/* A record as a source of another one. */
#include "import/record_source.h"

#include <string.h>

#include "record/reader.h"

static void cpus_import(struct draft *d, const struct record *r)
{
    for (size_t i = 0; i < record_cpus(r); i++) {
        const struct record_cpu *c = record_cpu(r, i);

        for (size_t k = 0; k < c->leaves; k++)
            draft_cpuid(d, c->number, &c->leaf[k]);
        for (size_t k = 0; k < c->msrs; k++)
            draft_msr(d, c->number, c->msr[k].index, c->msr[k].value);
        if (c->has_microcode)
            draft_microcode(d, c->number, c->microcode);
    }
}

static void firmware_import(struct draft *d, const struct record *r)
{
    struct record_bytes entry = record_smbios_entry(r);
    struct record_bytes table = record_smbios(r);
    struct record_bytes rsdp;
    uint64_t address;

    rsdp = record_rsdp(r, &address);
    if (rsdp.data)
        draft_rsdp(d, address, rsdp.data, rsdp.size);
    for (size_t i = 0; i < record_tables(r); i++) {
        const struct record_table *t = record_table(r, i);

        draft_table(d, t->signature, t->address, t->dynamic, t->bytes.data,
                    t->bytes.size);
    }
    if (entry.data)
        draft_smbios_entry(d, entry.data, entry.size);
    if (table.data)
        draft_smbios(d, record_smbios_rebuilt(r), table.data, table.size);
}

/* Logs and the like, as they are. */
static void texts_import(struct draft *d, const struct record *r)
{
    static const char *const folders[] = {"logs/", "raw/",
                                          "smbios/dmidecode.txt"};

    for (size_t i = 0; i < record_files(r); i++) {
        const char *name = record_file_name(r, i);
        struct record_bytes b = record_file(r, name);

        for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]); k++)
            if (strncmp(name, folders[k], strlen(folders[k])) == 0)
                draft_file(d, name, b.data, b.size);
    }
}

static void system_import(struct draft *d, const struct record *r)
{
    struct record_bytes b = record_file(r, "system.json");
    cJSON *root =
        b.data ? cJSON_ParseWithLength((const char *)b.data, b.size) : NULL;

    for (int i = 0; root && i < RECORD_PARTS; i++) {
        cJSON *part =
            cJSON_DetachItemFromObjectCaseSensitive(root, record_part_name(i));

        if (part)
            draft_system(d, i, part);
    }
    cJSON_Delete(root);
}

static void missing_import(struct draft *d, const struct record *r)
{
    for (int i = 0; i < RECORD_PARTS; i++)
        if (record_missing(r, i))
            draft_missing(d, i, "%s", record_missing(r, i));
}

int record_import(struct draft *d, struct file_set *take_files,
                  struct record_error *error)
{
    struct record *r;
    int rc = record_decode(take_files, &r, error);

    if (rc)
        return rc;
    firmware_import(d, r);
    cpus_import(d, r);
    for (size_t i = 0; i < record_ranges(r); i++)
        draft_range(d, record_range(r, i));
    for (size_t i = 0; i < record_pcis(r); i++) {
        const struct record_pci *p = record_pci(r, i);

        draft_pci(d,
                  &(struct draft_pci){.segment = p->segment,
                                      .bus = p->bus,
                                      .device = p->device,
                                      .function = p->function},
                  p->config.data, p->config.size);
    }
    texts_import(d, r);
    system_import(d, r);
    missing_import(d, r);
    record_destroy(r);
    return 0;
}

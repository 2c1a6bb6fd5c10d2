/* A draft as the files of a record, and as a directory or an archive. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/draft.h"
#include "record/error.h"
#include "record/reader.h"
#include "record/scrub.h"

/* Prints a value into the set; the first failure is kept in the draft. */
static void json_put(struct draft *d, const char *name, cJSON *take_value)
{
    char *text = take_value ? cJSON_Print(take_value) : NULL;
    size_t len = text ? strlen(text) : 0;

    cJSON_Delete(take_value);
    if (!text) {
        draft_fail(d, -ENOMEM, NULL);
        return;
    }
    text[len] = '\n'; /* for its end, which files do not need */
    draft_file(d, name, text, len + 1);
    free(text);
}

static void json_hex(cJSON *object, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "0x%" PRIx64, value);
    (void)cJSON_AddStringToObject(object, name, text);
}

static void table_put(struct draft *d, size_t i, cJSON *list)
{
    const struct draft_table *t = &d->table[i];
    cJSON *entry = cJSON_CreateObject();
    unsigned int nth = 0;
    char name[64], safe[5];

    for (size_t k = 0; k < i; k++)
        nth += memcmp(d->table[k].signature, t->signature, 4) == 0;
    memcpy(safe, t->signature, sizeof(safe));
    for (char *p = safe; *p; p++)
        if (strchr("/\\.*?\"<>|:", *p))
            *p = '_';
    (void)snprintf(name, sizeof(name), "acpi/%s.%u.bin", safe, nth);
    while (files_find(&d->files, name) && nth < RECORD_TABLES_MAX)
        (void)snprintf(name, sizeof(name), "acpi/%s.%u.bin", safe, ++nth);
    draft_file(d, name, t->data, t->size);
    (void)cJSON_AddStringToObject(entry, "file", name);
    (void)cJSON_AddStringToObject(entry, "signature", t->signature);
    if (t->address)
        json_hex(entry, "address", t->address);
    if (t->dynamic)
        (void)cJSON_AddTrueToObject(entry, "dynamic");
    cJSON_AddItemToArray(list, entry);
}

static void acpi_put(struct draft *d)
{
    cJSON *root = cJSON_CreateObject(), *list;

    if (!d->tables && !d->rsdp && !d->rsdp_address) {
        cJSON_Delete(root);
        return;
    }
    if (d->rsdp)
        draft_file(d, "acpi/rsdp.bin", d->rsdp, d->rsdp_size);
    if (d->rsdp_address)
        json_hex(root, "rsdp", d->rsdp_address);
    list = cJSON_AddArrayToObject(root, "tables");
    for (size_t i = 0; i < d->tables; i++)
        table_put(d, i, list);
    json_put(d, "acpi/tables.json", root);
}

static void smbios_put(struct draft *d)
{
    if (d->smbios_entry)
        draft_file(d, "smbios/entry.bin", d->smbios_entry,
                   d->smbios_entry_size);
    if (d->smbios)
        draft_file(
            d, d->smbios_rebuilt ? "smbios/rebuilt.bin" : "smbios/table.bin",
            d->smbios, d->smbios_size);
}

static void memory_put(struct draft *d)
{
    static const char *const kinds[] = {
        [RECORD_E820] = "e820", [RECORD_EFI] = "efi", [RECORD_XEN] = "xen"};
    cJSON *root = cJSON_CreateObject();

    for (size_t i = 0; i < d->ranges; i++) {
        const struct record_range *r = &d->range[i];
        cJSON *list = cJSON_GetObjectItem(root, kinds[r->kind]);
        cJSON *range = cJSON_CreateObject();

        if (!list)
            list = cJSON_AddArrayToObject(root, kinds[r->kind]);
        json_hex(range, "start", r->start);
        json_hex(range, "size", r->size);
        (void)cJSON_AddNumberToObject(range, "type", r->type);
        if (r->kind == RECORD_EFI)
            json_hex(range, "attributes", r->attributes);
        cJSON_AddItemToArray(list, range);
    }
    if (d->ranges)
        json_put(d, "memory.json", root);
    else
        cJSON_Delete(root);
}

static void cpus_put(struct draft *d, const char *name, struct cpu_set *set,
                     int words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = set->nr ? open_memstream(&text, &size) : NULL;

    if (!set->nr)
        return;
    cpus_sort(set);
    if (out)
        cpus_encode(set, words, out);
    if (!out || fclose(out))
        draft_fail(d, -ENOMEM, NULL);
    else
        draft_file(d, name, text, size);
    free(text);
}

static int pci_compare(const void *a, const void *b)
{
    const struct draft_pci *x = a, *y = b;
    uint64_t p = (uint64_t)x->segment << 32 | (uint64_t)x->bus << 16 |
                 (uint64_t)x->device << 8 | x->function;
    uint64_t q = (uint64_t)y->segment << 32 | (uint64_t)y->bus << 16 |
                 (uint64_t)y->device << 8 | y->function;

    return (p > q) - (p < q);
}

static void pci_print(const struct draft_pci *p, FILE *out)
{
    fprintf(out, "%04x:%02x:%02x.%x ", p->segment, p->bus, p->device,
            p->function);
    if (p->size >= 12)
        fprintf(out, "%02x%02x: %02x%02x:%02x%02x", p->config[11],
                p->config[10], p->config[1], p->config[0], p->config[3],
                p->config[2]);
    for (size_t i = 0; i < p->size; i++) {
        if (i % 16 == 0)
            fprintf(out, "\n%02zx:", i);
        fprintf(out, " %02x", p->config[i]);
    }
    fputs("\n\n", out);
}

/* As lspci -xxxx prints it, so that lspci -F reads it. */
static void pcis_put(struct draft *d)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = d->pcis ? open_memstream(&text, &size) : NULL;

    if (!d->pcis)
        return;
    qsort(d->pci, d->pcis, sizeof(d->pci[0]), pci_compare);
    for (size_t i = 0; out && i < d->pcis; i++)
        pci_print(&d->pci[i], out);
    if (!out || fclose(out))
        draft_fail(d, -ENOMEM, NULL);
    else
        draft_file(d, "pci/config.txt", text, size);
    free(text);
}

/* Parts and what shows that they are there; others are in system.json. */
static bool part_there(const struct draft *d, enum record_part part)
{
    const bool there[RECORD_PARTS] = {
        [RECORD_PART_ACPI] = d->tables,
        [RECORD_PART_RSDP] = d->rsdp,
        [RECORD_PART_SMBIOS] = d->smbios,
        [RECORD_PART_MEMORY] = d->ranges,
        [RECORD_PART_CPUID] = d->cpuid.nr,
        [RECORD_PART_MSR] = d->msr.nr,
        [RECORD_PART_MICROCODE] = d->microcode.nr,
        [RECORD_PART_PCI] = d->pcis,
        [RECORD_PART_KERNEL_LOG] = files_find(&d->files, "logs/kernel.txt"),
        [RECORD_PART_HYPERVISOR_LOG] =
            files_find(&d->files, "logs/hypervisor.txt"),
    };

    return there[part] ||
           cJSON_GetObjectItem(d->system, record_part_name(part));
}

static cJSON *missing_list(struct draft *d)
{
    cJSON *list = cJSON_CreateArray();

    for (int i = 0; i < RECORD_PARTS; i++) {
        cJSON *entry;

        if (!part_there(d, i))
            draft_missing(d, i, "the source has none");
        if (!d->missing[i][0])
            continue;
        entry = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(entry, "part", record_part_name(i));
        (void)cJSON_AddStringToObject(entry, "reason", d->missing[i]);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

static cJSON *scrubbed_list(const struct draft *d)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < d->scrubs; i++) {
        const struct draft_scrub *s = &d->scrub[i];
        cJSON *entry = cJSON_CreateObject();

        (void)cJSON_AddStringToObject(entry, "where", s->where);
        (void)cJSON_AddStringToObject(entry, "what", s->what);
        (void)cJSON_AddNumberToObject(entry, "count", s->count);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

static cJSON *files_list(const struct file_set *s)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < s->nr; i++) {
        cJSON *entry = cJSON_CreateObject();

        (void)cJSON_AddStringToObject(entry, "path", s->file[i].name);
        (void)cJSON_AddNumberToObject(entry, "bytes", (double)s->file[i].size);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

static void head_put(struct draft *d, bool scrubbed)
{
    cJSON *root = cJSON_CreateObject(), *notes;
    char id[RECORD_ID_BYTES];

    (void)snprintf(id, sizeof(id), "%016" PRIx64, files_digest(&d->files));
    (void)cJSON_AddStringToObject(root, "format", RECORD_FORMAT);
    (void)cJSON_AddNumberToObject(root, "version", RECORD_VERSION);
    (void)cJSON_AddStringToObject(root, "id", id);
    (void)cJSON_AddStringToObject(root, "tool", RECORD_TOOL);
    (void)cJSON_AddStringToObject(root, "origin", d->live ? "live" : "import");
    if (d->live)
        (void)cJSON_AddBoolToObject(root, "privileged", d->privileged);
    if (d->date)
        (void)cJSON_AddStringToObject(root, "date", d->date);
    (void)cJSON_AddItemToObject(root, "sources", d->sources);
    d->sources = NULL;
    (void)cJSON_AddItemToObject(root, "missing", missing_list(d));
    (void)cJSON_AddBoolToObject(root, "identifiers", !scrubbed);
    (void)cJSON_AddItemToObject(root, "scrubbed", scrubbed_list(d));
    notes = cJSON_AddArrayToObject(root, "notes");
    for (size_t i = 0; i < d->notes; i++)
        cJSON_AddItemToArray(notes, cJSON_CreateString(d->note[i]));
    (void)cJSON_AddItemToObject(root, "files", files_list(&d->files));
    json_put(d, "record.json", root);
}

int draft_encode(struct draft *d, bool keep_identifiers, struct file_set *out,
                 struct record_error *error)
{
    if (!d->failed && !keep_identifiers)
        draft_scrub(d);
    acpi_put(d);
    smbios_put(d);
    memory_put(d);
    cpus_put(d, "cpu/cpuid.txt", &d->cpuid, 4);
    cpus_put(d, "cpu/msr.txt", &d->msr, 2);
    cpus_put(d, "cpu/microcode.txt", &d->microcode, 1);
    pcis_put(d);
    if (d->system->child)
        json_put(d, "system.json", cJSON_Duplicate(d->system, true));
    if (!d->failed && !keep_identifiers)
        draft_scrub_texts(d);
    if (!d->failed)
        head_put(d, !keep_identifiers);
    if (d->failed) {
        if (error)
            *error = d->error;
        return d->failed;
    }
    files_sort(&d->files);
    *out = d->files;
    d->files = (struct file_set){0};
    return 0;
}

int draft_write(struct draft *d, bool keep_identifiers, const char *path,
                struct record_error *error)
{
    struct file_set files = {0};
    struct record *again = NULL;
    int rc = draft_encode(d, keep_identifiers, &files, error);

    if (rc)
        return rc;
    /* What nobody can open is not worth writing. */
    rc = record_decode(&files, &again, error);
    if (!rc)
        rc = archive_name(path)
                 ? files_write_archive(record_set(again), path, error)
                 : files_write_tree(record_set(again), path, error);
    record_destroy(again);
    return rc;
}

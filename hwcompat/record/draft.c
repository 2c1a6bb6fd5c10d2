/* A record while it is made: parts are added, in whatever order. */
#include "record/draft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "record/error.h"

struct draft *draft_create(void)
{
    struct draft *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->system = cJSON_CreateObject();
    d->sources = cJSON_CreateArray();
    if (d->system && d->sources)
        return d;
    draft_destroy(d);
    return NULL;
}

void draft_destroy(struct draft *d)
{
    if (!d)
        return;
    files_fini(&d->files);
    for (size_t i = 0; i < d->tables; i++)
        free(d->table[i].data);
    for (size_t i = 0; i < d->pcis; i++)
        free(d->pci[i].config);
    free(d->rsdp);
    free(d->smbios_entry);
    free(d->smbios);
    cpus_fini(&d->cpuid);
    cpus_fini(&d->msr);
    cpus_fini(&d->microcode);
    cJSON_Delete(d->system);
    cJSON_Delete(d->sources);
    free(d);
}

void draft_fail(struct draft *d, int rc, const struct record_error *error)
{
    if (!rc || d->failed)
        return;
    d->failed = rc;
    if (error)
        d->error = *error;
    else
        record_fail(&d->error, rc, "%s",
                    rc == -ENOMEM ? "no memory" : "more than a record holds");
}

/* A machine that is larger than a record is recorded in part. */
static void too_many(struct draft *d, enum record_part part)
{
    draft_missing(d, part, "there are more than a record holds");
}

static void cpus_put(struct draft *d, enum record_part part,
                     struct cpu_set *set, uint32_t cpu,
                     const struct record_leaf *row)
{
    int rc = cpus_add(set, cpu, row);

    if (rc == -E2BIG)
        too_many(d, part);
    else
        draft_fail(d, rc, NULL);
}

void draft_file(struct draft *d, const char *name, const void *data,
                size_t size)
{
    struct record_error error;

    draft_fail(d, files_add(&d->files, name, data, size, &error), &error);
}

/* A copy, or NULL and a failure; at least one byte long. */
static uint8_t *bytes_copy(struct draft *d, const void *data, size_t size)
{
    uint8_t *copy = NULL;

    if (size > RECORD_FILE_BYTES_MAX) {
        draft_fail(d, -E2BIG, NULL);
        return NULL;
    }
    copy = malloc(size + 1);
    if (!copy)
        draft_fail(d, -ENOMEM, NULL);
    else
        memcpy(copy, data, size);
    return copy;
}

static bool bytes_replace(struct draft *d, uint8_t **at, size_t *at_size,
                          const void *data, size_t size)
{
    uint8_t *copy = bytes_copy(d, data, size);

    if (!copy)
        return false;
    free(*at);
    *at = copy;
    *at_size = size;
    return true;
}

/* Signatures go into names of files. */
static bool signature_ok(const char *signature)
{
    for (int i = 0; i < 4; i++)
        if (signature[i] <= ' ' || signature[i] > '~')
            return false;
    return true;
}

void draft_table(struct draft *d, const char *signature, uint64_t address,
                 bool dynamic, const void *data, size_t size)
{
    struct draft_table *t;

    if (!signature_ok(signature)) {
        draft_note(d, "a table of %zu bytes without a signature is left out",
                   size);
        return;
    }
    for (size_t i = 0; i < d->tables; i++) {
        t = &d->table[i];
        if (t->source == d->source || t->size != size ||
            memcmp(t->signature, signature, 4) != 0 ||
            memcmp(t->data, data, size) != 0 ||
            (t->address && address && t->address != address))
            continue;
        t->address = address ? address : t->address;
        t->source = d->source;
        return;
    }
    if (d->tables == RECORD_TABLES_MAX) {
        too_many(d, RECORD_PART_ACPI);
        return;
    }
    t = &d->table[d->tables];
    t->data = bytes_copy(d, data, size);
    if (!t->data)
        return;
    memcpy(t->signature, signature, 4);
    t->address = address;
    t->dynamic = dynamic;
    t->source = d->source;
    t->size = size;
    d->tables++;
}

void draft_address(struct draft *d, const char *signature, size_t size,
                   uint64_t address)
{
    for (size_t i = 0; i < d->tables; i++)
        if (d->table[i].address == address)
            return;
    for (size_t i = 0; i < d->tables; i++) {
        struct draft_table *t = &d->table[i];

        if (t->address || memcmp(t->signature, signature, 4) != 0 ||
            (size && t->size != size))
            continue;
        t->address = address;
        return;
    }
}

void draft_rsdp(struct draft *d, uint64_t address, const void *data,
                size_t size)
{
    if (bytes_replace(d, &d->rsdp, &d->rsdp_size, data, size))
        d->rsdp_address = address ? address : d->rsdp_address;
}

void draft_smbios_entry(struct draft *d, const void *data, size_t size)
{
    (void)bytes_replace(d, &d->smbios_entry, &d->smbios_entry_size, data, size);
}

void draft_smbios(struct draft *d, bool rebuilt, const void *data, size_t size)
{
    if (rebuilt && d->smbios)
        return;
    if (bytes_replace(d, &d->smbios, &d->smbios_size, data, size))
        d->smbios_rebuilt = rebuilt;
}

void draft_range(struct draft *d, const struct record_range *range)
{
    unsigned int *source = &d->range_source[range->kind];

    if (!*source)
        *source = d->source;
    if (*source != d->source)
        return;
    if (d->ranges == RECORD_MEMORY_MAX)
        too_many(d, RECORD_PART_MEMORY);
    else
        d->range[d->ranges++] = *range;
}

void draft_cpuid(struct draft *d, uint32_t cpu, const struct record_leaf *leaf)
{
    cpus_put(d, RECORD_PART_CPUID, &d->cpuid, cpu, leaf);
}

void draft_msr(struct draft *d, uint32_t cpu, uint32_t index, uint64_t value)
{
    struct record_leaf row = {
        .leaf = index,
        .reg = {(uint32_t)(value >> 32), (uint32_t)value},
    };

    cpus_put(d, RECORD_PART_MSR, &d->msr, cpu, &row);
}

void draft_microcode(struct draft *d, uint32_t cpu, uint32_t revision)
{
    struct record_leaf row = {.reg = {revision}};

    cpus_put(d, RECORD_PART_MICROCODE, &d->microcode, cpu, &row);
}

void draft_pci(struct draft *d, const struct draft_pci *address,
               const void *config, size_t size)
{
    struct draft_pci *p = &d->pci[d->pcis];

    if (d->pcis == RECORD_FILES_MAX) {
        too_many(d, RECORD_PART_PCI);
        return;
    }
    for (size_t i = 0; i < d->pcis; i++)
        if (d->pci[i].segment == address->segment &&
            d->pci[i].bus == address->bus &&
            d->pci[i].device == address->device &&
            d->pci[i].function == address->function)
            return;
    *p = *address;
    p->size = size;
    p->config = bytes_copy(d, config, size);
    d->pcis += p->config != NULL;
}

void draft_system(struct draft *d, enum record_part part, cJSON *take_value)
{
    if (!take_value) {
        draft_fail(d, -ENOMEM, NULL);
        return;
    }
    cJSON_DeleteItemFromObject(d->system, record_part_name(part));
    if (!cJSON_AddItemToObject(d->system, record_part_name(part), take_value))
        draft_fail(d, -ENOMEM, NULL);
}

void draft_source(struct draft *d, const char *kind, const char *name)
{
    cJSON *source = cJSON_CreateObject();

    d->source = ++d->sources_nr;
    if (!source || !cJSON_AddStringToObject(source, "kind", kind) ||
        !cJSON_AddStringToObject(source, "name", name) ||
        !cJSON_AddItemToArray(d->sources, source)) {
        cJSON_Delete(source);
        draft_fail(d, -ENOMEM, NULL);
    }
}

void draft_missing(struct draft *d, enum record_part part, const char *fmt, ...)
{
    va_list ap;

    if (d->missing[part][0])
        return;
    va_start(ap, fmt);
    (void)vsnprintf(d->missing[part], DRAFT_TEXT_BYTES, fmt, ap);
    va_end(ap);
}

void draft_note(struct draft *d, const char *fmt, ...)
{
    va_list ap;

    if (d->notes == DRAFT_NOTES_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(d->note[d->notes++], DRAFT_TEXT_BYTES, fmt, ap);
    va_end(ap);
}

void draft_scrubbed(struct draft *d, const char *where, const char *what,
                    unsigned int count)
{
    struct draft_scrub *s = d->scrub;

    if (!count)
        return;
    while (s < d->scrub + d->scrubs &&
           (strcmp(s->where, where) != 0 || strcmp(s->what, what) != 0))
        s++;
    if (s == d->scrub + DRAFT_NOTES_MAX)
        return;
    if (s == d->scrub + d->scrubs) {
        *s = (struct draft_scrub){0};
        (void)snprintf(s->where, sizeof(s->where), "%s", where);
        (void)snprintf(s->what, sizeof(s->what), "%s", what);
        d->scrubs++;
    }
    s->count += count;
}

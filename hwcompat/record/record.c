/*
 * Opening a record: its files are checked against the list in record.json, and
 * each part is decoded once.
 */
#include "hwcompat/record.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/cpu_text.h"
#include "record/error.h"
#include "record/pci_text.h"
#include "record/reader.h"
#include "record/smbios_names.h"
#include "record/text.h"

enum {
    JSON_BYTES_MAX = 4 << 20, /* parts in JSON are small */
};

struct record {
    struct file_set files;
    char id[RECORD_ID_BYTES];
    bool live;
    char *missing[RECORD_PARTS];
    struct record_machine machine;
    struct smbios_names names;
    struct record_table *table;
    size_t tables;
    uint64_t rsdp_address;
    struct record_range *range;
    size_t ranges;
    struct cpu_set cpuid, msr, microcode;
    struct record_cpu *cpu;
    struct record_msr *msr_row;
    size_t cpus;
    struct pci_set pci;
};

static const struct {
    const char *name, *what;
} parts[] = {
#define PART(id, n, w) [RECORD_PART_##id] = {.name = n, .what = w},
#include "hwcompat/parts.def"
#undef PART
};

const char *record_part_name(enum record_part part)
{
    return parts[part].name;
}

const char *record_part_what(enum record_part part)
{
    return parts[part].what;
}

/* A file of the record as JSON; NULL and 0: it is not there. */
static int json_get(const struct record *r, const char *name, cJSON **out,
                    struct record_error *error)
{
    const struct file *f = files_find(&r->files, name);
    const char *end = NULL;

    *out = NULL;
    if (!f)
        return 0;
    if (f->size > JSON_BYTES_MAX)
        return record_fail(error, -E2BIG,
                           "%s: offset 0: %zu bytes are too "
                           "many",
                           name, f->size);
    *out =
        cJSON_ParseWithLengthOpts((const char *)f->data, f->size, &end, false);
    if (!*out)
        return record_fail(error, -EINVAL, "%s: offset %td: not JSON", name,
                           end ? end - (const char *)f->data : 0);
    return 0;
}

static const char *json_text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* "0x..." of 64 bits. */
static bool json_hex(const cJSON *object, const char *name, uint64_t *out)
{
    const char *text = json_text(object, name);

    return text && text_hex(&text, UINT64_MAX, out) && !*text;
}

static int head_missing(struct record *r, const cJSON *root)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(root, "missing"))
    {
        const char *part = json_text(entry, "part");
        const char *reason = json_text(entry, "reason");

        for (int i = 0; part && reason && i < RECORD_PARTS; i++) {
            if (strcmp(parts[i].name, part) != 0 || r->missing[i])
                continue;
            r->missing[i] = strdup(reason);
            if (!r->missing[i])
                return -ENOMEM;
        }
    }
    return 0;
}

/* The list of files is what is there, byte by byte as many. */
static int head_files(const struct record *r, const cJSON *root,
                      struct record_error *error)
{
    const cJSON *entry, *list = cJSON_GetObjectItem(root, "files");
    size_t nr = 0;

    if (!cJSON_IsArray(list))
        return record_fail(error, -EINVAL,
                           "record.json: offset 0: no list of files");
    cJSON_ArrayForEach(entry, list)
    {
        const char *path = json_text(entry, "path");
        const cJSON *bytes = cJSON_GetObjectItem(entry, "bytes");
        const struct file *f = path ? files_find(&r->files, path) : NULL;

        if (!f || !cJSON_IsNumber(bytes))
            return record_fail(error, -EINVAL,
                               "%.128s: is in the list of "
                               "files and not in the record",
                               path ? path : "record.json: entry");
        if (bytes->valuedouble != (double)f->size)
            return record_fail(error, -EINVAL,
                               "%.128s: offset %zu: ends here, and should "
                               "have %.0f bytes",
                               path, f->size, bytes->valuedouble);
        nr++;
    }
    if (nr + 1 != r->files.nr)
        return record_fail(error, -EINVAL,
                           "record.json: offset 0: lists %zu files, and %zu "
                           "are there",
                           nr, r->files.nr - 1);
    return 0;
}

static int head_check(struct record *r, const cJSON *root,
                      struct record_error *error)
{
    const char *format = json_text(root, "format"), *id = json_text(root, "id");
    const char *origin = json_text(root, "origin");
    const cJSON *version = cJSON_GetObjectItem(root, "version");
    int rc;

    if (!format || strcmp(format, RECORD_FORMAT) != 0)
        return record_fail(error, -EINVAL,
                           "record.json: offset 0: not a hardware record");
    if (!cJSON_IsNumber(version) || version->valueint != RECORD_VERSION)
        return record_fail(error, -EINVAL,
                           "record.json: offset 0: a version that is not "
                           "known; this reads version %d",
                           RECORD_VERSION);
    rc = head_files(r, root, error);
    if (rc)
        return rc;
    (void)snprintf(r->id, sizeof(r->id), "%016" PRIx64,
                   files_digest(&r->files));
    if (!id || strcmp(id, r->id) != 0)
        return record_fail(error, -EINVAL,
                           "record.json: offset 0: the files have changed: "
                           "id '%.32s' should be '%s'",
                           id ? id : "", r->id);
    r->live = origin && strcmp(origin, "live") == 0;
    return head_missing(r, root) ? record_fail(error, -ENOMEM, "no memory") : 0;
}

static int head_decode(struct record *r, struct record_error *error)
{
    cJSON *root;
    int rc = json_get(r, "record.json", &root, error);

    if (!rc && !root)
        rc = record_fail(error, -EINVAL, "record.json: is not there");
    if (!rc)
        rc = head_check(r, root, error);
    cJSON_Delete(root);
    return rc;
}

static int table_decode(struct record *r, const cJSON *entry,
                        struct record_error *error)
{
    const char *signature = json_text(entry, "signature");
    const char *name = json_text(entry, "file");
    const struct file *f = name ? files_find(&r->files, name) : NULL;
    struct record_table *t = &r->table[r->tables];

    if (!signature || strlen(signature) != 4 || !f)
        return record_fail(error, -EINVAL,
                           "acpi/tables.json: offset 0: table %zu has no "
                           "signature or no file",
                           r->tables);
    memcpy(t->signature, signature, sizeof(t->signature));
    t->file = f->name;
    t->bytes = (struct record_bytes){f->data, f->size};
    t->dynamic = cJSON_IsTrue(cJSON_GetObjectItem(entry, "dynamic"));
    if (!json_hex(entry, "address", &t->address))
        t->address = 0;
    r->tables++;
    return 0;
}

static int acpi_decode(struct record *r, struct record_error *error)
{
    const cJSON *entry, *list;
    cJSON *root;
    int nr, rc = json_get(r, "acpi/tables.json", &root, error);

    if (rc || !root)
        return rc;
    if (!json_hex(root, "rsdp", &r->rsdp_address))
        r->rsdp_address = 0;
    list = cJSON_GetObjectItem(root, "tables");
    nr = cJSON_GetArraySize(list);
    if (nr > RECORD_TABLES_MAX)
        rc = record_fail(error, -E2BIG,
                         "acpi/tables.json: offset 0: more than %d tables",
                         RECORD_TABLES_MAX);
    r->table = calloc((size_t)nr + 1, sizeof(*r->table));
    if (!rc && !r->table)
        rc = record_fail(error, -ENOMEM, "no memory");
    cJSON_ArrayForEach(entry, list) rc =
        rc ? rc : table_decode(r, entry, error);
    cJSON_Delete(root);
    return rc;
}

static int range_decode(struct record *r, enum record_memory_kind kind,
                        const cJSON *entry, struct record_error *error)
{
    const cJSON *type = cJSON_GetObjectItem(entry, "type");
    struct record_range *range = &r->range[r->ranges];

    if (r->ranges == RECORD_MEMORY_MAX)
        return record_fail(error, -E2BIG,
                           "memory.json: offset 0: more than %d ranges",
                           RECORD_MEMORY_MAX);
    if (!json_hex(entry, "start", &range->start) ||
        !json_hex(entry, "size", &range->size) || !cJSON_IsNumber(type) ||
        !(type->valuedouble >= 0 && type->valuedouble <= UINT32_MAX))
        return record_fail(error, -EINVAL,
                           "memory.json: offset 0: range %zu lacks a start, "
                           "a size or a type",
                           r->ranges);
    range->kind = kind;
    range->type = (uint32_t)type->valuedouble;
    if (!json_hex(entry, "attributes", &range->attributes))
        range->attributes = 0;
    r->ranges++;
    return 0;
}

static int memory_decode(struct record *r, struct record_error *error)
{
    static const char *const kinds[] = {
        [RECORD_E820] = "e820", [RECORD_EFI] = "efi", [RECORD_XEN] = "xen"};
    const cJSON *entry;
    cJSON *root;
    int rc = json_get(r, "memory.json", &root, error);

    if (rc || !root)
        return rc;
    r->range = calloc(RECORD_MEMORY_MAX, sizeof(*r->range));
    if (!r->range)
        rc = record_fail(error, -ENOMEM, "no memory");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        cJSON_ArrayForEach(entry, cJSON_GetObjectItem(root, kinds[i])) rc =
            rc ? rc : range_decode(r, i, entry, error);
    cJSON_Delete(root);
    return rc;
}

static int cpus_read(const struct record *r, const char *name, int words,
                     struct cpu_set *set, struct record_error *error)
{
    const struct file *f = files_find(&r->files, name);

    return f ? cpus_decode(name, (const char *)f->data, f->size, words, set,
                           error)
             : 0;
}

/* The one that says which CPU it is, by the best leaf that does. */
static uint32_t cpu_apic_id(const struct record_cpu *c)
{
    static const struct {
        uint32_t leaf;
        int reg, shift;
    } sources[] = {{0x1f, 3, 0}, {0xb, 3, 0}, {1, 1, 24}};
    uint32_t reg[4];

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (record_cpuid(c, sources[i].leaf, 0, reg) &&
            (sources[i].leaf == 1 || reg[1]))
            return reg[sources[i].reg] >> sources[i].shift;
    return UINT32_MAX;
}

static void cpu_fill(struct record *r, struct record_cpu *c,
                     struct record_msr **next)
{
    const struct cpu_rows *leaf = cpus_find(&r->cpuid, c->number);
    const struct cpu_rows *msr = cpus_find(&r->msr, c->number);
    const struct cpu_rows *revision = cpus_find(&r->microcode, c->number);

    if (leaf) {
        c->leaf = leaf->row;
        c->leaves = leaf->nr;
    }
    c->apic_id = cpu_apic_id(c);
    if (revision && revision->nr) {
        c->has_microcode = true;
        c->microcode = revision->row[0].reg[0];
    }
    c->msr = *next;
    for (size_t i = 0; msr && i < msr->nr; i++)
        *(*next)++ = (struct record_msr){
            .index = msr->row[i].leaf,
            .value = (uint64_t)msr->row[i].reg[0] << 32 | msr->row[i].reg[1],
        };
    c->msrs = (size_t)(*next - c->msr);
}

/* CPUs are those that any of the three files names. */
static int cpus_merge(struct record *r, struct record_error *error)
{
    struct cpu_set *sets[] = {&r->cpuid, &r->msr, &r->microcode};
    size_t at[3] = {0}, room = r->cpuid.nr + r->msr.nr + r->microcode.nr;
    struct record_msr *next;

    r->cpu = calloc(room + 1, sizeof(*r->cpu));
    r->msr_row = calloc(r->msr.rows + 1, sizeof(*r->msr_row));
    next = r->msr_row;
    if (!r->cpu || !next)
        return record_fail(error, -ENOMEM, "no memory");
    for (;;) {
        uint64_t number = UINT64_MAX;

        for (int i = 0; i < 3; i++)
            if (at[i] < sets[i]->nr && sets[i]->cpu[at[i]].number < number)
                number = sets[i]->cpu[at[i]].number;
        if (number == UINT64_MAX)
            return 0;
        for (int i = 0; i < 3; i++)
            at[i] +=
                at[i] < sets[i]->nr && sets[i]->cpu[at[i]].number == number;
        r->cpu[r->cpus].number = (uint32_t)number;
        cpu_fill(r, &r->cpu[r->cpus++], &next);
    }
}

static int cpu_decode(struct record *r, struct record_error *error)
{
    int rc = cpus_read(r, "cpu/cpuid.txt", 4, &r->cpuid, error);

    if (!rc)
        rc = cpus_read(r, "cpu/msr.txt", 2, &r->msr, error);
    if (!rc)
        rc = cpus_read(r, "cpu/microcode.txt", 1, &r->microcode, error);
    return rc ? rc : cpus_merge(r, error);
}

static int pci_decode(struct record *r, struct record_error *error)
{
    const struct file *f = files_find(&r->files, "pci/config.txt");

    return f ? pcis_decode(f->name, (const char *)f->data, f->size, &r->pci,
                           error)
             : 0;
}

/* system.json is other people's to read; here it only has to be JSON. */
static int system_decode(struct record *r, struct record_error *error)
{
    cJSON *root;
    int rc = json_get(r, "system.json", &root, error);

    cJSON_Delete(root);
    return rc;
}

static int machine_decode(struct record *r, struct record_error *error)
{
    struct record_bytes b = record_smbios(r);

    (void)error;
    smbios_names_read(b.data, b.size, &r->names);
    r->machine = (struct record_machine){
        .vendor = r->names.text[SMBIOS_VENDOR],
        .product = r->names.text[SMBIOS_PRODUCT],
        .board = r->names.text[SMBIOS_BOARD],
        .bios_vendor = r->names.text[SMBIOS_BIOS_VENDOR],
        .bios_version = r->names.text[SMBIOS_BIOS_VERSION],
        .bios_date = r->names.text[SMBIOS_BIOS_DATE],
    };
    return 0;
}

static int (*const decoders[])(struct record *r, struct record_error *error) = {
    head_decode, acpi_decode,   memory_decode,  cpu_decode,
    pci_decode,  system_decode, machine_decode,
};

int record_decode(struct file_set *take_files, struct record **out,
                  struct record_error *error)
{
    struct record *r = calloc(1, sizeof(*r));
    int rc = 0;

    *out = NULL;
    if (!r) {
        files_fini(take_files);
        return record_fail(error, -ENOMEM, "no memory");
    }
    r->files = *take_files;
    *take_files = (struct file_set){0};
    for (size_t i = 0; !rc && i < sizeof(decoders) / sizeof(decoders[0]); i++)
        rc = decoders[i](r, error);
    if (rc)
        record_destroy(r);
    else
        *out = r;
    return rc;
}

bool record_root(struct file_set *s)
{
    size_t cut = 0;
    bool found = false;

    for (size_t i = 0; i < s->nr && !found; i++) {
        const char *name = s->file[i].name;
        const char *last = strrchr(name, '/');

        found = strcmp(last ? last + 1 : name, "record.json") == 0;
        cut = last ? (size_t)(last + 1 - name) : 0;
    }
    for (size_t i = 0; found && cut && i < s->nr; i++) {
        char *name = s->file[i].name;

        if (strlen(name) > cut && name[cut - 1] == '/')
            memmove(name, name + cut, strlen(name) - cut + 1);
    }
    return found;
}

int record_open(const char *path, struct record **out,
                struct record_error *error)
{
    struct file_set files = {0};
    struct stat st;
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = 0;

    *out = NULL;
    if (stat(path, &st))
        return record_fail(error, -errno, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        rc = files_read_tree(path, &files, error);
    else
        rc = file_read(path, RECORD_BYTES_MAX, &data, &size, error);
    if (!rc && data)
        rc = files_read_archive(path, data, size, &files, error);
    free(data);
    if (!rc && !record_root(&files))
        rc = record_fail(error, -EINVAL,
                         "%s: no record.json in it, so not a record; dumps of "
                         "other tools go through touchstone import",
                         path);
    if (rc)
        files_fini(&files);
    return rc ? rc : record_decode(&files, out, error);
}

void record_destroy(struct record *r)
{
    if (!r)
        return;
    for (int i = 0; i < RECORD_PARTS; i++)
        free(r->missing[i]);
    cpus_fini(&r->cpuid);
    cpus_fini(&r->msr);
    cpus_fini(&r->microcode);
    pcis_fini(&r->pci);
    free(r->cpu);
    free(r->msr_row);
    free(r->table);
    free(r->range);
    files_fini(&r->files);
    free(r);
}

const struct file_set *record_set(const struct record *r)
{
    return &r->files;
}

const char *record_missing(const struct record *r, enum record_part part)
{
    return r->missing[part];
}

const char *record_id(const struct record *r)
{
    return r->id;
}

const char *record_origin(const struct record *r)
{
    return r->live ? "live" : "import";
}

const struct record_machine *record_machine(const struct record *r)
{
    return &r->machine;
}

struct record_bytes record_file(const struct record *r, const char *path)
{
    const struct file *f = files_find(&r->files, path);

    return f ? (struct record_bytes){f->data, f->size}
             : (struct record_bytes){0};
}

size_t record_files(const struct record *r)
{
    return r->files.nr;
}

const char *record_file_name(const struct record *r, size_t i)
{
    return r->files.file[i].name;
}

size_t record_tables(const struct record *r)
{
    return r->tables;
}

const struct record_table *record_table(const struct record *r, size_t i)
{
    return i < r->tables ? &r->table[i] : NULL;
}

const struct record_table *record_table_find(const struct record *r,
                                             const char *signature,
                                             unsigned int nth)
{
    for (size_t i = 0; i < r->tables; i++)
        if (memcmp(r->table[i].signature, signature, 4) == 0 && !nth--)
            return &r->table[i];
    return NULL;
}

struct record_bytes record_rsdp(const struct record *r, uint64_t *address)
{
    if (address)
        *address = r->rsdp_address;
    return record_file(r, "acpi/rsdp.bin");
}

struct record_bytes record_smbios_entry(const struct record *r)
{
    return record_file(r, "smbios/entry.bin");
}

struct record_bytes record_smbios(const struct record *r)
{
    return record_file(r, record_smbios_rebuilt(r) ? "smbios/rebuilt.bin"
                                                   : "smbios/table.bin");
}

bool record_smbios_rebuilt(const struct record *r)
{
    return !files_find(&r->files, "smbios/table.bin");
}

size_t record_ranges(const struct record *r)
{
    return r->ranges;
}

const struct record_range *record_range(const struct record *r, size_t i)
{
    return i < r->ranges ? &r->range[i] : NULL;
}

size_t record_cpus(const struct record *r)
{
    return r->cpus;
}

const struct record_cpu *record_cpu(const struct record *r, size_t i)
{
    return i < r->cpus ? &r->cpu[i] : NULL;
}

bool record_cpuid(const struct record_cpu *c, uint32_t leaf, uint32_t subleaf,
                  uint32_t reg[4])
{
    const struct record_leaf *row =
        rows_find(c->leaf, c->leaves, leaf, subleaf);

    memset(reg, 0, 4 * sizeof(*reg));
    if (row)
        memcpy(reg, row->reg, 4 * sizeof(*reg));
    return row;
}

bool record_rdmsr(const struct record_cpu *c, uint32_t index, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < c->msrs; i++)
        if (c->msr[i].index == index) {
            *value = c->msr[i].value;
            return true;
        }
    return false;
}

size_t record_pcis(const struct record *r)
{
    return r->pci.nr;
}

const struct record_pci *record_pci(const struct record *r, size_t i)
{
    return i < r->pci.nr ? &r->pci.pci[i] : NULL;
}

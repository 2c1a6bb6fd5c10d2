/*
 * An EFI program that gives the machine another memory map and other ACPI
 * tables, and starts the loader: what the map does not have as free memory is
 * taken before anybody can use it, and GetMemoryMap() tells of ranges that QEMU
 * does not have. Whoever writes the program puts a struct plan behind its image
 * (uefi.py).
 */
#include "efi.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAN_MAGIC      0x50414d4c41455254UL
#define DESCRIPTORS_MAX 2048

/* A kind for memory that the machine has and the map does not. UEFI leaves
   0x80000000 and above to loaders. */
#define EFI_HOLE 0x80000000U

/* HOLD: below the end of memory, sorted, without overlaps: not free.
   TELL: handed on as it is. */
enum plan_action { PLAN_HOLD, PLAN_TELL };

struct plan_range {
    uint64_t start;
    uint64_t pages;
    uint64_t attributes;
    uint32_t type;
    uint32_t action;
};

struct plan {
    uint64_t magic;
    uint64_t ranges;
    uint64_t loader_offset; /* from this structure, as the others */
    uint64_t loader_bytes;
    uint64_t acpi_offset;
    uint64_t acpi_bytes; /* 0: none */
    uint64_t rsdp;       /* in the tables */
    uint64_t fixes_offset;
    uint64_t fixes;
    struct plan_range range[];
};

/* A pointer within the tables becomes an address, or (bytes 0) the sum of
   [start, start + length) becomes zero. */
struct plan_fix {
    uint32_t at;
    uint32_t bytes;
    uint32_t start;
    uint32_t length;
};

struct map {
    struct efi_descriptor d[DESCRIPTORS_MAX];
    uint64_t nr;
};

extern const char image_end[];

static efi_get_map_fn *firmware_map;
static uint64_t raw[DESCRIPTORS_MAX * sizeof(struct efi_descriptor) / 8];
static struct map before, after;

static const struct plan *plan_find(void)
{
    return (const struct plan *)image_end;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t end_of(uint64_t start, uint64_t pages)
{
    return start + (pages << EFI_PAGE_SHIFT);
}

/* The firmware's map with one row after the other, whatever its stride. */
static uint64_t map_read(struct map *m, uint64_t *key, uint64_t *stride,
                         uint32_t *version)
{
    uint64_t bytes = sizeof(raw);
    uint64_t rc = firmware_map(&bytes, (struct efi_descriptor *)raw, key,
                               stride, version);

    if (rc)
        return rc;
    m->nr = bytes / *stride;
    for (uint64_t i = 0; i < m->nr; i++)
        m->d[i] =
            *(const struct efi_descriptor *)((const char *)raw + i * *stride);
    return 0;
}

static void map_put(struct map *m, const struct efi_descriptor *like,
                    uint32_t type, uint64_t start, uint64_t end)
{
    if (start >= end || m->nr == DESCRIPTORS_MAX || type == EFI_HOLE)
        return;
    m->d[m->nr] = *like;
    m->d[m->nr].type = type;
    m->d[m->nr].start = start;
    m->d[m->nr].pages = (end - start) >> EFI_PAGE_SHIFT;
    m->nr++;
}

/* What boot services use is free later: there the plan decides. */
static bool is_free_later(uint32_t type)
{
    return type == EFI_BOOT_CODE || type == EFI_BOOT_DATA ||
           type == EFI_CONVENTIONAL;
}

static void map_put_planned(struct map *m, const struct efi_descriptor *d)
{
    const struct plan *p = plan_find();
    uint64_t at = d->start, end = end_of(d->start, d->pages);

    for (uint64_t i = 0; i < p->ranges && is_free_later(d->type); i++) {
        const struct plan_range *r = &p->range[i];
        uint64_t from = max64(r->start, at);
        uint64_t to = min64(end_of(r->start, r->pages), end);

        if (r->action != PLAN_HOLD || from >= to)
            continue;
        map_put(m, d, d->type, at, from);
        map_put(m, d, r->type, from, to);
        at = to;
    }
    map_put(m, d, d->type, at, end);
}

static void map_put_told(struct map *m)
{
    const struct plan *p = plan_find();

    for (uint64_t i = 0; i < p->ranges; i++) {
        const struct plan_range *r = &p->range[i];

        if (r->action == PLAN_TELL && m->nr < DESCRIPTORS_MAX)
            m->d[m->nr++] = (struct efi_descriptor){
                .type = r->type,
                .start = r->start,
                .pages = r->pages,
                .attributes = r->attributes,
            };
    }
}

static uint64_t EFIAPI map_answer(uint64_t *bytes, struct efi_descriptor *out,
                                  uint64_t *key, uint64_t *stride,
                                  uint32_t *version)
{
    uint64_t own_key, own_stride, need, room = *bytes;
    uint32_t own_version;
    uint64_t rc = map_read(&before, &own_key, &own_stride, &own_version);

    if (rc)
        return rc;
    after.nr = 0;
    for (uint64_t i = 0; i < before.nr; i++)
        map_put_planned(&after, &before.d[i]);
    map_put_told(&after);
    need = after.nr * own_stride;
    *bytes = need;
    if (stride)
        *stride = own_stride;
    if (version)
        *version = own_version;
    if (room < need || !out)
        return EFI_BUFFER_TOO_SMALL;
    if (key)
        *key = own_key;
    for (uint64_t i = 0; i < after.nr; i++)
        *(struct efi_descriptor *)((char *)out + i * own_stride) = after.d[i];
    return 0;
}

/* Takes what of free memory the plan does not leave free. */
static void hold(struct efi_boot_services *boot, const struct efi_descriptor *d)
{
    const struct plan *p = plan_find();

    for (uint64_t i = 0; i < p->ranges; i++) {
        const struct plan_range *r = &p->range[i];
        uint64_t from = max64(r->start, d->start);
        uint64_t to =
            min64(end_of(r->start, r->pages), end_of(d->start, d->pages));

        if (r->action == PLAN_HOLD && from < to)
            (void)boot->allocate_pages(EFI_ALLOCATE_AT, r->type,
                                       (to - from) >> EFI_PAGE_SHIFT, &from);
    }
}

static void hold_all(struct efi_boot_services *boot)
{
    uint64_t key, stride;
    uint32_t version;

    if (map_read(&before, &key, &stride, &version))
        return;
    for (uint64_t i = 0; i < before.nr; i++) {
        if (before.d[i].type == EFI_CONVENTIONAL)
            hold(boot, &before.d[i]);
    }
}

static void intercept(struct efi_boot_services *boot)
{
    firmware_map = boot->get_memory_map;
    hold_all(boot);
    boot->get_memory_map = map_answer;
    boot->header.crc = 0;
    (void)boot->crc32(&boot->header, boot->header.bytes, &boot->header.crc);
}

/* Says why it ends: a letter, and UEFI's status. */
static void say(struct efi_text_output *out, uint16_t step, uint64_t status)
{
    static uint16_t text[] = u"replay: ? ended with ................\r\n";
    uint16_t *digit = text + sizeof(text) / sizeof(text[0]) - 3;

    text[8] = step;
    for (int i = 0; i < 16; i++, status >>= 4)
        *--digit = u"0123456789abcdef"[status & 15];
    (void)out->print(out, text);
}

static void fix(uint8_t *tables, const struct plan_fix *f)
{
    uint64_t value = 0;
    uint8_t sum = 0;

    for (uint32_t i = 0; i < f->bytes; i++)
        value |= (uint64_t)tables[f->at + i] << 8 * i;
    value += (uintptr_t)tables;
    for (uint32_t i = 0; i < f->bytes; i++)
        tables[f->at + i] = value >> 8 * i;
    if (f->bytes)
        return;
    tables[f->at] = 0;
    for (uint32_t i = 0; i < f->length; i++)
        sum += tables[f->start + i];
    tables[f->at] = -sum;
}

/* The tables in memory of their own, below 4 GiB; the root pointer is found
   through UEFI and nowhere else. */
static uint64_t acpi_install(struct efi_boot_services *boot)
{
    static struct efi_guid acpi2 = EFI_ACPI2_GUID, acpi1 = EFI_ACPI1_GUID;
    const struct plan *p = plan_find();
    const struct plan_fix *f =
        (const struct plan_fix *)((const char *)p + p->fixes_offset);
    const uint8_t *from = (const uint8_t *)p + p->acpi_offset;
    uint64_t at = UINT32_MAX;
    uint64_t rc =
        boot->allocate_pages(EFI_ALLOCATE_BELOW, EFI_ACPI_RECLAIM,
                             (p->acpi_bytes >> EFI_PAGE_SHIFT) + 1, &at);

    if (rc)
        return rc;
    for (uint64_t i = 0; i < p->acpi_bytes; i++)
        ((uint8_t *)at)[i] = from[i];
    for (uint64_t i = 0; i < p->fixes; i++)
        fix((uint8_t *)at, &f[i]);
    (void)boot->install_table(&acpi1, NULL);
    return boot->install_table(&acpi2, (char *)at + p->rsdp);
}

static uint64_t loader_load(struct efi_boot_services *boot, void *self,
                            void **loader)
{
    const struct plan *p = plan_find();
    char *data = (char *)p + p->loader_offset;
    struct efi_memory_path path = {
        .type = 1,
        .subtype = 3,
        .bytes = offsetof(struct efi_memory_path, end),
        .memory_type = EFI_LOADER_DATA,
        .start = (uintptr_t)data,
        .end_at = (uintptr_t)data + p->loader_bytes - 1,
        .end = {0x7f, 0xff, 4, 0},
    };

    return boot->load_image(0, self, &path, data, p->loader_bytes, loader);
}

uint64_t EFIAPI efi_main(void *self, struct efi_system_table *system);

uint64_t EFIAPI efi_main(void *self, struct efi_system_table *system)
{
    const struct plan *p = plan_find();
    void *loader = NULL;
    uint64_t rc = 0;

    if (p->magic != PLAN_MAGIC) {
        say(system->console_out, 'P', p->magic);
    } else {
        intercept(system->boot);
        if (p->acpi_bytes)
            rc = acpi_install(system->boot);
        if (rc)
            say(system->console_out, 'A', rc);
        rc = loader_load(system->boot, self, &loader);
        if (!rc)
            rc = system->boot->start_image(loader, NULL, NULL);
        say(system->console_out, 'L', rc);
    }
    system->runtime->reset_system(EFI_RESET_SHUTDOWN, 0, 0, NULL);
    return 0;
}

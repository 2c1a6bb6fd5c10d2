/*
 * Multiboot 2 information (Multiboot2 Specification 2.0, 3.6): a list of tags,
 * each with its size, padded to 8 bytes.
 */
#include "x86/boot.h"

#include "base/string.h"
#include "hv/log.h"
#include "hv/page.h"

enum mb2_tag_type {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_MODULE = 3,
    MB2_MEMORY_MAP = 6,
    MB2_EFI32 = 11,
    MB2_EFI64 = 12,
    MB2_RSDP_OLD = 14,
    MB2_RSDP_NEW = 15,
    MB2_EFI_MAP = 17,
    MB2_TAG_TYPES
};

struct mb2_info {
    uint32_t bytes;
    uint32_t reserved;
};

struct mb2_tag {
    uint32_t type;
    uint32_t bytes;
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
    char cmdline[];
};

struct mb2_map {
    struct mb2_tag tag;
    uint32_t entry_bytes;
    uint32_t version;
};

struct mb2_range {
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved;
};

struct efi_range {
    uint32_t type;
    uint32_t pad;
    uint64_t start;
    uint64_t virtual_start;
    uint64_t pages;
    uint64_t attribute;
};

#define MB2_INFO_MAX (1U << 20)

typedef void mb2_fn(const struct mb2_tag *tag);

/* Text at the end of a tag, which must hold its terminator. */
static const char *tag_text(const struct mb2_tag *t, const char *s)
{
    size_t room = (const char *)t + t->bytes - s;

    return str_length(s, room) < room ? s : "";
}

static void tag_cmdline(const struct mb2_tag *t)
{
    boot_set_cmdline(tag_text(t, (const char *)(t + 1)), false);
}

static void tag_module(const struct mb2_tag *t)
{
    const struct mb2_module *m = (const struct mb2_module *)t;

    boot_add_module(m->start, m->end, tag_text(t, m->cmdline), false);
}

/* Entry 'i' of a map tag with its own stride, NULL past the end. */
static const void *map_entry(const struct mb2_tag *t, size_t i, size_t min)
{
    const struct mb2_map *m = (const struct mb2_map *)t;
    size_t at = sizeof(*m) + i * (size_t)m->entry_bytes;

    if (m->entry_bytes < min || at + min > t->bytes)
        return NULL;
    return (const char *)t + at;
}

static void tag_memory_map(const struct mb2_tag *t)
{
    const struct mb2_range *r;

    for (size_t i = 0; (r = map_entry(t, i, sizeof(*r))); i++)
        boot_add_region(r->start, r->bytes, r->type);
}

/* UEFI 2.9 table 7-10: what each kind of memory is once the loader has left
   boot services. */
static uint32_t efi_type_to_e820(uint32_t type)
{
    static const uint8_t map[] = {
        [1] = MEMMAP_RAM,      [2] = MEMMAP_RAM,  /* loader */
        [3] = MEMMAP_RAM,      [4] = MEMMAP_RAM,  /* boot services */
        [7] = MEMMAP_RAM,                         /* conventional */
        [8] = MEMMAP_UNUSABLE, [9] = MEMMAP_ACPI, /* ACPI reclaim */
        [10] = MEMMAP_NVS,
    };

    if (type >= ARRAY_SIZE(map) || !map[type])
        return MEMMAP_RESERVED;
    return map[type];
}

static void tag_efi_map(const struct mb2_tag *t)
{
    const struct efi_range *r;

    for (size_t i = 0; (r = map_entry(t, i, sizeof(*r))); i++)
        boot_add_region(r->start, r->pages << PAGE_SHIFT,
                        efi_type_to_e820(r->type));
}

static void tag_efi(const struct mb2_tag *t)
{
    boot_info.efi = true;
}

/* The address of EFI's system table. */
static void tag_efi_64(const struct mb2_tag *t)
{
    memcpy(&boot_info.efi_table, t + 1, sizeof(boot_info.efi_table));
    tag_efi(t);
}

/* The tag holds a copy of the RSDP. The newer kind wins. */
static void tag_rsdp_old(const struct mb2_tag *t)
{
    if (!boot_info.rsdp)
        boot_set_rsdp(t + 1, t->bytes - sizeof(*t));
}

static void tag_rsdp_new(const struct mb2_tag *t)
{
    boot_set_rsdp(t + 1, t->bytes - sizeof(*t));
}

static const struct {
    uint32_t min_bytes;
    mb2_fn *fn;
} tag_rows[MB2_TAG_TYPES] = {
    [MB2_CMDLINE] = {sizeof(struct mb2_tag) + 1, tag_cmdline},
    [MB2_MODULE] = {sizeof(struct mb2_module) + 1, tag_module},
    [MB2_MEMORY_MAP] = {sizeof(struct mb2_map), tag_memory_map},
    [MB2_EFI32] = {sizeof(struct mb2_tag), tag_efi},
    [MB2_EFI64] = {sizeof(struct mb2_tag) + 8, tag_efi_64},
    [MB2_RSDP_OLD] = {sizeof(struct mb2_tag) + 20, tag_rsdp_old},
    [MB2_RSDP_NEW] = {sizeof(struct mb2_tag) + 36, tag_rsdp_new},
    [MB2_EFI_MAP] = {sizeof(struct mb2_map), tag_efi_map},
};

static void parse_tag(const struct mb2_tag *t)
{
    if (t->type < MB2_TAG_TYPES && tag_rows[t->type].fn &&
        t->bytes >= tag_rows[t->type].min_bytes)
        tag_rows[t->type].fn(t);
}

void multiboot2_parse(paddr_t info)
{
    const struct mb2_info *mb = maddr_to_virt(info);
    uint32_t end = MIN(mb->bytes, MB2_INFO_MAX);
    uint32_t at = sizeof(*mb);

    boot_info.loader = "multiboot2";
    while (at + sizeof(struct mb2_tag) <= end) {
        const struct mb2_tag *t = maddr_to_virt(info + at);

        if (t->type == MB2_END || t->bytes < sizeof(*t) || t->bytes > end - at)
            break;
        parse_tag(t);
        at += ALIGN_UP(t->bytes, 8);
    }
}

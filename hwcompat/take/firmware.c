/* SMBIOS, the memory map, and the names of EFI variables. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/text.h"
#include "take/sys.h"

enum {
    BOOT_PARAMS_ENTRIES = 0x1e8,
    BOOT_PARAMS_TABLE = 0x2d0,
    BOOT_PARAMS_ENTRY = 20,
    PAGE_BITS = 12,
};

void take_smbios(struct take *t)
{
    size_t size;
    uint8_t *data = sys_read(t, &size, "/sys/firmware/dmi/tables/DMI");

    if (data && size)
        draft_smbios(t->d, false, data, size);
    else
        draft_missing(t->d, RECORD_PART_SMBIOS,
                      "/sys/firmware/dmi/tables/DMI: %s", strerror(errno));
    free(data);
    data = sys_read(t, &size, "/sys/firmware/dmi/tables/smbios_entry_point");
    if (data && size)
        draft_smbios_entry(t->d, data, size);
    free(data);
}

/* Names of the kernel for types of E820 (arch/x86/kernel/e820.c). */
static const struct {
    const char *name;
    uint32_t type;
} types[] = {
    {"System RAM", 1},
    {"Reserved", 2},
    {"reserved", 2},
    {"ACPI Tables", 3},
    {"ACPI Non-volatile Storage", 4},
    {"Unusable memory", 5},
    {"Persistent Memory", 7},
    {"Persistent Memory (legacy)", 12},
    {"Soft Reserved", 2},
};

static uint32_t type_of(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return 2;
}

static bool hex_value(const struct take *t, uint64_t *out, const char *folder,
                      const char *name, const char *member)
{
    char value[SYS_VALUE_BYTES];
    const char *p = value;

    return sys_value(t, value, "%s/%s/%s", folder, name, member) &&
           text_hex(&p, UINT64_MAX, out);
}

static bool memmap_take(struct take *t)
{
    static const char folder[] = "/sys/firmware/memmap";
    struct sys_names names;
    bool any = false;

    sys_list(t, &names, "%s", folder);
    for (size_t i = 0; i < names.nr; i++) {
        struct record_range r = {.kind = RECORD_E820};
        char type[SYS_VALUE_BYTES];
        uint64_t end;

        if (!hex_value(t, &r.start, folder, names.name[i], "start") ||
            !hex_value(t, &end, folder, names.name[i], "end"))
            continue;
        (void)sys_value(t, type, "%s/%s/type", folder, names.name[i]);
        r.size = end - r.start + 1;
        r.type = type_of(type);
        draft_range(t->d, &r);
        any = true;
    }
    sys_list_fini(&names);
    return any;
}

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes; i--;)
        value = value << 8 | p[i];
    return value;
}

/* What the loader handed to the kernel, in its order. */
static bool loader_map_take(struct take *t)
{
    size_t size, nr = 0;
    uint8_t *data = sys_read(t, &size, "/sys/kernel/boot_params/data");

    if (data && size > BOOT_PARAMS_TABLE)
        nr = data[BOOT_PARAMS_ENTRIES];
    for (size_t i = 0; i < nr; i++) {
        size_t at = BOOT_PARAMS_TABLE + i * BOOT_PARAMS_ENTRY;

        if (at + BOOT_PARAMS_ENTRY > size)
            break;
        draft_range(t->d, &(struct record_range){
                              .kind = RECORD_E820,
                              .start = get(data + at, 8),
                              .size = get(data + at + 8, 8),
                              .type = (uint32_t)get(data + at + 16, 4),
                          });
    }
    free(data);
    return nr;
}

/* The kernel keeps only what the firmware needs at run time. */
static void efi_map_take(struct take *t)
{
    static const char folder[] = "/sys/firmware/efi/runtime-map";
    struct sys_names names;

    sys_list(t, &names, "%s", folder);
    for (size_t i = 0; i < names.nr; i++) {
        struct record_range r = {.kind = RECORD_EFI};
        uint64_t type, pages;

        if (!hex_value(t, &r.start, folder, names.name[i], "phys_addr") ||
            !hex_value(t, &pages, folder, names.name[i], "num_pages") ||
            !hex_value(t, &type, folder, names.name[i], "type"))
            continue;
        (void)hex_value(t, &r.attributes, folder, names.name[i], "attribute");
        r.size = pages << PAGE_BITS;
        r.type = (uint32_t)type;
        draft_range(t->d, &r);
    }
    if (names.nr)
        draft_note(t->d, "the EFI memory map has run-time ranges only");
    sys_list_fini(&names);
}

void take_memory(struct take *t)
{
    size_t size;
    uint8_t *iomem = sys_read(t, &size, "/proc/iomem");

    if (!memmap_take(t) && !loader_map_take(t))
        draft_missing(t->d, RECORD_PART_MEMORY,
                      "neither /sys/firmware/memmap nor the loader's map is "
                      "there");
    efi_map_take(t);
    if (iomem)
        draft_file(t->d, "raw/iomem.txt", iomem, size);
    free(iomem);
}

void take_efi(struct take *t)
{
    static const char *const folders[] = {"/sys/firmware/efi/efivars",
                                          "/sys/firmware/efi/vars"};
    cJSON *efi, *list;
    struct sys_names names = {0};

    if (!sys_exists(t, "/sys/firmware/efi")) {
        draft_missing(t->d, RECORD_PART_EFI, "not booted by EFI");
        return;
    }
    efi = cJSON_CreateObject();
    sys_json(t, efi, "platform_bits", "/sys/firmware/efi/fw_platform_size");
    sys_json(t, efi, "vendor", "/sys/firmware/efi/fw_vendor");
    for (size_t i = 0; !names.nr && i < 2; i++) {
        sys_list_fini(&names);
        sys_list(t, &names, "%s", folders[i]);
    }
    if (!names.nr)
        draft_missing(t->d, RECORD_PART_EFI, "%s: %s", folders[0],
                      names.rc ? strerror(-names.rc) : "not mounted");
    list = cJSON_AddArrayToObject(efi, "variables");
    for (size_t i = 0; i < names.nr; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(names.name[i]));
    sys_list_fini(&names);
    draft_system(t->d, RECORD_PART_EFI, efi);
}

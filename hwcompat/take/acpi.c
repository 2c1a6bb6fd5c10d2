/*
 * ACPI tables as the kernel shows them, and where they lay in memory.
 *
 * /sys has the tables but neither the root pointer nor addresses: those come
 * from physical memory where that can be read, else from the kernel's log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/text.h"
#include "take/physical.h"
#include "take/sys.h"

enum {
    ACPI_HEADER = 36,
    RSDP_BYTES = 36,
    RSDP_OLD_BYTES = 20,
    TABLE_BYTES_MAX = 16 << 20,
    FADT_FACS = 36,
    FADT_DSDT = 40,
    FADT_X_FACS = 132,
    FADT_X_DSDT = 140,
    BOOT_PARAMS_RSDP = 0x70, /* Documentation/arch/x86/zero-page.rst */
};

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes; i--;)
        value = value << 8 | p[i];
    return value;
}

static void folder_take(struct take *t, const char *folder, bool dynamic)
{
    struct sys_names names;
    char signature[5] = "";

    sys_list(t, &names, "%s", folder);
    if (names.rc && !dynamic)
        draft_missing(t->d, RECORD_PART_ACPI, "%s: %s", folder,
                      strerror(-names.rc));
    for (size_t i = 0; i < names.nr; i++) {
        size_t size;
        uint8_t *data = sys_read(t, &size, "%s/%s", folder, names.name[i]);

        if (data && size >= 4) {
            memcpy(signature, data, 4);
            draft_table(t->d, signature, 0, dynamic, data, size);
        } else if (errno != EISDIR) {
            draft_missing(t->d, RECORD_PART_ACPI, "%s/%s: %s", folder,
                          names.name[i], data ? "empty" : strerror(errno));
        }
        free(data);
    }
    sys_list_fini(&names);
}

/* The whole table at an address into the draft, which knows it already if /sys
   has it. */
static void table_take(struct take *t, struct physical *m, uint64_t address)
{
    uint8_t header[ACPI_HEADER], *data;
    char signature[5] = "";
    size_t size;

    if (!address || !physical_read(m, address, header, sizeof(header)))
        return;
    size = (size_t)get(header + 4, 4);
    memcpy(signature, header, 4);
    if (size < ACPI_HEADER || size > TABLE_BYTES_MAX) {
        draft_note(t->d, "the table at 0x%llx says that it has %zu bytes",
                   (unsigned long long)address, size);
        return;
    }
    data = malloc(size);
    if (data && physical_read(m, address, data, size))
        draft_table(t->d, signature, address, false, data, size);
    free(data);
}

static void fadt_take(struct take *t, struct physical *m, uint64_t address)
{
    uint8_t fadt[FADT_X_DSDT + 8] = {0};
    uint64_t facs, dsdt;

    if (!physical_read(m, address, fadt, FADT_DSDT + 4))
        return;
    if (get(fadt + 4, 4) >= sizeof(fadt))
        (void)physical_read(m, address, fadt, sizeof(fadt));
    facs = get(fadt + FADT_X_FACS, 8);
    dsdt = get(fadt + FADT_X_DSDT, 8);
    table_take(t, m, dsdt ? dsdt : get(fadt + FADT_DSDT, 4));
    table_take(t, m, facs ? facs : get(fadt + FADT_FACS, 4));
}

/* RSDT or XSDT, and what it points at. */
static void root_take(struct take *t, struct physical *m, uint64_t root,
                      int width)
{
    uint8_t header[ACPI_HEADER], entry[8] = {0}, signature[4];
    uint64_t size, address;

    if (!root || !physical_read(m, root, header, sizeof(header)))
        return;
    table_take(t, m, root);
    size = get(header + 4, 4);
    for (uint64_t at = ACPI_HEADER;
         at + (uint64_t)width <= size && at < ACPI_HEADER + 8 * 256;
         at += (uint64_t)width) {
        if (!physical_read(m, root + at, entry, (size_t)width))
            return;
        address = get(entry, width);
        table_take(t, m, address);
        if (physical_read(m, address, signature, 4) &&
            memcmp(signature, "FACP", 4) == 0)
            fadt_take(t, m, address);
    }
}

static uint64_t rsdp_by_efi(const struct take *t)
{
    static const char *const names[] = {"ACPI20=", "ACPI="};
    size_t size;
    char *text = (char *)sys_read(t, &size, "/sys/firmware/efi/systab");
    uint64_t address = 0;

    for (size_t i = 0; text && !address && i < 2; i++) {
        const char *p = strstr(text, names[i]);

        if (p && (p += strlen(names[i])))
            (void)text_hex(&p, UINT64_MAX, &address);
    }
    free(text);
    return address;
}

static uint64_t rsdp_by_loader(const struct take *t)
{
    size_t size;
    uint8_t *data = sys_read(t, &size, "/sys/kernel/boot_params/data");
    uint64_t address = data && size >= BOOT_PARAMS_RSDP + 8
                           ? get(data + BOOT_PARAMS_RSDP, 8)
                           : 0;

    free(data);
    return address;
}

static void rsdp_take(struct take *t, struct physical *m, uint64_t address)
{
    uint8_t rsdp[RSDP_BYTES];
    size_t size = RSDP_OLD_BYTES;

    if (!physical_read(m, address, rsdp, RSDP_OLD_BYTES) ||
        memcmp(rsdp, "RSD PTR ", 8) != 0) {
        /* Kernels with strict rules for /dev/mem show ACPI memory only when
           told to. */
        draft_missing(t->d, RECORD_PART_RSDP,
                      "/dev/mem does not show 0x%llx (iomem=relaxed on the "
                      "kernel's command line)",
                      (unsigned long long)address);
        t->d->rsdp_address = address;
        return;
    }
    if (rsdp[15] >= 2 && physical_read(m, address, rsdp, RSDP_BYTES))
        size = RSDP_BYTES;
    draft_rsdp(t->d, address, rsdp, size);
    draft_source(t->d, "physical memory", "/dev/mem");
    root_take(t, m, get(rsdp + 16, 4), 4);
    draft_source(t->d, "physical memory", "/dev/mem");
    if (size == RSDP_BYTES)
        root_take(t, m, get(rsdp + 24, 8), 8);
}

void take_acpi(struct take *t)
{
    struct physical m;
    uint64_t address = rsdp_by_efi(t);

    folder_take(t, "/sys/firmware/acpi/tables", false);
    folder_take(t, "/sys/firmware/acpi/tables/dynamic", true);
    physical_open(t, &m);
    if (!address)
        address = rsdp_by_loader(t);
    if (!address)
        address = physical_find(&m, "RSD PTR ", 16);
    if (address && !m.rc)
        rsdp_take(t, &m, address);
    else
        draft_missing(t->d, RECORD_PART_RSDP, "%s",
                      m.rc ? "physical memory (/dev/mem) cannot be read"
                           : "found nowhere");
    physical_close(&m);
}

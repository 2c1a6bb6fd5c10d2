/*
 * SMBIOS: any bytes as BIOS area, as EFI's configuration table and as table.
 *
 * Entry points that are found have a table that does not wrap; structures advance
 * and lie within the input, their strings too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/smbios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void walk(const uint8_t *data, size_t size)
{
    struct smbios_structure s;
    char text[32];
    size_t at = 0, last = 0;

    for (; smbios_next(data, size, &at, &s); last = at) {
        require(at > last && at <= size);
        require(s.strings >= data && s.strings <= s.end);
        require(s.end <= data + size);
        for (unsigned int field = 0; field < s.length; field++)
            require(smbios_text(&s, field, text, sizeof(text)) ==
                    (strnlen(text, sizeof(text)) > 0));
    }
}

/* The input is the memory from the BIOS area on, its first bytes EFI's table. */
struct memory {
    const uint8_t *data;
    size_t size;
};

static const void *memory_map(void *arg, paddr_t a, uint64_t bytes)
{
    const struct memory *m = arg;
    paddr_t at = a - 0xf0000;

    return a >= 0xf0000 && at <= m->size && bytes <= m->size - at ? m->data + at
                                                                  : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {data, size};
    const struct acpi_mem mem = {memory_map, &memory};
    struct smbios_table t;
    const uint8_t *table = smbios_table_find(&mem, 0xf0000, &t);

    if (table)
        walk(table, t.bytes);

    if (smbios_search(data, size, &t)) {
        require(t.at + t.bytes > t.at);
        require(t.bytes <= SMBIOS_BYTES_MAX);
    }
    (void)smbios_efi_entry(data, size);
    walk(data, size);
    return 0;
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smbios_table t;

    if (smbios_search(data, size, &t)) {
        require(t.at + t.bytes > t.at);
        require(t.bytes <= SMBIOS_BYTES_MAX);
    }
    (void)smbios_efi_find(data, size);
    walk(data, size);
    return 0;
}

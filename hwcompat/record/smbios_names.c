/* The few names of a machine that everything prints, out of its SMBIOS. */
#include "record/smbios_names.h"

#include <string.h>

/* Where names are (DMTF DSP0134, 7.1 to 7.3). */
static const struct {
    uint8_t type, field;
} places[] = {
    [SMBIOS_BIOS_VENDOR] = {0, 4}, [SMBIOS_BIOS_VERSION] = {0, 5},
    [SMBIOS_BIOS_DATE] = {0, 8},   [SMBIOS_VENDOR] = {1, 4},
    [SMBIOS_PRODUCT] = {1, 5},     [SMBIOS_BOARD] = {2, 5},
};

void smbios_names_read(const uint8_t *data, size_t size,
                       struct smbios_names *out)
{
    struct smbios_structure s;
    size_t offset = 0;

    memset(out, 0, sizeof(*out));
    while (smbios_next(data, size, &offset, &s))
        for (int i = 0; i < SMBIOS_NAMES; i++) {
            if (s.type == places[i].type && !out->text[i][0])
                (void)smbios_text(&s, places[i].field, out->text[i],
                                  sizeof(out->text[i]));
        }
}

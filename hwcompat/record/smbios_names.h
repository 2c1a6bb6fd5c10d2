/* The few names of a machine that everything prints, out of its SMBIOS. */
#ifndef RECORD_SMBIOS_NAMES_H
#define RECORD_SMBIOS_NAMES_H

#include "base/smbios.h"

enum smbios_name {
    SMBIOS_BIOS_VENDOR,
    SMBIOS_BIOS_VERSION,
    SMBIOS_BIOS_DATE,
    SMBIOS_VENDOR,
    SMBIOS_PRODUCT,
    SMBIOS_BOARD,
    SMBIOS_NAMES
};

struct smbios_names {
    char text[SMBIOS_NAMES][65];
};

void smbios_names_read(const uint8_t *data, size_t size,
                       struct smbios_names *out);

#endif

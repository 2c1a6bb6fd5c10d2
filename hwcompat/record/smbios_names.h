/* The few names of a machine that everything prints, out of its SMBIOS. */
#ifndef RECORD_SMBIOS_NAMES_H
#define RECORD_SMBIOS_NAMES_H

#include <stddef.h>
#include <stdint.h>

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

/* One structure of a table; strings are behind the formatted area. */
struct smbios_structure {
    uint8_t type, length;
    uint16_t handle;
    uint8_t *data;          /* the formatted area, `length` bytes */
    uint8_t *strings, *end; /* NUL-terminated ones, as far as they are there */
};

/* The structure at *offset, which moves on; 0: one, else there is none. */
int smbios_next(uint8_t *data, size_t size, size_t *offset,
                struct smbios_structure *s);
/* The string whose number is in the byte at `field`; NULL. Its length. */
char *smbios_string(const struct smbios_structure *s, size_t field,
                    size_t *len);

void smbios_names_read(const uint8_t *data, size_t size,
                       struct smbios_names *out);

#endif

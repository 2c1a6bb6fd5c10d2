/*
 * A structure of SMBIOS that is made again from a listing of its fields.
 *
 * What the listing does not tell stays 0; the length is the one it had, as the
 * listing says.
 */
#ifndef IMPORT_DMI_REBUILD_H
#define IMPORT_DMI_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DMI_STRINGS_BYTES = 8192,
    DMI_BYTES_MAX = 256 + DMI_STRINGS_BYTES + 2,
};

struct dmi_structure {
    bool open;
    uint8_t type, length;
    uint8_t data[256];
    char strings[DMI_STRINGS_BYTES];
    size_t strings_bytes;
    unsigned int strings_nr;
};

void dmi_begin(struct dmi_structure *s, uint16_t handle, uint8_t type,
               uint8_t length);
/* The number of the string; 0: no room, or empty. */
unsigned int dmi_string(struct dmi_structure *s, const char *text);
/* "Vendor", "Dell Inc."; false: a field that is not in the table. */
bool dmi_field(struct dmi_structure *s, const char *name, const char *value);
/* A line below a field ("UEFI is supported"). */
void dmi_line(struct dmi_structure *s, const char *line);
/* All bytes with strings and end; how many. */
size_t dmi_end(struct dmi_structure *s, uint8_t out[DMI_BYTES_MAX]);

#endif

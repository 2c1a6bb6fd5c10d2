/*
 * SMBIOS tables: pure parsers that trust no length in them (DSP0134 3.7, 5.2, 6.1).
 *
 * Pointers returned are into what the caller gave. Nothing is written but results.
 */
#ifndef BASE_SMBIOS_H
#define BASE_SMBIOS_H

#include "base/acpi.h"

#define SMBIOS_BYTES_MAX (256U << 10) /* of a table that is looked at */
#define SMBIOS_ENTRY_MAX 32           /* bytes of an entry point */

/* Where the structures are, as an entry point says it. */
struct smbios_table {
    paddr_t at;
    uint32_t bytes; /* at most SMBIOS_BYTES_MAX */
};

/* The table, by EFI's system table (0: there is none), else by the BIOS area; NULL:
   no usable entry point (out->at is 0), or it leads to what `m` does not map. */
const uint8_t *smbios_table_find(const struct acpi_mem *m, paddr_t efi_system,
                                 struct smbios_table *out);

/* An entry point, 2.1 or 3.0, with a right sum; false: none. */
bool smbios_entry_read(const uint8_t *p, size_t bytes,
                       struct smbios_table *out);
/* The first one at a multiple of 16 in a copy of the BIOS area. */
bool smbios_search(const uint8_t *area, size_t bytes, struct smbios_table *out);
/* Address of the entry point in EFI's configuration table (UEFI 2.9 4.6), whose
   entries are a GUID and an address; 0: none. The newer kind wins. */
paddr_t smbios_efi_entry(const uint8_t *entries, size_t bytes);

/* One structure; its strings are behind the formatted area. */
struct smbios_structure {
    uint8_t type, length;
    const uint8_t *data;          /* the formatted area, `length` bytes */
    const uint8_t *strings, *end; /* as far as they are there */
};

#define SMBIOS_END \
    127 /* the type of the last one; what follows is no table's */

/* The structure at *offset, which moves on; false: there is none. */
bool smbios_next(const uint8_t *table, size_t bytes, size_t *offset,
                 struct smbios_structure *out);
/* The string whose number is in the byte at `field`, without its end; NULL: none. */
const char *smbios_string(const struct smbios_structure *s, unsigned int field,
                          size_t *length);
/* That, printable and cut to `size`; false, and "": none. */
bool smbios_text(const struct smbios_structure *s, unsigned int field,
                 char *text, size_t size);

#endif

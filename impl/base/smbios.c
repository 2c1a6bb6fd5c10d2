/*
 * SMBIOS tables (base/smbios.h): entry points, structures, strings.
 */
#include "base/smbios.h"

#include "base/string.h"

#define ENTRY_ALIGN      16
#define STRUCTURE_HEADER 4
#define GUID_BYTES       16
#define EFI_ENTRY_BYTES  (GUID_BYTES + 8)
#define EFI_ENTRIES_MAX  256
#define EFI_SYSTEM_BYTES 120
#define EFI_ENTRIES_NR   104
#define EFI_ENTRIES_AT   112
#define BIOS_AREA        0xf0000
#define BIOS_BYTES       0x10000

/* How an entry point of each kind is laid out. */
static const struct entry_kind {
    const char *anchor;
    uint8_t least;     /* bytes */
    uint8_t length_at; /* the byte with its length */
    uint8_t table_at, table_bytes;
    uint8_t size_at, size_bytes;
    uint8_t guid[GUID_BYTES]; /* in EFI's configuration table */
} kinds[] = {
    {"_SM3_",
     24,
     6,
     16,
     8,
     12,
     4,
     {0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a, 0x99, 0x2e, 0xe5, 0xbb,
      0xcf, 0x20, 0xe3, 0x94}},
    {"_SM_",
     31,
     5,
     24,
     4,
     22,
     2,
     {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90,
      0x27, 0x3f, 0xc1, 0x4d}},
};

static uint64_t number_at(const uint8_t *p, unsigned int bytes)
{
    uint64_t v = 0;

    while (bytes--)
        v = v << 8 | p[bytes];
    return v;
}

static bool sums_to_zero(const uint8_t *p, size_t bytes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum += p[i];
    return !sum;
}

static bool entry_of_kind(const struct entry_kind *k, const uint8_t *p,
                          size_t bytes, struct smbios_table *out)
{
    if (bytes < k->least ||
        memcmp(p, k->anchor, str_length(k->anchor, SMBIOS_ENTRY_MAX)))
        return false;
    /* Version 2.1 was published with a length of 30 for its 31 bytes. */
    if (p[k->length_at] + 1 < k->least || p[k->length_at] > SMBIOS_ENTRY_MAX ||
        p[k->length_at] > bytes || !sums_to_zero(p, p[k->length_at]))
        return false;
    *out = (struct smbios_table){
        .at = number_at(p + k->table_at, k->table_bytes),
        .bytes = (uint32_t)MIN(number_at(p + k->size_at, k->size_bytes),
                               (uint64_t)SMBIOS_BYTES_MAX),
    };
    return out->at && out->at + out->bytes > out->at;
}

bool smbios_entry_read(const uint8_t *p, size_t bytes, struct smbios_table *out)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (entry_of_kind(&kinds[i], p, bytes, out))
            return true;
    }
    return false;
}

bool smbios_search(const uint8_t *area, size_t bytes, struct smbios_table *out)
{
    for (size_t at = 0; at < bytes; at += ENTRY_ALIGN) {
        if (smbios_entry_read(area + at, bytes - at, out))
            return true;
    }
    return false;
}

paddr_t smbios_efi_entry(const uint8_t *entries, size_t bytes)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (size_t at = 0; at + EFI_ENTRY_BYTES <= bytes;
             at += EFI_ENTRY_BYTES) {
            if (!memcmp(entries + at, kinds[i].guid, GUID_BYTES))
                return number_at(entries + at + GUID_BYTES, 8);
        }
    }
    return 0;
}

/* The entry point that the system table leads to (UEFI 2.9 4.3), or NULL. */
static const uint8_t *entry_of_efi(const struct acpi_mem *m, paddr_t system)
{
    const uint8_t *p = system ? m->map(m->arg, system, EFI_SYSTEM_BYTES) : NULL;
    uint64_t bytes;
    paddr_t at;

    if (!p)
        return NULL;
    bytes = MIN(number_at(p + EFI_ENTRIES_NR, 8), (uint64_t)EFI_ENTRIES_MAX) *
            EFI_ENTRY_BYTES;
    p = m->map(m->arg, number_at(p + EFI_ENTRIES_AT, 8), bytes);
    at = p ? smbios_efi_entry(p, bytes) : 0;
    return at ? m->map(m->arg, at, SMBIOS_ENTRY_MAX) : NULL;
}

const uint8_t *smbios_table_find(const struct acpi_mem *m, paddr_t efi_system,
                                 struct smbios_table *out)
{
    const uint8_t *entry = entry_of_efi(m, efi_system);
    const uint8_t *area;

    *out = (struct smbios_table){};
    if (!entry || !smbios_entry_read(entry, SMBIOS_ENTRY_MAX, out)) {
        area = m->map(m->arg, BIOS_AREA, BIOS_BYTES);
        if (!area || !smbios_search(area, BIOS_BYTES, out))
            return NULL;
    }
    return m->map(m->arg, out->at, out->bytes);
}

bool smbios_next(const uint8_t *table, size_t bytes, size_t *offset,
                 struct smbios_structure *out)
{
    size_t at = *offset;

    if (at >= bytes || bytes - at < STRUCTURE_HEADER ||
        table[at + 1] < STRUCTURE_HEADER || table[at + 1] > bytes - at)
        return false;
    *out = (struct smbios_structure){
        .type = table[at], .length = table[at + 1], .data = table + at};
    at += out->length;
    out->strings = table + at;
    while (at + 1 < bytes && (table[at] || table[at + 1]))
        at++;
    out->end = table + MIN(at + 1, bytes);
    *offset = MIN(at + 2, bytes);
    return true;
}

const char *smbios_string(const struct smbios_structure *s, unsigned int field,
                          size_t *length)
{
    unsigned int nr = field < s->length ? s->data[field] : 0;
    const uint8_t *p = s->strings;

    for (; nr && p < s->end && *p; nr--) {
        *length = str_length((const char *)p, (size_t)(s->end - p));
        if (nr == 1)
            return (const char *)p;
        p += MIN(*length + 1, (size_t)(s->end - p));
    }
    return NULL;
}

bool smbios_text(const struct smbios_structure *s, unsigned int field,
                 char *text, size_t size)
{
    size_t length = 0;
    const char *from = smbios_string(s, field, &length);

    length = from ? MIN(length, size - 1) : 0;
    for (size_t i = 0; i < length; i++)
        text[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    text[length] = '\0';
    return length > 0;
}

/* Identifiers in tables and structures: SMBIOS, ACPI, PCI, CPUID. */
#include "record/scrub.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/smbios_names.h"

enum {
    IDENTIFIER_MIN = 5, /* shorter ones are in too many words */
    ACPI_HEADER = 36,
    ACPI_CHECKSUM = 9,
    UUID_BYTES = 16,
    UUID_FIELD = 8, /* of SMBIOS type 1 */
    UUID_CROSSED = 'X',
    PCI_EXTENDED = 0x100,
    PCI_CAP_SERIAL = 3, /* device serial number: 8 bytes, a MAC among them */
    NFIT_CONTROL = 4,   /* ACPI 6.4 5.2.25.6 */
    NFIT_SERIAL = 24,
};

/* Strings that name one machine (DMTF DSP0134 chapter 7). */
static const struct {
    uint8_t type, field;
    const char *what;
} smbios_fields[] = {
    {1, 7, "serial number"},  {2, 7, "serial number"},
    {2, 8, "asset tag"},      {3, 7, "serial number"},
    {3, 8, "asset tag"},      {4, 0x20, "serial number"},
    {4, 0x21, "asset tag"},   {17, 0x18, "serial number"},
    {17, 0x19, "asset tag"},  {22, 7, "serial number"},
    {39, 8, "serial number"}, {39, 9, "asset tag"},
};

/* What firmware says where it was never told: somewhere in the value, or all of
   it. */
static const char *const placeholder_parts[] = {
    "default string", "to be filled",   "not specified", "not provided",
    "not available",  "not applicable", "system serial", "base board",
    "baseboard",      "chassis",        "asset tag",     "asset-",
    "serial number",  "serialnum",      "sernum",        "assettag",
    "no asset",       "fillbyoem",      "o.e.m.",        "no dimm",
    "no module",      "not installed",  "undefined",     "8250/16550",
    "mb-1234567890",  "unknown",        "invalid",
};
static const char *const placeholder_wholes[] = {
    "none",       "n/a",        "na",        "empty",    "oem",
    "null",       "default",    "standard",  "vendor",   "type2",
    "0123456789", "1234567890", "123456789", "12345678", "0123456789abcdef",
    "dimm",       "serial",     "asset",
};

static bool in_value(const char *value, size_t len, const char *part)
{
    size_t n = strlen(part);

    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp(value + i, part, n) == 0)
            return true;
    return false;
}

bool scrub_placeholder(const char *value, size_t len)
{
    static const char *const *const parts = placeholder_parts;
    static const char *const *const wholes = placeholder_wholes;
    size_t odd = 0;

    while (len && isspace((unsigned char)value[len - 1]))
        len--;
    while (len && isspace((unsigned char)*value)) {
        value++;
        len--;
    }
    for (size_t i = 0; i < len; i++)
        odd += strchr(" .-_0FfXx", value[i]) != NULL;
    if (odd == len)
        return true;
    for (size_t i = 0;
         i < sizeof(placeholder_parts) / sizeof(placeholder_parts[0]); i++)
        if (in_value(value, len, parts[i]))
            return true;
    for (size_t i = 0;
         i < sizeof(placeholder_wholes) / sizeof(placeholder_wholes[0]); i++)
        if (len == strlen(wholes[i]) && in_value(value, len, wholes[i]))
            return true;
    return false;
}

void scrub_cross_out(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (isalnum((unsigned char)text[i]) || (unsigned char)text[i] > 0x7e)
            text[i] = 'X';
}

void draft_identifier(struct draft *d, const char *value, size_t len)
{
    while (len && isspace((unsigned char)value[len - 1]))
        len--;
    while (len && isspace((unsigned char)*value)) {
        value++;
        len--;
    }
    if (len < IDENTIFIER_MIN || len >= DRAFT_IDENTIFIER_BYTES ||
        d->identifiers == DRAFT_IDENTIFIERS_MAX ||
        scrub_placeholder(value, len))
        return;
    memcpy(d->identifier[d->identifiers], value, len);
    d->identifier[d->identifiers++][len] = '\0';
}

/* The draft's own byte that a decoder points at. */
static uint8_t *own(const struct draft *d, const void *p)
{
    return d->smbios + ((const uint8_t *)p - d->smbios);
}

static void smbios_uuid(struct draft *d, const struct smbios_structure *s)
{
    uint8_t *uuid = own(d, s->data) + UUID_FIELD;
    int same = 1;

    if (s->type != 1 || s->length < UUID_FIELD + UUID_BYTES)
        return;
    while (same < UUID_BYTES && uuid[same] == uuid[0])
        same++;
    /* All zeros or all ones: there is none, and that is worth knowing. */
    if (same == UUID_BYTES)
        return;
    memset(uuid, UUID_CROSSED, UUID_BYTES);
    draft_scrubbed(d, "smbios", "UUID", 1);
}

static void smbios_strings(struct draft *d, const struct smbios_structure *s)
{
    for (size_t i = 0; i < sizeof(smbios_fields) / sizeof(smbios_fields[0]);
         i++) {
        size_t len;
        const char *text = s->type == smbios_fields[i].type
                               ? smbios_string(s, smbios_fields[i].field, &len)
                               : NULL;

        if (!text || scrub_placeholder(text, len))
            continue;
        draft_identifier(d, text, len);
        scrub_cross_out((char *)own(d, text), len);
        draft_scrubbed(d, "smbios", smbios_fields[i].what, 1);
    }
}

/* Types of vendors: HP keeps MACs of its cards in 209 and 221, 8 bytes each;
   type 42 has the address and the UUID of a management controller. */
static void smbios_bytes(struct draft *d, const struct smbios_structure *s,
                         bool hp)
{
    if (hp && (s->type == 209 || s->type == 221))
        for (size_t at = 4; at + 8 <= s->length; at += 8) {
            memset(own(d, s->data) + at + 2, 0, 6);
            draft_scrubbed(d, "smbios", "MAC address", 1);
        }
    if (s->type == 42 && s->length > 6) {
        memset(own(d, s->data) + 6, 0, (size_t)s->length - 6);
        draft_scrubbed(d, "smbios", "address of a management controller", 1);
    }
}

static void scrub_smbios(struct draft *d)
{
    struct smbios_structure s;
    struct smbios_names names;
    size_t offset = 0;
    bool hp;

    smbios_names_read(d->smbios, d->smbios_size, &names);
    hp = strncmp(names.text[SMBIOS_VENDOR], "HP", 2) == 0 ||
         strncmp(names.text[SMBIOS_VENDOR], "Hewlett", 7) == 0;
    while (smbios_next(d->smbios, d->smbios_size, &offset, &s)) {
        smbios_uuid(d, &s);
        smbios_strings(d, &s);
        smbios_bytes(d, &s, hp);
    }
}

/* Every identifier that shows up in the bytes; how many did. */
static unsigned int known_cross_out(const struct draft *d, uint8_t *data,
                                    size_t size)
{
    unsigned int nr = 0;

    for (size_t i = 0; i < d->identifiers; i++) {
        size_t len = strlen(d->identifier[i]), left = size;
        uint8_t *at = data;

        while (left >= len && (at = memmem(at, left, d->identifier[i], len))) {
            scrub_cross_out((char *)at, len);
            nr++;
            at += len;
            left = size - (size_t)(at - data);
        }
    }
    return nr;
}

/* MAC addresses that notebooks pass to their docks ("_AUXMAC_#...#"). */
static unsigned int aml_macs(uint8_t *data, size_t size)
{
    static const char word[] = "XMAC_#";
    uint8_t *at = data;
    unsigned int nr = 0;

    while (
        (at = memmem(at, size - (size_t)(at - data), word, sizeof(word) - 1))) {
        size_t left;

        at += sizeof(word) - 1;
        left = size - (size_t)(at - data);
        for (size_t i = 0; i < left && isxdigit(at[i]); i++)
            at[i] = 'X';
        nr++;
    }
    return nr;
}

static unsigned int nfit_serials(uint8_t *data, size_t size)
{
    size_t at = ACPI_HEADER + 4;
    unsigned int nr = 0;

    while (at + 4 <= size) {
        size_t len = (size_t)(data[at + 2] | data[at + 3] << 8);

        if (len < 4 || len > size - at)
            break;
        if (data[at] == NFIT_CONTROL && len >= NFIT_SERIAL + 4) {
            memset(data + at + NFIT_SERIAL, 0, 4);
            nr++;
        }
        at += len;
    }
    return nr;
}

static uint8_t sum_of(const uint8_t *data, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum;
}

/* The checksum stays as right or as wrong as it was. */
static void scrub_table(struct draft *d, struct draft_table *t)
{
    uint8_t before = sum_of(t->data, t->size);
    unsigned int nr = known_cross_out(d, t->data, t->size);

    if (memcmp(t->signature, "DSDT", 4) == 0 ||
        memcmp(t->signature, "SSDT", 4) == 0)
        nr += aml_macs(t->data, t->size);
    if (memcmp(t->signature, "NFIT", 4) == 0)
        nr += nfit_serials(t->data, t->size);
    if (!nr)
        return;
    if (t->size >= ACPI_HEADER)
        t->data[ACPI_CHECKSUM] = (uint8_t)(t->data[ACPI_CHECKSUM] + before -
                                           sum_of(t->data, t->size));
    draft_scrubbed(d, "acpi", "serial number or MAC address", nr);
}

static void drop_keys(struct draft *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->tables; i++) {
        struct draft_table *t = &d->table[i];

        if (memcmp(t->signature, "MSDM", 4) == 0 ||
            memcmp(t->signature, "SLIC", 4) == 0) {
            draft_scrubbed(d, "acpi",
                           *t->signature == 'M' ? "table MSDM (licence key)"
                                                : "table SLIC (licence key)",
                           1);
            free(t->data);
        } else {
            d->table[kept++] = *t;
        }
    }
    d->tables = kept;
}

/* Extended capabilities are a chain of offsets: bounded, whatever it says. */
static void scrub_pci(struct draft *d, struct draft_pci *p)
{
    size_t at = PCI_EXTENDED;

    for (int left = 64; left && at >= PCI_EXTENDED && at + 12 <= p->size;
         left--) {
        uint8_t *cap = p->config + at;

        if ((cap[0] | cap[1] << 8) == PCI_CAP_SERIAL) {
            memset(cap + 4, 0, 8);
            draft_scrubbed(d, "pci", "serial number of a device", 1);
        }
        at = (size_t)(cap[2] >> 4 | cap[3] << 4);
    }
}

/* Leaf 3 of the Pentium III is a serial number of the processor. */
static void scrub_cpuid(struct draft *d)
{
    for (size_t i = 0; i < d->cpuid.nr; i++) {
        struct cpu_rows *c = &d->cpuid.cpu[i];

        for (size_t k = 0; k < c->nr; k++) {
            struct record_leaf *row = &c->row[k];

            if (row->leaf != 3 || !(row->reg[2] | row->reg[3]))
                continue;
            row->reg[2] = row->reg[3] = 0;
            draft_scrubbed(d, "cpuid", "serial number of the processor", 1);
        }
    }
}

void draft_scrub(struct draft *d)
{
    scrub_smbios(d);
    drop_keys(d);
    for (size_t i = 0; i < d->tables; i++)
        scrub_table(d, &d->table[i]);
    if (d->smbios)
        draft_scrubbed(d, "smbios", "serial number",
                       known_cross_out(d, d->smbios, d->smbios_size));
    for (size_t i = 0; i < d->pcis; i++)
        scrub_pci(d, &d->pci[i]);
    scrub_cpuid(d);
}

void draft_scrub_texts(struct draft *d)
{
    static const char *const prefixes[] = {"logs/", "raw/", "smbios/dmidecode",
                                           "system.json"};

    for (size_t i = 0; i < d->files.nr; i++) {
        struct file *f = &d->files.file[i];
        struct scrub_counts n = {0};
        bool text = false;

        for (size_t k = 0; k < sizeof(prefixes) / sizeof(prefixes[0]); k++)
            text |= strncmp(f->name, prefixes[k], strlen(prefixes[k])) == 0;
        if (!text)
            continue;
        /* GUIDs belong to the names of EFI variables. */
        scrub_text((char *)f->data, f->size,
                   strcmp(f->name, "system.json") != 0, &n);
        n.serials += known_cross_out(d, f->data, f->size);
        draft_scrubbed(d, f->name, "MAC address", n.macs);
        draft_scrubbed(d, f->name, "UUID", n.uuids);
        draft_scrubbed(d, f->name, "world-wide name", n.wwns);
        draft_scrubbed(d, f->name, "serial number or asset tag", n.serials);
    }
}

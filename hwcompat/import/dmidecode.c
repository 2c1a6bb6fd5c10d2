/*
 * What dmidecode prints, as structures again.
 *
 * `dmidecode -u` prints bytes, and those are the machine's. Otherwise structures
 * are rebuilt from the fields, and the record says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/dmi_rebuild.h"
#include "import/import.h"
#include "record/error.h"
#include "record/text.h"

enum {
    TABLE_BYTES_MAX = 1 << 20,
};

/* "Handle 0x0001, DMI type 1, 27 bytes" */
static bool title_decode(const char *line, uint64_t *handle, uint64_t *type,
                         uint64_t *length)
{
    const char *p = line;

    return text_skip(&p, "Handle ") && text_hex(&p, 0xffff, handle) &&
           text_skip(&p, ", DMI type ") && text_number(&p, 10, 255, type) &&
           text_skip(&p, ", ") && text_number(&p, 10, 255, length);
}

bool dmidecode_like(const struct file *f)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    uint64_t v[3];

    if (!text_like(f->data, f->size))
        return false;
    for (int i = 0; i < 64 && text_line(&lines, line); i++)
        if (strncmp(line, "# dmidecode", 11) == 0 ||
            title_decode(line, &v[0], &v[1], &v[2]))
            return true;
    return false;
}

/* The state of reading. */
struct listing {
    struct draft *d;
    struct dmi_structure s;
    uint8_t *table;
    size_t size;
    size_t bytes; /* of "Header and Data" so far */
    enum { FIELDS, DATA, STRINGS } in;
    bool raw;        /* -u: everything is bytes */
    bool any_fields; /* something was rebuilt */
    unsigned int major, minor;
    uint64_t address;
};

static int structure_end(struct listing *l)
{
    if (!l->s.open)
        return 0;
    if (l->size + DMI_BYTES_MAX > TABLE_BYTES_MAX)
        return -E2BIG;
    l->size += dmi_end(&l->s, l->table + l->size);
    return 0;
}

static int structure_begin(struct listing *l, uint64_t handle, uint64_t type,
                           uint64_t length)
{
    int rc = structure_end(l);

    if (rc || length < 4)
        return rc ? rc : -EINVAL;
    dmi_begin(&l->s, (uint16_t)handle, (uint8_t)type, (uint8_t)length);
    l->in = FIELDS;
    l->bytes = 0;
    return 0;
}

/* "81 0B 32 00 ..." and nothing else: how many; 0. */
static size_t hex_decode(const char *p, uint8_t out[16])
{
    size_t nr = 0;
    uint64_t byte;

    while (nr < 16) {
        const char *before = p;

        if (!text_number(&p, 16, 0xff, &byte) || p != before + 2)
            return 0;
        out[nr++] = (uint8_t)byte;
        text_blanks(&p);
        if (!*p)
            return nr;
    }
    return 0;
}

static void data_line(struct listing *l, const char *line)
{
    uint8_t bytes[16];
    size_t nr = hex_decode(line, bytes);

    for (size_t i = 0; i < nr && l->bytes < l->s.length; i++)
        l->s.data[l->bytes++] = bytes[i];
}

/* -u prints each string as bytes and, below, as text: the text is enough. */
static void string_line(struct listing *l, const char *line)
{
    uint8_t bytes[16];
    size_t len = strlen(line);
    char text[TEXT_LINE_BYTES];

    if (l->raw && hex_decode(line, bytes))
        return;
    if (l->raw && len >= 2 && line[0] == '"' && line[len - 1] == '"')
        (void)snprintf(text, sizeof(text), "%.*s", (int)(len - 2), line + 1);
    else
        (void)snprintf(text, sizeof(text), "%s", line);
    (void)dmi_string(&l->s, text);
}

static void field_line(struct listing *l, char *line)
{
    char *value = strstr(line, ": ");

    if (strcmp(line, "Header and Data:") == 0) {
        l->in = DATA;
        l->raw |= l->s.type < 128;
    } else if (strcmp(line, "Strings:") == 0) {
        l->in = STRINGS;
    } else if (value) {
        *value = '\0';
        l->in = FIELDS;
        l->any_fields |= dmi_field(&l->s, line, value + 2);
    }
}

/* "SMBIOS 3.0.0 present." and "Table at 0x8F9C5000." */
static void head_line(struct listing *l, const char *line)
{
    uint64_t major, minor;

    if (text_skip(&line, "SMBIOS ")) {
        if (text_number(&line, 10, 255, &major) && text_skip(&line, ".") &&
            text_number(&line, 10, 255, &minor)) {
            l->major = (unsigned int)major;
            l->minor = (unsigned int)minor;
        }
    } else if (text_skip(&line, "Table at ")) {
        (void)text_hex(&line, UINT64_MAX, &l->address);
    }
}

static int line_read(struct listing *l, char *line)
{
    uint64_t handle, type, length;

    if (title_decode(line, &handle, &type, &length))
        return structure_begin(l, handle, type, length);
    if (!l->s.open) {
        head_line(l, line);
        return 0;
    }
    if (line[0] != '\t')
        return 0;
    if (line[1] != '\t')
        field_line(l, line + 1);
    else if (l->in == DATA)
        data_line(l, line + 2);
    else if (l->in == STRINGS)
        string_line(l, line + 2);
    else
        dmi_line(&l->s, line + 2);
    return 0;
}

static void checksum_put(uint8_t *p, size_t length, size_t at)
{
    uint8_t sum = 0;

    p[at] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + p[i]);
    p[at] = (uint8_t)-sum;
}

static void put(uint8_t *p, int bytes, uint64_t value)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* The entry point that such a table needs (DSP0134 5.2). */
static void entry_put(const struct listing *l)
{
    uint8_t e[31] = "";

    if (!l->major)
        return;
    if (l->major >= 3) {
        memcpy(e, "_SM3_", 5);
        e[6] = 24;
        e[7] = (uint8_t)l->major;
        e[8] = (uint8_t)l->minor;
        e[10] = 1;
        put(e + 12, 4, l->size);
        put(e + 16, 8, l->address);
        checksum_put(e, 24, 5);
        draft_smbios_entry(l->d, e, 24);
        return;
    }
    memcpy(e, "_SM_", 4);
    e[5] = 31;
    e[6] = (uint8_t)l->major;
    e[7] = (uint8_t)l->minor;
    memcpy(e + 16, "_DMI_", 5);
    put(e + 22, 2, l->size < 0xffff ? l->size : 0xffff);
    put(e + 24, 4, l->address);
    checksum_put(e + 16, 15, 5);
    checksum_put(e, 31, 4);
    draft_smbios_entry(l->d, e, 31);
}

static void listing_put(struct listing *l, const struct file *f)
{
    bool rebuilt = l->any_fields;

    if (!l->size)
        return;
    draft_smbios(l->d, rebuilt, l->table, l->size);
    if (!rebuilt || !l->d->smbios_entry)
        entry_put(l);
    draft_file(l->d, "smbios/dmidecode.txt", f->data, f->size);
    if (rebuilt)
        draft_missing(l->d, RECORD_PART_SMBIOS,
                      "structures are rebuilt from the fields of a listing");
}

int dmidecode_read(struct draft *d, const struct file *f,
                   struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    struct listing *l = calloc(1, sizeof(*l));
    char line[TEXT_LINE_BYTES];
    int rc = 0;

    if (l)
        l->table = malloc(TABLE_BYTES_MAX);
    if (!l || !l->table) {
        free(l);
        return record_fail(error, -ENOMEM, "no memory");
    }
    l->d = d;
    while (!rc && text_line(&lines, line))
        rc = line_read(l, line);
    if (!rc)
        rc = structure_end(l);
    if (rc)
        record_fail(error, rc, "%s: offset %zu: no structure of SMBIOS",
                    f->name, lines.line);
    else
        listing_put(l, f);
    free(l->table);
    free(l);
    return rc;
}

/*
 * ACPI tables: binary files, one table or many behind each other, what acpidump
 * prints, and what iasl prints of tables that are data.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "record/error.h"
#include "record/text.h"

enum {
    HEADER_BYTES = 36,
    FACS_BYTES = 64,
    RSDP_BYTES = 20,
    RSDP_LONG_BYTES = 36,
    TABLES_MAX = 256, /* of one file */
};

/* Signatures that are believed even if the length after them is a lie. */
static const char *const known[] = {
    "APIC", "ASF!", "BERT", "BGRT", "BOOT", "CPEP", "CRAT", "CSRT",
    "DBG2", "DBGP", "DMAR", "DSDT", "ECDT", "EINJ", "ERST", "FACP",
    "FACS", "FPDT", "HEST", "HPET", "HMAT", "IVRS", "LPIT", "MCFG",
    "MCHI", "MPST", "MSCT", "MSDM", "NFIT", "OEMB", "PCCT", "PHAT",
    "PMTT", "PPTT", "PSDT", "RSDT", "SBST", "SDEV", "SLIC", "SLIT",
    "SPCR", "SPMI", "SRAT", "SSDT", "STAO", "TCPA", "TPM2", "UEFI",
    "VFCT", "WAET", "WDAT", "WDRT", "WSMT", "XENV", "XSDT",
};

static bool signature_known(const uint8_t *p)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (memcmp(p, known[i], 4) == 0)
            return true;
    return false;
}

static bool signature_like(const uint8_t *p)
{
    for (int i = 0; i < 4; i++)
        if (p[i] <= ' ' || p[i] > '~')
            return false;
    return true;
}

static size_t length_of(const uint8_t *p)
{
    return (size_t)p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 |
           (size_t)p[7] << 24;
}

bool rsdp_like(const struct file *f)
{
    return f->size >= RSDP_BYTES && f->size < 4096 &&
           memcmp(f->data, "RSD PTR ", 8) == 0;
}

int rsdp_read(struct draft *d, const struct file *f, struct record_error *error)
{
    size_t size = f->size < RSDP_LONG_BYTES ? f->size : RSDP_LONG_BYTES;

    (void)error;
    draft_rsdp(d, 0, f->data, size);
    return 0;
}

bool acpi_binary_like(const struct file *f)
{
    size_t length;

    if (f->size < 8)
        return false;
    if (signature_known(f->data) &&
        !text_like(f->data, f->size < 64 ? f->size : 64))
        return true;
    length = length_of(f->data);
    return signature_like(f->data) && length >= HEADER_BYTES &&
           length <= f->size && !text_like(f->data, length < 64 ? length : 64);
}

/* All of them; what is behind the last whole one belongs to it, if it is not a
   table again. */
int acpi_binary_read(struct draft *d, const struct file *f,
                     struct record_error *error)
{
    size_t at = 0;
    char signature[5] = "";

    for (int nr = 0; at + 8 <= f->size; nr++) {
        const uint8_t *p = f->data + at;
        size_t length = length_of(p), left = f->size - at;
        bool whole = length >= 8 && length <= left;

        if (nr == TABLES_MAX)
            return record_fail(error, -E2BIG,
                               "%s: offset %zu: more than %d "
                               "tables",
                               f->name, at, TABLES_MAX);
        if (!signature_like(p)) {
            draft_note(d, "%.128s: offset %zu: %zu bytes that are no table",
                       f->name, at, left);
            return 0;
        }
        /* Padding up to the end of the file is not another table. */
        if (!whole || (length < left && left - length < 8))
            length = left;
        if (!whole)
            draft_note(d,
                       "%.128s: offset %zu: the table says that it has %zu "
                       "bytes, and %zu are there",
                       f->name, at, length_of(p), left);
        memcpy(signature, p, 4);
        draft_table(d, signature, 0, false, p, length);
        at += length;
    }
    return 0;
}

/* "DSDT @ 0x00000000bf7b0000": signature and address. */
static bool title_decode(const char *line, char signature[5], uint64_t *address)
{
    const char *p = line + 4;

    if (strlen(line) < 9 || !signature_like((const uint8_t *)line))
        /* "RSD PTR @" has a blank in its signature. */
        if (strncmp(line, "RSD PTR", 7) != 0)
            return false;
    if (strncmp(line, "RSD PTR", 7) == 0)
        p = line + 7;
    text_blanks(&p);
    if (!text_skip(&p, "@ ") || !text_hex(&p, UINT64_MAX, address) || *p)
        return false;
    memcpy(signature, line, 4);
    signature[4] = '\0';
    return true;
}

/* "    0000: 44 53 44 54 ...  DSDT": its bytes; how many, 0: no such line. */
static size_t bytes_decode(const char *line, uint64_t *offset,
                           uint8_t bytes[16])
{
    const char *p = line;
    uint64_t byte;
    size_t nr = 0;

    text_blanks(&p);
    if (p == line || !text_number(&p, 16, UINT32_MAX, offset) ||
        !text_skip(&p, ":"))
        return 0;
    while (nr < 16 && *p == ' ' && p[1] != ' ' && strlen(p) >= 3) {
        const char *digits = p + 1;

        if (!text_number(&digits, 16, 0xff, &byte) || digits != p + 3)
            break;
        bytes[nr++] = (uint8_t)byte;
        p = digits;
    }
    return nr;
}

bool acpi_text_like(const struct file *f)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES], signature[5];
    uint64_t address;

    if (!text_like(f->data, f->size))
        return false;
    for (int i = 0; i < 64 && text_line(&lines, line); i++)
        if (title_decode(line, signature, &address))
            return true;
    return false;
}

/* A table while its lines come. */
struct listing {
    char signature[5];
    uint64_t address;
    uint8_t *data;
    size_t size, room;
};

static void listing_put(struct draft *d, struct listing *t)
{
    if (memcmp(t->signature, "RSD ", 4) == 0 ||
        memcmp(t->signature, "RSDP", 4) == 0) {
        if (t->size)
            draft_rsdp(d, t->address, t->data, t->size);
    } else if (*t->signature && t->size) {
        draft_table(d, t->signature, t->address, false, t->data, t->size);
    } else if (*t->signature) {
        draft_note(d, "table %s is listed without bytes", t->signature);
    }
    t->size = 0;
}

static int listing_add(struct listing *t, const uint8_t *bytes, size_t nr)
{
    if (t->size + nr > RECORD_FILE_BYTES_MAX)
        return -E2BIG;
    if (t->size + nr > t->room) {
        size_t room = t->room ? t->room * 2 : 4096;
        uint8_t *more = realloc(t->data, room);

        if (!more)
            return -ENOMEM;
        t->data = more;
        t->room = room;
    }
    memcpy(t->data + t->size, bytes, nr);
    t->size += nr;
    return 0;
}

int acpi_text_read(struct draft *d, const struct file *f,
                   struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    struct listing t = {.signature = ""};
    char line[TEXT_LINE_BYTES];
    uint64_t offset;
    uint8_t bytes[16];
    int rc = 0;

    while (!rc && text_line(&lines, line)) {
        struct listing next = t;
        size_t nr;

        if (title_decode(line, next.signature, &next.address)) {
            listing_put(d, &t);
            next.size = 0;
            t = next;
            continue;
        }
        nr = *t.signature ? bytes_decode(line, &offset, bytes) : 0;
        if (nr && offset != t.size)
            rc = record_fail(error, -EINVAL,
                             "%s: offset %zu: byte %zu of table %s should "
                             "follow",
                             f->name, lines.line, t.size, t.signature);
        else if (nr && listing_add(&t, bytes, nr))
            rc = record_fail(error, -E2BIG,
                             "%s: offset %zu: table %s is too "
                             "long",
                             f->name, lines.line, t.signature);
    }
    if (!rc)
        listing_put(d, &t);
    free(t.data);
    return rc;
}

/* --- iasl ------------------------------------------------------------------- */
static bool raw_title(const char *line)
{
    return strncmp(line, "Raw Table Data: Length ", 23) == 0;
}

bool iasl_like(const struct file *f)
{
    static const char banner[] = "ACPI Component Architecture";
    size_t head = f->size < 4096 ? f->size : 4096;

    return memmem(f->data, head, banner, sizeof(banner) - 1) &&
           memmem(f->data, f->size, "Raw Table Data: Length ", 23) &&
           text_like(f->data, head);
}

static void raw_put(struct draft *d, struct listing *t)
{
    if (t->size >= HEADER_BYTES && signature_like(t->data)) {
        memcpy(t->signature, t->data, 4);
        listing_put(d, t);
    }
    t->size = 0;
}

/* The bytes of a table end where the lines of them do. */
int iasl_read(struct draft *d, const struct file *f, struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    struct listing t = {.signature = ""};
    char line[TEXT_LINE_BYTES];
    bool inside = false;
    uint64_t offset;
    uint8_t bytes[16];
    int rc = 0;

    while (!rc && text_line(&lines, line)) {
        size_t nr = inside ? bytes_decode(line, &offset, bytes) : 0;

        if (nr && offset == t.size) {
            if (listing_add(&t, bytes, nr))
                rc = record_fail(error, -E2BIG,
                                 "%s: offset %zu: the table is too long",
                                 f->name, lines.line);
            continue;
        }
        if (t.size || raw_title(line)) {
            raw_put(d, &t);
            inside = raw_title(line);
        }
    }
    if (!rc)
        raw_put(d, &t);
    free(t.data);
    draft_missing(d, RECORD_PART_ACPI,
                  "iasl lists no bytes of AML: no DSDT, no SSDTs");
    return rc;
}

/*
 * Rules of SMBIOS (DSP0134 3.7).
 */
#include "scan/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum smbios_type {
    TYPE_BIOS = 0,
    TYPE_SYSTEM = 1,
    TYPE_BOARD = 2,
    TYPE_CHASSIS = 3,
    TYPE_CPU = 4,
    TYPE_MEMORY_ARRAY = 16,
    TYPE_MEMORY = 17,
};

enum {
    TEXT = 128,
    OLD_YEAR = 2012,
    YEAR_FIRST = 1981,
    YEAR_LAST = 2099,
    CHASSIS_UNKNOWN = 2,
    CHASSIS_RACK = 23,
    ECC_NONE = 3,
    CPU_ENABLED = 1,
    CPU_POPULATED = 1 << 6,
    BIOS_VIRTUAL = 1 << 4, /* in the second extension byte */
    MEMORY_UNKNOWN = 0xffff,
    MEMORY_EXTENDED = 0x7fff,
    MEMORY_KIB = 0x8000,
};

/* --- The whole -------------------------------------------------------------- */
static void judge_entry_point(struct scan *s, const struct smbios *b)
{
    if (!b->entry.n)
        return;
    if (!b->has_entry)
        found(s, RULE_smbios_entry_unknown, b->file, -1, "%zu bytes",
              b->entry.n);
    else if (!b->entry_sum_ok)
        found(s, RULE_smbios_entry_sum, b->file, -1, "version %u.%u", b->major,
              b->minor);
    if (b->said_count && b->said_count != b->structures)
        found(s, RULE_smbios_count, b->file, -1, "%u of %u", b->structures,
              b->said_count);
    if (b->major < 3 && b->said_length > b->raw.n)
        found(s, RULE_smbios_length, b->file, -1, "%zu of %u bytes", b->raw.n,
              b->said_length);
    if (b->has_entry && (b->major < 2 || (b->major == 2 && b->minor < 3)))
        found(s, RULE_smbios_version, b->file, -1, "version %u.%u", b->major,
              b->minor);
}

static const struct {
    uint8_t type;
    enum rule_id rule;
} needed[] = {
    {TYPE_BIOS, RULE_smbios_no_bios},
    {TYPE_SYSTEM, RULE_smbios_no_system},
    {TYPE_BOARD, RULE_smbios_no_board},
    {TYPE_CPU, RULE_smbios_no_cpu},
};

static int by_handle(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void judge_handles(struct scan *s, const struct smbios *b)
{
    uint16_t *list = malloc((b->structures + 1) * sizeof(*list));

    for (unsigned int i = 0; list && i < b->structures; i++)
        list[i] = b->structure[i].handle;
    if (list)
        qsort(list, b->structures, sizeof(*list), by_handle);
    for (unsigned int i = 1; list && i < b->structures; i++) {
        if (list[i] == list[i - 1])
            found(s, RULE_smbios_handle_twice, b->file, -1, "handle 0x%04x",
                  list[i]);
    }
    free(list);
}

/* --- Names ------------------------------------------------------------------ */
static const struct {
    uint8_t type, at; /* where the number of the string is */
    const char *what;
} names[] = {
    {TYPE_BIOS, 4, "BIOS vendor"},
    {TYPE_BIOS, 5, "BIOS version"},
    {TYPE_SYSTEM, 4, "system vendor"},
    {TYPE_SYSTEM, 5, "product"},
    {TYPE_SYSTEM, 6, "product version"},
    {TYPE_BOARD, 4, "board vendor"},
    {TYPE_BOARD, 5, "board"},
};

/* What vendors leave in names that they forget, in small letters. */
static const char *const placeholders[] = {
    "to be filled by o.e.m.",
    "system manufacturer",
    "system product name",
    "system version",
    "default string",
    "not specified",
    "o.e.m.",
    "oem",
    "empty",
    "product name",
    "base board product name",
};

static bool is_placeholder(const char *text)
{
    char small[TEXT];
    size_t n = 0;

    for (; text[n] && n + 1 < sizeof(small); n++)
        small[n] = (char)tolower((unsigned char)text[n]);
    small[n] = 0;
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++) {
        if (!strcmp(small, placeholders[i]))
            return true;
    }
    return false;
}

static void judge_names(struct scan *s, const struct smbios *b)
{
    char text[TEXT];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct structure *t = smbios_find(b, names[i].type, NULL);

        if (!t)
            continue;
        if (!structure_string(t, bytes_u8(t->formatted, names[i].at), text,
                              sizeof(text)))
            found(s, RULE_smbios_string, b->file, t->offset, "%s: string %u",
                  names[i].what, bytes_u8(t->formatted, names[i].at));
        else if (is_placeholder(text))
            found(s, RULE_smbios_placeholder, b->file, t->offset, "%s: \"%s\"",
                  names[i].what, text);
    }
}

/* The year of "MM/DD/YYYY", 0 when it is none. */
static unsigned int date_year(const char *text)
{
    static const char shape[] = "00/00/0000";
    unsigned int month, year;

    for (size_t i = 0; i < sizeof(shape); i++) {
        bool digit = shape[i] == '0';

        if (digit ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return 0;
    }
    month = (unsigned int)atoi(text);
    year = (unsigned int)atoi(text + 6);
    return month >= 1 && month <= 12 && year >= YEAR_FIRST && year <= YEAR_LAST
               ? year
               : 0;
}

static void judge_bios(struct scan *s, const struct smbios *b)
{
    const struct structure *t = smbios_find(b, TYPE_BIOS, NULL);
    unsigned int year;
    char text[TEXT];

    if (!t)
        return;
    if (!structure_string(t, bytes_u8(t->formatted, 8), text, sizeof(text)))
        found(s, RULE_smbios_string, b->file, t->offset, "BIOS date");
    year = date_year(text);
    if (!year)
        found(s, RULE_smbios_date, b->file, t->offset, "\"%s\"", text);
    else if (year < OLD_YEAR)
        found(s, RULE_smbios_old, b->file, t->offset, "%s", text);
    if (bytes_u8(t->formatted, 19) & BIOS_VIRTUAL)
        found(s, RULE_smbios_virtual, b->file, t->offset, "BIOS says so");
}

/* --- Counts ----------------------------------------------------------------- */
static unsigned int cpu_threads(const struct structure *t)
{
    struct bytes b = t->formatted;
    uint8_t status = bytes_u8(b, 24);

    if (!(status & CPU_POPULATED) || (status & 7) != CPU_ENABLED)
        return 0;
    return bytes_u8(b, 37) == 0xff && t->length >= 48 ? bytes_u16(b, 46)
                                                      : bytes_u8(b, 37);
}

static void judge_cpus_said(struct scan *s, const struct smbios *b)
{
    unsigned int threads = 0;

    for (const struct structure *t = smbios_find(b, TYPE_CPU, NULL); t;
         t = smbios_find(b, TYPE_CPU, t))
        threads += cpu_threads(t);
    if (scan_has(s, MADT) && threads > s->m->acpi.madt.enabled)
        found(s, RULE_smbios_cpu_count, b->file, -1, "%u here, %u in the MADT",
              threads, s->m->acpi.madt.enabled);
}

static uint64_t memory_bytes(const struct structure *t)
{
    uint16_t size = bytes_u16(t->formatted, 12);

    if (!size || size == MEMORY_UNKNOWN)
        return 0;
    if (size == MEMORY_EXTENDED)
        return (uint64_t)(bytes_u32(t->formatted, 28) & 0x7fffffff) << 20;
    return size & MEMORY_KIB ? (uint64_t)(size & 0x7fff) << 10
                             : (uint64_t)size << 20;
}

static void judge_memory_said(struct scan *s, const struct smbios *b)
{
    uint64_t said = 0, there;

    for (const struct structure *t = smbios_find(b, TYPE_MEMORY, NULL); t;
         t = smbios_find(b, TYPE_MEMORY, t))
        said += memory_bytes(t);
    if (!scan_has(s, MAP))
        return;
    there = memory_of_type(&s->m->memory, 0, UINT64_MAX, MEMORY_RAM);
    if (there < said / 4 * 3)
        found(s, RULE_smbios_memory, b->file, -1, "%llu MiB here, %llu usable",
              (unsigned long long)(said >> 20),
              (unsigned long long)(there >> 20));
}

static void judge_chassis(struct scan *s, const struct smbios *b)
{
    const struct structure *t = smbios_find(b, TYPE_CHASSIS, NULL);
    const struct structure *array = smbios_find(b, TYPE_MEMORY_ARRAY, NULL);
    uint8_t kind = t ? bytes_u8(t->formatted, 5) & 0x7f : CHASSIS_UNKNOWN;

    if (t && kind <= CHASSIS_UNKNOWN)
        found(s, RULE_smbios_chassis_open, b->file, t->offset, "kind %u", kind);
    if (kind == CHASSIS_RACK && array &&
        bytes_u8(array->formatted, 6) == ECC_NONE)
        found(s, RULE_smbios_no_ecc, b->file, array->offset,
              "memory array 0x%04x", array->handle);
}

void judge_smbios(struct scan *s)
{
    const struct smbios *b = &s->m->smbios;

    judge_entry_point(s, b);
    if (!b->ended)
        found(s, RULE_smbios_no_end, b->file, -1, "%u structures",
              b->structures);
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        if (!smbios_find(b, needed[i].type, NULL))
            found(s, needed[i].rule, b->file, -1, "no type %u", needed[i].type);
    }
    judge_handles(s, b);
    judge_names(s, b);
    judge_bios(s, b);
    judge_cpus_said(s, b);
    judge_memory_said(s, b);
    judge_chassis(s, b);
}

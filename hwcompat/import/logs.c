/*
 * Logs of kernels: memory maps, addresses of ACPI tables, microcode.
 *
 * Linux has printed its maps in two ways over the years, Xen as well; what comes
 * before the words (times, hosts, levels) differs and is skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "record/text.h"

enum {
    LOOK_LINES = 400, /* a log says early what it is */
    EFI_NAMES = 16,
};

static bool any_line(const struct file *f, const char *const *words)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];

    if (!text_like(f->data, f->size))
        return false;
    for (int i = 0; i < LOOK_LINES && text_line(&lines, line); i++)
        for (const char *const *w = words; *w; w++)
            if (strstr(line, *w))
                return true;
    return false;
}

bool xen_log_like(const struct file *f)
{
    static const char *const words[] = {"Xen-e820 RAM map", "EFI RAM map",
                                        "(XEN) Xen version", "(XEN) ", NULL};

    return any_line(f, words);
}

bool kernel_log_like(const struct file *f)
{
    static const char *const words[] = {"BIOS-e820: ", "Linux version ",
                                        "kernel: ",    "] ACPI: ",
                                        "efi: mem",    NULL};

    return any_line(f, words);
}

static const struct {
    const char *name;
    uint32_t type;
} e820_names[] = {
    {"usable", 1},
    {"reserved", 2},
    {"ACPI data", 3},
    {"ACPI NVS", 4},
    {"unusable", 5},
    {"disabled", 6},
    {"soft reserved", 2},
    {"device reserved", 2},
    {"persistent (type 7)", 7},
    {"persistent (type 12)", 12},
};

/* "usable", "(usable)", "type 20". */
static uint32_t e820_type(const char *name)
{
    uint64_t type;

    text_blanks(&name);
    name += *name == '(';
    for (size_t i = 0; i < sizeof(e820_names) / sizeof(e820_names[0]); i++)
        if (strncmp(name, e820_names[i].name, strlen(e820_names[i].name)) == 0)
            return e820_names[i].type;
    return text_skip(&name, "type ") &&
                   text_number(&name, 10, UINT32_MAX, &type)
               ? (uint32_t)type
               : 2;
}

/*
 * "[mem 0x0-0x9fbff] usable", "[0000, 9fbff] (usable)": the last byte;
 * "0000 - 9fc00 (usable)": the one behind it.
 */
static bool range_decode(const char *p, struct record_range *r)
{
    uint64_t end;
    bool last = text_skip(&p, "[");

    if (last)
        (void)text_skip(&p, "mem ");
    if (!text_hex(&p, UINT64_MAX, &r->start) ||
        !(text_skip(&p, " - ") || text_skip(&p, "-") || text_skip(&p, ", ")) ||
        !text_hex(&p, UINT64_MAX, &end) || (last && !text_skip(&p, "]")))
        return false;
    r->size = end - r->start + last;
    r->type = e820_type(p);
    return true;
}

/* UEFI 2.10 table 7.6, as Linux names them; the order is the number. */
static const char *const efi_names[EFI_NAMES] = {
    "Reserved",  "Loader Code",  "Loader Data",  "Boot Code",
    "Boot Data", "Runtime Code", "Runtime Data", "Conventional",
    "Unusable",  "ACPI Reclaim", "ACPI Mem NVS", "MMIO",
    "MMIO Port", "PAL Code",     "Persistent",   "Unaccepted",
};

static const struct {
    const char *name;
    uint64_t bit;
} efi_attributes[] = {
    {"RUN", 1ULL << 63}, {"SP", 1ULL << 18}, {"MR", 1ULL << 16},
    {"RO", 1ULL << 17},  {"XP", 1ULL << 14}, {"RP", 1ULL << 13},
    {"WP", 1ULL << 12},  {"NV", 1ULL << 15}, {"UCE", 1ULL << 4},
    {"WB", 1ULL << 3},   {"WT", 1ULL << 2},  {"WC", 1ULL << 1},
    {"UC", 1ULL << 0},   {"CC", 1ULL << 19},
};

/* "[Boot Data |   |  |WB|WT|WC|UC]" up to its end. */
static void efi_attributes_decode(const char *p, struct record_range *r)
{
    size_t len = strcspn(p, "]");

    for (size_t at = 0; at < len; at++) {
        size_t n = strcspn(p + at, "| ]");

        for (size_t i = 0;
             i < sizeof(efi_attributes) / sizeof(efi_attributes[0]); i++)
            if (n == strlen(efi_attributes[i].name) &&
                strncmp(p + at, efi_attributes[i].name, n) == 0)
                r->attributes |= efi_attributes[i].bit;
        at += n;
    }
}

static void efi_type_decode(const char *p, struct record_range *r)
{
    uint64_t v;

    if (text_skip(&p, "type=") && text_number(&p, 10, UINT32_MAX, &v)) {
        r->type = (uint32_t)v;
        if (text_skip(&p, ", attr=") && text_hex(&p, UINT64_MAX, &v))
            r->attributes = v;
        return;
    }
    (void)text_skip(&p, "[");
    for (uint32_t i = 0; i < EFI_NAMES; i++)
        if (strncmp(p, efi_names[i], strlen(efi_names[i])) == 0)
            r->type = i;
    p = strchr(p, '|');
    if (p)
        efi_attributes_decode(p, r);
}

/* "efi: mem00: ... range=[0x0-0xfff] (0MB)"; ")" behind it: not the last. */
static bool efi_decode(const char *p, struct record_range *r)
{
    const char *range = strstr(p, "range=[");
    uint64_t end, number;

    *r = (struct record_range){.kind = RECORD_EFI};
    if (!text_number(&p, 10, UINT32_MAX, &number) || !text_skip(&p, ":") ||
        !range)
        return false;
    text_blanks(&p);
    efi_type_decode(p, r);
    range += strlen("range=[");
    if (!text_hex(&range, UINT64_MAX, &r->start) || !text_skip(&range, "-") ||
        !text_hex(&range, UINT64_MAX, &end))
        return false;
    r->size = end - r->start + (*range == ']');
    return true;
}

/* "DSDT 0x7F7D0000 00A3F1 (v02 ...", Xen: "DSDT 7F7D0000, A3F1 (r2 ...". */
static void table_decode(struct draft *d, const char *p)
{
    char signature[5] = "";
    uint64_t address, size;

    if (strlen(p) < 6 || p[4] != ' ')
        return;
    memcpy(signature, p, 4);
    p += 5;
    if (!text_hex(&p, UINT64_MAX, &address))
        return;
    (void)text_skip(&p, ",");
    if (!text_skip(&p, " ") || !text_hex(&p, UINT32_MAX, &size) ||
        (*p && *p != ' '))
        return;
    if (memcmp(signature, "RSDP", 4) == 0)
        d->rsdp_address = d->rsdp_address ? d->rsdp_address : address;
    else
        draft_address(d, signature, (size_t)size, address);
}

/* "microcode: CPU3 sig=0x306f2, pf=0x1, revision=0x2b" */
static void microcode_decode(struct draft *d, const char *line)
{
    static const char *const words[] = {
        "patch_level=", " revision=", "Current revision: "};
    const char *p = strstr(line, "microcode: "), *at;
    uint64_t cpu = 0, revision;

    if (!p)
        return;
    p += strlen("microcode: ");
    if (text_skip(&p, "CPU"))
        (void)text_number(&p, 10, RECORD_CPUS_MAX - 1, &cpu);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        at = strstr(line, words[i]);
        if (!at)
            continue;
        at += strlen(words[i]);
        if (text_hex(&at, UINT32_MAX, &revision) && revision)
            draft_microcode(d, (uint32_t)cpu, (uint32_t)revision);
    }
}

static void e820_line(struct draft *d, const char *line, const char *word)
{
    const char *p = strstr(line, word);
    struct record_range r = {.kind = RECORD_E820};

    if (!p)
        return;
    p += strlen(word);
    text_blanks(&p);
    if (range_decode(p, &r))
        draft_range(d, &r);
}

static void kernel_line(struct draft *d, const char *line)
{
    struct record_range r;
    const char *p;

    e820_line(d, line, "BIOS-e820:");
    p = strstr(line, "efi: mem");
    if (p && efi_decode(p + strlen("efi: mem"), &r))
        draft_range(d, &r);
    p = strstr(line, "ACPI: ");
    if (p)
        table_decode(d, p + strlen("ACPI: "));
    microcode_decode(d, line);
}

int kernel_log_read(struct draft *d, const struct file *f,
                    struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    int boots = 0;

    (void)error;
    /* A journal holds many boots; the first one is enough. */
    while (boots < 2 && text_line(&lines, line)) {
        boots += strstr(line, "Linux version ") != NULL;
        if (boots < 2)
            kernel_line(d, line);
    }
    draft_file(d, "logs/kernel.txt", f->data, f->size);
    return 0;
}

/* The map is below its title, one range a line, until another line comes. */
static bool xen_map_line(struct draft *d, const char *p)
{
    struct record_range r = {.kind = RECORD_XEN};

    text_blanks(&p);
    if (!range_decode(p, &r))
        return false;
    draft_range(d, &r);
    return true;
}

int xen_log_read(struct draft *d, const struct file *f,
                 struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    bool in_map = false;

    (void)error;
    while (text_line(&lines, line)) {
        const char *p = strstr(line, "(XEN)");

        p = p ? p + strlen("(XEN)") : line;
        text_blanks(&p);
        /* "[    0.000000]" */
        if (*p == '[' && strchr(p, '.') && strchr(p, ']') &&
            strchr(p, '.') < strchr(p, ']'))
            p = strchr(p, ']') + 1;
        text_blanks(&p);
        if (strstr(p, "RAM map:"))
            in_map = true;
        else if (in_map)
            in_map = xen_map_line(d, p);
        else if (strncmp(p, "ACPI: ", 6) == 0)
            table_decode(d, p + 6);
        else
            kernel_line(d, line);
    }
    draft_file(d, "logs/hypervisor.txt", f->data, f->size);
    return 0;
}

/*
 * Rules of finding ACPI tables, and of what every table begins with.
 */
#include "scan/scan.h"

#include <string.h>

enum {
    RSDP_OLD = 20,
    RSDP_NEW = 36,
    HEADER = 36,
    TABLE_HUGE = 16 << 20,
    FACS_ALIGN = 64,
    ENTRIES_MAX = 512,
};
#define FOUR_GIB (1ULL << 32)

static void judge_rsdp(struct scan *s)
{
    const struct acpi *a = &s->m->acpi;
    bool two = bytes_u8(a->rsdp, 15) >= 2;
    const char *file = "acpi/RSDP";

    if (a->rsdp.n < RSDP_OLD || memcmp(a->rsdp.p, "RSD PTR ", 8) != 0) {
        found(s, RULE_rsdp_signature, file, 0, "no \"RSD PTR \"");
        return;
    }
    if (bytes_sum(bytes_sub(a->rsdp, 0, RSDP_OLD)))
        found(s, RULE_rsdp_checksum, file, 8, "sum is 0x%02x, not 0",
              bytes_sum(bytes_sub(a->rsdp, 0, RSDP_OLD)));
    if (two && bytes_sum(bytes_sub(a->rsdp, 0, RSDP_NEW)))
        found(s, RULE_rsdp_checksum_extended, file, 32, "sum is not 0");
    if (two && bytes_u32(a->rsdp, 20) != RSDP_NEW)
        found(s, RULE_rsdp_length, file, 20, "length %u, expected %u",
              bytes_u32(a->rsdp, 20), RSDP_NEW);
    if (two && !a->xsdt)
        found(s, RULE_rsdp_without_xsdt, file, 24, "revision %u",
              bytes_u8(a->rsdp, 15));
    if (a->rsdp_address >= FOUR_GIB)
        found(s, RULE_rsdp_above_4g, file, -1, "at 0x%llx",
              (unsigned long long)a->rsdp_address);
    if (a->rsdp_address % 16)
        found(s, RULE_rsdp_unaligned, file, -1, "at 0x%llx",
              (unsigned long long)a->rsdp_address);
}

/* --- One table -------------------------------------------------------------- */
static bool printable(struct bytes b, size_t at, size_t n)
{
    for (size_t i = at; i < at + n; i++) {
        uint8_t c = bytes_u8(b, i);

        if (c && (c < ' ' || c > '~'))
            return false;
    }
    return true;
}

static bool is_aml(const struct table *t)
{
    return !strcmp(t->signature, "DSDT") || !strcmp(t->signature, "SSDT");
}

/* Tables of the specifications, as far as somebody here reads them. */
static bool is_read(const struct table *t)
{
    static const char read[] =
        "RSDT XSDT FACP APIC SRAT SLIT MCFG HPET DMAR IVRS BERT EINJ ERST HEST "
        "DSDT SSDT PSDT SPCR DBG2 TPM2 TCPA WAET ECDT HMAT MSCT PCCT NFIT BOOT "
        "BGRT CPEP MPST PMTT SBST SPMI WDAT WDRT WSMT";

    return strstr(read, t->signature) != NULL;
}

static void judge_header(struct scan *s, const struct table *t)
{
    if (!printable(t->b, 0, 4))
        found(s, RULE_table_signature, t->file, 0, "reads \"%s\"",
              t->signature);
    if (!printable(t->b, 10, 14))
        found(s, RULE_table_oem_text, t->file, 10, "reads \"%s\" \"%s\"",
              t->oem_id, t->oem_table_id);
    if (!t->sum_ok)
        found(s, is_read(t) ? RULE_table_checksum : RULE_table_checksum_oem,
              t->file, 9, "%s: sum is 0x%02x, not 0", t->signature,
              bytes_sum(t->b));
    if (is_aml(t) && t->length == HEADER)
        found(s, RULE_aml_bytes, t->file, HEADER, "%s: nothing there",
              t->signature);
}

static void judge_size(struct scan *s, const struct table *t)
{
    bool facs = !strcmp(t->signature, "FACS");

    if (t->length < HEADER && !facs)
        found(s, RULE_table_header, t->file, 4, "%s: length %u", t->signature,
              t->length);
    else if (t->present < t->length)
        found(s, RULE_table_truncated, t->file, 4,
              "%s: length %u, but only %zu bytes", t->signature, t->length,
              t->present);
    else if (!facs)
        judge_header(s, t);
    if (t->present > t->length)
        found(s, RULE_table_trailing, t->file, (long)t->length,
              "%s: %zu bytes more", t->signature, t->present - t->length);
    if (t->length > TABLE_HUGE)
        found(s, RULE_table_huge, t->file, 4, "%s: length %u", t->signature,
              t->length);
}

static void judge_place(struct scan *s, const struct table *t)
{
    if (!t->address || !scan_has(s, MAP))
        return;
    if (in_ram(s, t->address, t->length))
        found(s, RULE_table_in_ram, t->file, -1, "%s at 0x%llx", t->signature,
              (unsigned long long)t->address);
    else if (t->length && !mapped_otherwise(s, t->address, t->length))
        found(s, RULE_table_unmapped, t->file, -1, "%s at 0x%llx", t->signature,
              (unsigned long long)t->address);
}

/* --- All of them ------------------------------------------------------------ */

/* Only tables that the hypervisor reads: others have uses of their own. */
static const char *const once[] = {"FACP", "APIC", "SRAT", "SLIT", "MCFG",
                                   "HPET", "DMAR", "IVRS", "HEST", "EINJ",
                                   "ERST", "DSDT", "FACS", "BERT"};

static void judge_twice(struct scan *s)
{
    for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++) {
        const struct table *t = acpi_table(&s->m->acpi, once[i], 1);

        if (t)
            found(s, RULE_table_twice, t->file, 0, "%s again", t->signature);
    }
}

static bool tables_overlap(const struct table *a, const struct table *b)
{
    return a->address && b->address && a->address < b->address + b->length &&
           b->address < a->address + a->length && a->address != b->address;
}

static void judge_overlap(struct scan *s)
{
    const struct acpi *a = &s->m->acpi;

    for (unsigned int i = 0; i < a->tables; i++) {
        for (unsigned int j = 0; j < i; j++) {
            if (tables_overlap(&a->table[i], &a->table[j]))
                found(s, RULE_table_overlap, a->table[i].file, -1,
                      "%s overlaps %s", a->table[i].signature,
                      a->table[j].signature);
        }
    }
}

static uint64_t root_entry(const struct table *root, unsigned int width,
                           unsigned int i)
{
    size_t at = HEADER + (size_t)i * width;

    return width == 8 ? bytes_u64(root->b, at) : bytes_u32(root->b, at);
}

static bool address_known(const struct acpi *a, uint64_t address)
{
    for (unsigned int i = 0; i < a->tables; i++) {
        if (a->table[i].address == address)
            return true;
    }
    return false;
}

static bool entry_before(const struct table *root, unsigned int width,
                         unsigned int i)
{
    for (unsigned int j = 0; j < i; j++) {
        if (root_entry(root, width, j) == root_entry(root, width, i))
            return true;
    }
    return false;
}

static unsigned int root_entries(const struct table *root, unsigned int width)
{
    size_t n = root->b.n > HEADER ? (root->b.n - HEADER) / width : 0;

    return n > ENTRIES_MAX ? ENTRIES_MAX : (unsigned int)n;
}

static void judge_root(struct scan *s, const struct table *root,
                       unsigned int width)
{
    unsigned int n = root_entries(root, width);

    if (root->length > HEADER && (root->length - HEADER) % width)
        found(s, RULE_root_size, root->file, 4, "%s: length %u",
              root->signature, root->length);
    for (unsigned int i = 0; i < n; i++) {
        uint64_t address = root_entry(root, width, i);
        long at = (long)(HEADER + i * width);

        if (!address)
            found(s, RULE_root_entry_null, root->file, at, "entry %u", i);
        else if (entry_before(root, width, i))
            found(s, RULE_root_entry_twice, root->file, at, "0x%llx again",
                  (unsigned long long)address);
        else if (scan_has(s, ACPI_FULL) && !address_known(&s->m->acpi, address))
            found(s, RULE_root_entry_unknown, root->file, at,
                  "no table at 0x%llx", (unsigned long long)address);
    }
}

static bool root_names(const struct table *root, unsigned int width,
                       uint64_t address)
{
    for (unsigned int i = 0; i < root_entries(root, width); i++) {
        if (root_entry(root, width, i) == address)
            return true;
    }
    return false;
}

/* FADT and tables above 4 GiB may have two copies: only counts are compared. */
static void judge_roots(struct scan *s)
{
    const struct table *wide = acpi_table(&s->m->acpi, "XSDT", 0);
    const struct table *old = acpi_table(&s->m->acpi, "RSDT", 0);
    unsigned int missing = 0;

    if (wide)
        judge_root(s, wide, 8);
    if (old)
        judge_root(s, old, 4);
    if (!wide && !old && scan_has(s, ACPI_FULL))
        found(s, RULE_root_missing, NULL, -1, "no RSDT and no XSDT");
    if (!wide || !old)
        return;
    for (unsigned int i = 0; i < root_entries(old, 4); i++)
        missing += !root_names(wide, 8, root_entry(old, 4, i));
    if (missing && root_entries(old, 4) != root_entries(wide, 8))
        found(s, RULE_root_differ, old->file, HEADER,
              "%u tables here, %u there", root_entries(old, 4),
              root_entries(wide, 8));
}

static void judge_missing(struct scan *s)
{
    const struct acpi *a = &s->m->acpi;
    const struct fadt *f = &a->fadt;
    bool reduced = f->table && f->flags >> 20 & 1;

    if (!a->rsdp.n)
        found(s, RULE_rsdp_missing, NULL, -1, "no RSDP");
    if (!f->table)
        found(s, RULE_fadt_missing, NULL, -1, "no FACP");
    if (!a->madt.table)
        found(s, RULE_madt_missing, NULL, -1, "no APIC");
    if (!a->dsdt && !a->partial)
        found(s, RULE_dsdt_missing, NULL, -1, "no DSDT");
    if (!a->facs && !reduced)
        found(s, RULE_facs_missing, NULL, -1, "no FACS");
    if (a->facs && a->facs->b.n < FACS_ALIGN)
        found(s, RULE_facs_length, a->facs->file, 4, "%zu bytes", a->facs->b.n);
}

void judge_tables(struct scan *s)
{
    const struct acpi *a = &s->m->acpi;

    if (a->rsdp.n)
        judge_rsdp(s);
    judge_missing(s);
    judge_roots(s);
    for (unsigned int i = 0; i < a->tables; i++) {
        judge_size(s, &a->table[i]);
        judge_place(s, &a->table[i]);
    }
    judge_twice(s);
    judge_overlap(s);
}

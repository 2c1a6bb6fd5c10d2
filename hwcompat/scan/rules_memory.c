/*
 * Rules of the memory map (ACPI 6.5 chapter 15, UEFI 2.10 7.2).
 */
#include "scan/scan.h"

enum {
    PAGE = 4096,
    RANGES_ROOM = 128,
    PIECES_ROOM = 32,
    EFI_LOADER_FIRST = 3, /* boot services: code, data */
    EFI_RUNTIME_CODE = 5,
    EFI_RUNTIME_DATA = 6,
};
#define LOW_END     0xa0000ULL
#define LOW_LEAST   0x10000ULL
#define ONE_MIB     0x100000ULL
#define FOUR_GIB    (1ULL << 32)
#define LAPIC_PAGE  0xfee00000ULL
#define IOAPIC_PAGE 0xfec00000ULL
#define RAM_LEAST   (512ULL << 20)
#define BOOT_MUCH   (1ULL << 30)
/* UEFI 2.10 7.2: attributes that forbid writing and executing. */
#define EFI_XP (1ULL << 14)
#define EFI_RO (1ULL << 17)

static unsigned long long hex(uint64_t v)
{
    return v;
}

static void judge_range(struct scan *s, const struct memory *m,
                        const struct range *r)
{
    long nr = (long)(r - m->range);

    if (r->end < r->start)
        found(s, RULE_map_wraps, "memory", nr, "0x%llx to 0x%llx",
              hex(r->start), hex(r->end));
    if (r->end == r->start)
        found(s, RULE_map_empty_range, "memory", nr, "at 0x%llx",
              hex(r->start));
    if (r->type == MEMORY_RAM && (r->start % PAGE || r->end % PAGE))
        found(s, RULE_map_unaligned, "memory", nr, "0x%llx to 0x%llx",
              hex(r->start), hex(r->end));
    if (!r->type || (r->type > MEMORY_PMEM && r->type < 12) || r->type == 6)
        found(s, RULE_map_type, "memory", nr, "type %u", r->type);
    if (r->type == MEMORY_UNUSABLE)
        found(s, RULE_map_unusable, "memory", nr, "0x%llx to 0x%llx",
              hex(r->start), hex(r->end));
    if (r->type == MEMORY_PMEM)
        found(s, RULE_map_pmem, "memory", nr, "0x%llx to 0x%llx", hex(r->start),
              hex(r->end));
}

static void judge_pair(struct scan *s, const struct memory *m, unsigned int i,
                       unsigned int j)
{
    const struct range *a = &m->range[j], *b = &m->range[i];
    bool ram = (a->type == MEMORY_RAM) != (b->type == MEMORY_RAM);

    if (a->start >= b->end || b->start >= a->end)
        return;
    found(s, ram ? RULE_map_conflict : RULE_map_overlap, "memory", (long)i,
          "0x%llx to 0x%llx (type %u), and 0x%llx to 0x%llx (type %u)",
          hex(a->start), hex(a->end), a->type, hex(b->start), hex(b->end),
          b->type);
}

static void judge_ranges(struct scan *s, const struct memory *m)
{
    unsigned int pieces = 0;

    for (unsigned int i = 0; i < m->ranges; i++) {
        const struct range *r = &m->range[i];

        judge_range(s, m, r);
        for (unsigned int j = 0; j < i; j++)
            judge_pair(s, m, i, j);
        if (i && r->start < m->range[i - 1].start)
            found(s, RULE_map_unsorted, "memory", (long)i,
                  "0x%llx after 0x%llx", hex(r->start),
                  hex(m->range[i - 1].start));
        pieces += r->type == MEMORY_RAM && !r->efi && r->start < FOUR_GIB;
    }
    if (m->ranges > RANGES_ROOM)
        found(s, RULE_map_many, "memory", -1, "%u ranges", m->ranges);
    if (pieces > PIECES_ROOM)
        found(s, RULE_map_scattered, "memory", -1, "%u pieces", pieces);
}

/* --- What must be, and what must not be ------------------------------------- */
static void judge_total(struct scan *s, const struct memory *m)
{
    uint64_t all = memory_of_type(m, 0, UINT64_MAX, MEMORY_RAM);
    uint64_t low = memory_of_type(m, 0, LOW_END, MEMORY_RAM);

    if (!all)
        found(s, RULE_map_no_ram, "memory", -1, "%u ranges", m->ranges);
    else if (all < RAM_LEAST)
        found(s, RULE_map_little_ram, "memory", -1, "%llu MiB", hex(all >> 20));
    if (!low)
        found(s, RULE_map_no_low, "memory", -1, "none");
    else if (low < LOW_LEAST)
        found(s, RULE_map_little_low, "memory", -1, "%llu KiB", hex(low >> 10));
    if (!in_ram(s, ONE_MIB, PAGE))
        found(s, RULE_map_hole_at_1m, "memory", -1, "0x100000 is not usable");
}

static void judge_places(struct scan *s)
{
    if (in_ram(s, LOW_END, ONE_MIB - LOW_END))
        found(s, RULE_map_bios_area, "memory", -1, "below 1 MiB");
    if (in_ram(s, LAPIC_PAGE, PAGE))
        found(s, RULE_map_apic_in_ram, "memory", -1, "0xfee00000 is usable");
    if (in_ram(s, IOAPIC_PAGE, PAGE))
        found(s, RULE_map_ioapic_in_ram, "memory", -1, "0xfec00000 is usable");
}

static void judge_beyond(struct scan *s, const struct memory *m)
{
    unsigned int bits;

    if (!scan_has(s, CPU))
        return;
    bits = s->m->cpu[0].phys_bits;
    for (unsigned int i = 0; i < m->ranges && bits < 64; i++) {
        if (m->range[i].type == MEMORY_RAM && m->range[i].end > 1ULL << bits)
            found(s, RULE_map_beyond_cpu, "memory", (long)i,
                  "ends at 0x%llx, %u address bits", hex(m->range[i].end),
                  bits);
    }
}

static void judge_efi(struct scan *s, const struct memory *m)
{
    uint64_t boot = 0;

    for (unsigned int i = 0; i < m->ranges; i++) {
        const struct range *r = &m->range[i];
        bool runtime = r->efi && (r->efi_type == EFI_RUNTIME_CODE ||
                                  r->efi_type == EFI_RUNTIME_DATA);

        if (!r->efi)
            continue;
        if (r->efi_type == EFI_RUNTIME_CODE &&
            !(r->attributes & (EFI_XP | EFI_RO)))
            found(s, RULE_efi_runtime_writable, "memory", (long)i,
                  "0x%llx to 0x%llx", hex(r->start), hex(r->end));
        if (runtime && (r->start % PAGE || r->end % PAGE))
            found(s, RULE_efi_runtime_unaligned, "memory", (long)i,
                  "0x%llx to 0x%llx", hex(r->start), hex(r->end));
        if (r->efi_type == EFI_LOADER_FIRST ||
            r->efi_type == EFI_LOADER_FIRST + 1)
            boot += r->end - r->start;
    }
    if (boot > BOOT_MUCH)
        found(s, RULE_efi_boot_services, "memory", -1, "%llu MiB",
              hex(boot >> 20));
}

void judge_memory(struct scan *s)
{
    const struct memory *m = &s->m->memory;

    judge_ranges(s, m);
    judge_total(s, m);
    judge_places(s);
    judge_beyond(s, m);
    if (scan_has(s, EFI_MAP))
        judge_efi(s, m);
}

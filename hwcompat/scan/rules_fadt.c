/*
 * Rules of the FADT: fixed hardware, sleep and reset (ACPI 6.5 5.2.9).
 */
#include "scan/scan.h"

#include <stddef.h>

enum fadt_flag {
    FLAG_WBINVD = 1 << 0,
    FLAG_RESET = 1 << 10,
    FLAG_TIMER_32 = 1 << 8,
    FLAG_CLUSTER = 1 << 18,
    FLAG_PHYSICAL = 1 << 19,
    FLAG_REDUCED = 1 << 20,
};

enum boot_arch {
    BOOT_LEGACY = 1 << 0,
    BOOT_8042 = 1 << 1,
    BOOT_NO_VGA = 1 << 2,
    BOOT_NO_MSI = 1 << 3,
    BOOT_NO_ASPM = 1 << 4,
    BOOT_NO_CMOS = 1 << 5,
};

enum {
    LENGTH_1 = 116,
    LENGTH_2 = 129,
    LENGTH_3 = 244,
    LENGTH_5 = 268,
    LENGTH_6 = 276,
    PROFILES = 9,
    OFF_RESET = 116,
};

/* Least length by revision; 0: nothing is asked. */
static const uint16_t fadt_length[] = {0,        LENGTH_1, LENGTH_2, LENGTH_3,
                                       LENGTH_3, LENGTH_5, LENGTH_6};

static uint64_t block_address(const struct block *b)
{
    return b->wide.address ? b->wide.address : b->old;
}

/* --- Single bits: a rule for each ------------------------------------------- */
static const struct {
    uint32_t bit;
    bool when; /* the rule is broken when the bit is this */
    enum rule_id rule;
} flag_rules[] =
    {
        {FLAG_WBINVD, false, RULE_fadt_no_wbinvd},
        {FLAG_PHYSICAL, true, RULE_fadt_force_physical},
        {FLAG_CLUSTER, true, RULE_fadt_force_cluster},
        {FLAG_REDUCED, true, RULE_fadt_hardware_reduced},
},
  arch_rules[] = {
      {BOOT_LEGACY, false, RULE_fadt_no_legacy},
      {BOOT_8042, false, RULE_fadt_no_keyboard_controller},
      {BOOT_NO_VGA, true, RULE_fadt_no_vga},
      {BOOT_NO_MSI, true, RULE_fadt_no_msi},
      {BOOT_NO_ASPM, true, RULE_fadt_no_aspm},
      {BOOT_NO_CMOS, true, RULE_fadt_no_cmos_clock},
};

static void judge_flags(struct scan *s, const struct fadt *f)
{
    const char *file = f->table->file;
    uint32_t both = FLAG_CLUSTER | FLAG_PHYSICAL;

    for (size_t i = 0; i < sizeof(flag_rules) / sizeof(*flag_rules); i++) {
        if (!!(f->flags & flag_rules[i].bit) == flag_rules[i].when)
            found(s, flag_rules[i].rule, file, 112, "flags 0x%x", f->flags);
    }
    for (size_t i = 0; i < sizeof(arch_rules) / sizeof(*arch_rules); i++) {
        if (f->table->revision >= 2 &&
            !!(f->boot_arch & arch_rules[i].bit) == arch_rules[i].when)
            found(s, arch_rules[i].rule, file, 109, "boot flags 0x%x",
                  f->boot_arch);
    }
    if ((f->flags & both) == both)
        found(s, RULE_fadt_flags_contradict, file, 112, "flags 0x%x", f->flags);
    if (!(f->flags & FLAG_TIMER_32) && block_address(&f->pm_timer))
        found(s, RULE_fadt_pm_timer_24, file, 112, "flags 0x%x", f->flags);
}

/* --- Register blocks -------------------------------------------------------- */
struct block_place {
    const char *name;
    const struct block *block;
    long offset;
};

static void judge_block(struct scan *s, const struct fadt *f,
                        const struct block_place *p)
{
    const struct gas *w = &p->block->wide;
    const char *file = f->table->file;

    if (!w->address)
        return;
    if (p->block->old && p->block->old != w->address)
        found(s, RULE_fadt_blocks_differ, file, p->offset,
              "%s: 0x%x and 0x%llx", p->name, p->block->old,
              (unsigned long long)w->address);
    if (w->space > GAS_IO)
        found(s, RULE_fadt_block_space, file, p->offset, "%s: space %u",
              p->name, w->space);
    if (p->block->length && w->bits && w->bits != p->block->length * 8 &&
        p->block->length < 32)
        found(s, RULE_fadt_block_width, file, p->offset,
              "%s: %u bits, %u bytes", p->name, w->bits, p->block->length);
}

static void judge_blocks(struct scan *s, const struct fadt *f)
{
    const struct block_place places[] = {
        {"PM1a event", &f->pm1a_event, 148},
        {"PM1b event", &f->pm1b_event, 160},
        {"PM1a control", &f->pm1a_control, 172},
        {"PM1b control", &f->pm1b_control, 184},
        {"PM2", &f->pm2, 196},
        {"PM timer", &f->pm_timer, 208},
        {"GPE0", &f->gpe0, 220},
        {"GPE1", &f->gpe1, 232},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        judge_block(s, f, &places[i]);
}

static void judge_pm1(struct scan *s, const struct fadt *f)
{
    const char *file = f->table->file;

    if (!block_address(&f->pm1a_event))
        found(s, RULE_fadt_pm1a_event, file, 56, "address 0");
    else if (f->pm1a_event.length < 4)
        found(s, RULE_fadt_pm1_length, file, 88, "PM1 event: %u bytes",
              f->pm1a_event.length);
    if (!block_address(&f->pm1a_control))
        found(s, RULE_fadt_pm1a_control, file, 64, "address 0");
    else if (f->pm1a_control.length < 2)
        found(s, RULE_fadt_pm1_length, file, 89, "PM1 control: %u bytes",
              f->pm1a_control.length);
    if (!block_address(&f->pm_timer))
        found(s, RULE_fadt_pm_timer_missing, file, 76, "address 0");
    else if (f->pm_timer.length != 4)
        found(s, RULE_fadt_pm_timer_length, file, 91, "%u bytes",
              f->pm_timer.length);
    if (f->smi_command && !f->acpi_enable)
        found(s, RULE_fadt_smi_enable, file, 52, "port 0x%x", f->smi_command);
    if (!f->sci)
        found(s, RULE_fadt_sci_zero, file, 46, "interrupt 0");
}

/* GPE blocks as hardware has them; at a zero address there is none. */
static void judge_gpe(struct scan *s, const struct fadt *f)
{
    uint64_t a = block_address(&f->gpe0), b = block_address(&f->gpe1);
    const char *file = f->table->file;

    if (a && f->gpe0.length % 2)
        found(s, RULE_fadt_gpe_length, file, 92, "GPE0: %u bytes",
              f->gpe0.length);
    if (b && f->gpe1.length % 2)
        found(s, RULE_fadt_gpe_length, file, 93, "GPE1: %u bytes",
              f->gpe1.length);
    if (a && b && f->gpe0.length && f->gpe1.length && a < b + f->gpe1.length &&
        b < a + f->gpe0.length)
        found(s, RULE_fadt_gpe_overlap, file, 84, "at 0x%llx and 0x%llx",
              (unsigned long long)a, (unsigned long long)b);
}

enum { RESET_BITS = 8, SPACE_PCI = 2 };

static void judge_reset(struct scan *s, const struct fadt *f)
{
    const struct gas *r = &f->reset;
    const char *file = f->table->file;

    if (!(f->flags & FLAG_RESET) || !r->address)
        found(s, RULE_fadt_reset_missing, file, OFF_RESET, "flags 0x%x",
              f->flags);
    else if (r->space > SPACE_PCI || r->offset ||
             (r->bits && r->bits != RESET_BITS))
        found(s, RULE_fadt_reset_invalid, file, OFF_RESET,
              "space %u, %u bits, offset %u", r->space, r->bits, r->offset);
}

static void judge_links(struct scan *s, const struct fadt *f)
{
    const char *file = f->table->file;

    if (f->dsdt32 && f->dsdt64 && f->dsdt32 != f->dsdt64)
        found(s, RULE_dsdt_differ, file, 140, "0x%x and 0x%llx", f->dsdt32,
              (unsigned long long)f->dsdt64);
    if (f->facs32 && f->facs64 && f->facs32 != f->facs64)
        found(s, RULE_facs_differ, file, 132, "0x%x and 0x%llx", f->facs32,
              (unsigned long long)f->facs64);
    if ((f->facs64 ? f->facs64 : f->facs32) % 64)
        found(s, RULE_facs_unaligned, file, 36, "at 0x%llx",
              (unsigned long long)(f->facs64 ? f->facs64 : f->facs32));
}

enum { C2_OFF = 100, C3_OFF = 1000 };

void judge_fadt(struct scan *s)
{
    const struct fadt *f = &s->m->acpi.fadt;
    const struct table *t = f->table;
    uint16_t least = t->revision < sizeof(fadt_length) / sizeof(*fadt_length)
                         ? fadt_length[t->revision]
                         : LENGTH_6;

    if (t->length < least)
        found(s, RULE_fadt_length, t->file, 4, "revision %u, length %u",
              t->revision, t->length);
    if (f->profile >= PROFILES)
        found(s, RULE_fadt_profile, t->file, 45, "profile %u", f->profile);
    if (f->c2_latency > C2_OFF && f->c3_latency > C3_OFF)
        found(s, RULE_fadt_c2_c3, t->file, 96, "%u and %u us", f->c2_latency,
              f->c3_latency);
    if (t->length >= LENGTH_6 && f->hypervisor[0])
        found(s, RULE_fadt_virtual, t->file, 268, "\"%s\"", f->hypervisor);
    judge_links(s, f);
    judge_flags(s, f);
    judge_reset(s, f);
    if (f->flags & FLAG_REDUCED)
        return;
    judge_blocks(s, f);
    judge_pm1(s, f);
    judge_gpe(s, f);
}

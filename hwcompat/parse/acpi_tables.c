/*
 * ACPI tables with a fixed layout: FADT, SLIT, MCFG, HPET, and those of APEI
 * (ACPI 6.5 chapters 5.2 and 18, PCI Firmware 3.3 4.1.2, HPET 1.0a 3.2.4).
 */
#include "parse/decoders.h"

#include <string.h>

struct gas gas_read(struct bytes b, size_t at)
{
    return (struct gas){
        .space = bytes_u8(b, at),
        .bits = bytes_u8(b, at + 1),
        .offset = bytes_u8(b, at + 2),
        .access = bytes_u8(b, at + 3),
        .address = bytes_u64(b, at + 4),
    };
}

static struct block block_read(struct bytes b, size_t old, size_t length,
                               size_t wide)
{
    return (struct block){
        .old = bytes_u32(b, old),
        .length = bytes_u8(b, length),
        .wide = gas_read(b, wide),
    };
}

void decode_fadt(struct machine *m, const struct table *t)
{
    struct bytes b = t->b;

    m->acpi.fadt = (struct fadt){
        .table = t,
        .facs32 = bytes_u32(b, 36),
        .dsdt32 = bytes_u32(b, 40),
        .profile = bytes_u8(b, 45),
        .sci = bytes_u16(b, 46),
        .smi_command = bytes_u32(b, 48),
        .acpi_enable = bytes_u8(b, 52),
        .acpi_disable = bytes_u8(b, 53),
        .pm1a_event = block_read(b, 56, 88, 148),
        .pm1b_event = block_read(b, 60, 88, 160),
        .pm1a_control = block_read(b, 64, 89, 172),
        .pm1b_control = block_read(b, 68, 89, 184),
        .pm2 = block_read(b, 72, 90, 196),
        .pm_timer = block_read(b, 76, 91, 208),
        .gpe0 = block_read(b, 80, 92, 220),
        .gpe1 = block_read(b, 84, 93, 232),
        .c2_latency = bytes_u16(b, 96),
        .c3_latency = bytes_u16(b, 98),
        .century = bytes_u8(b, 108),
        .boot_arch = bytes_u16(b, 109),
        .flags = bytes_u32(b, 112),
        .reset = gas_read(b, 116),
        .reset_value = bytes_u8(b, 128),
        .facs64 = bytes_u64(b, 132),
        .dsdt64 = bytes_u64(b, 140),
    };
    bytes_text(b, 268, 8, m->acpi.fadt.hypervisor);
}

enum { SLIT_BODY = 44, SLIT_NODES = 1024 };

void decode_slit(struct machine *m, const struct table *t)
{
    uint64_t nodes = bytes_u64(t->b, 36);
    bool there = nodes <= SLIT_NODES &&
                 bytes_has(t->b, SLIT_BODY, (size_t)(nodes * nodes));

    m->acpi.slit = (struct slit){t, nodes, NULL};
    if (there)
        m->acpi.slit.distance = t->b.p + SLIT_BODY;
    else
        machine_flaw(m, FLAW_COUNT, "SLIT", t->file, 36, 0, (uint32_t)nodes);
}

enum { MCFG_BODY = 44, MCFG_ENTRY = 16 };

void decode_mcfg(struct machine *m, const struct table *t)
{
    struct mcfg *g = &m->acpi.mcfg;
    uint32_t at;

    g->table = t;
    for (at = MCFG_BODY; bytes_has(t->b, at, MCFG_ENTRY); at += MCFG_ENTRY) {
        if (g->entries == UNITS_MAX) {
            machine_flaw(m, FLAW_TOO_MANY, "MCFG", t->file, at, 0, UNITS_MAX);
            return;
        }
        g->entry[g->entries++] = (struct mcfg_entry){
            .base = bytes_u64(t->b, at),
            .segment = bytes_u16(t->b, at + 8),
            .first = bytes_u8(t->b, at + 10),
            .last = bytes_u8(t->b, at + 11),
            .offset = at,
        };
    }
    if (at != t->b.n)
        machine_flaw(m, FLAW_ENTRY_BEYOND, "MCFG", t->file, at, 0, MCFG_ENTRY);
}

void decode_hpet(struct machine *m, const struct table *t)
{
    m->acpi.hpet = (struct hpet){
        .table = t,
        .id = bytes_u32(t->b, 36),
        .base = gas_read(t->b, 40),
        .number = bytes_u8(t->b, 52),
        .min_tick = bytes_u16(t->b, 53),
    };
}

/* Length by type (ACPI 6.5 18.3.2); banks come on top. 0: no such type. */
static const uint8_t hest_length[] = {40, 48, 20, 0,  0,  0,
                                      48, 44, 56, 64, 92, 48};
static const uint8_t hest_banks[] = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
enum { HEST_BODY = 40, HEST_BANK = 28 };

/* Where a type has its number of banks. */
static uint32_t hest_entry_length(struct bytes b, uint32_t at, uint32_t type)
{
    static const uint8_t bank_place[] = {[0] = 32, [1] = 44, [11] = 44};
    uint32_t length = hest_length[type];

    if (hest_banks[type])
        length += HEST_BANK * bytes_u8(b, at + bank_place[type]);
    return length;
}

void decode_hest(struct machine *m, const struct table *t)
{
    struct error_tables *e = &m->acpi.errors;
    uint32_t at = HEST_BODY;

    e->hest = t;
    e->hest_sources = bytes_u32(t->b, 36);
    while (at < t->b.n) {
        uint32_t type = bytes_u16(t->b, at);
        uint32_t length = type < sizeof(hest_length) && hest_length[type]
                              ? hest_entry_length(t->b, at, type)
                              : 0;

        if (!length || !bytes_has(t->b, at, length)) {
            machine_flaw(m, length ? FLAW_ENTRY_BEYOND : FLAW_ENTRY_TYPE,
                         "HEST", t->file, at, type, length);
            return;
        }
        e->hest_seen++;
        at += length;
    }
}

void decode_bert(struct machine *m, const struct table *t)
{
    m->acpi.errors.bert = t;
    m->acpi.errors.bert_length = bytes_u32(t->b, 36);
    m->acpi.errors.bert_region = bytes_u64(t->b, 40);
}

enum { ACTIONS_BODY = 48, ACTION_BYTES = 32 };

static uint32_t actions_check(struct machine *m, const struct table *t)
{
    uint32_t said = bytes_u32(t->b, 44);

    if (t->b.n < ACTIONS_BODY || said > (t->b.n - ACTIONS_BODY) / ACTION_BYTES)
        machine_flaw(m, FLAW_COUNT, t->signature, t->file, 44, 0, said);
    return said;
}

void decode_einj(struct machine *m, const struct table *t)
{
    m->acpi.errors.einj = t;
    m->acpi.errors.einj_entries = actions_check(m, t);
}

void decode_erst(struct machine *m, const struct table *t)
{
    m->acpi.errors.erst = t;
    m->acpi.errors.erst_entries = actions_check(m, t);
}

/*
 * ACPI tables of IOMMUs: DMAR (VT-d 4.1 chapter 8) and IVRS (AMD IOMMU 3.09
 * chapter 5).
 */
#include "parse/decoders.h"

static const uint8_t dmar_least[] = {16, 24, 8, 20, 8, 8};
static const uint8_t scope_least[] = {0, 8, 8, 8, 8, 6};
enum { DMAR_BODY = 48, DMAR_HEADER = 16 };

static void add_scope(struct machine *m, const struct table *t,
                      struct scope *list, unsigned int *nr, struct scope s)
{
    if (*nr == SCOPES_MAX)
        machine_flaw(m, FLAW_TOO_MANY, t->signature, t->file, s.offset, s.type,
                     SCOPES_MAX);
    else
        list[(*nr)++] = s;
}

static void dmar_scopes(struct machine *m, struct dmar_unit *u,
                        const struct entry *e, uint32_t from)
{
    struct dmar *d = &m->acpi.dmar;
    const struct table *t = d->table;
    struct walk w = {m,
                     t,
                     ENTRY_8_8,
                     e->offset + from,
                     e->offset + (uint32_t)e->b.n,
                     scope_least,
                     sizeof(scope_least)};
    struct entry s;

    while (walk_next(&w, &s)) {
        add_scope(m, t, d->scope, &d->scopes,
                  (struct scope){
                      .unit = d->units,
                      .type = (uint8_t)s.type,
                      .id = bytes_u8(s.b, 4),
                      .bus = bytes_u8(s.b, 5),
                      .device = bytes_u8(s.b, 6),
                      .function = bytes_u8(s.b, 7),
                      .segment = u->segment,
                      .offset = s.offset,
                  });
        u->scopes++;
    }
}

static void add_unit(struct machine *m, const struct entry *e)
{
    /* Where the scopes of a type begin; 0: it has none. */
    static const uint8_t scopes_at[] = {16, 24, 8, 0, 0};
    struct dmar *d = &m->acpi.dmar;
    struct dmar_unit *u = &d->unit[d->units];
    bool region = e->type == DMAR_RMRR;

    *u = (struct dmar_unit){
        .type = (enum dmar_type)e->type,
        .flags = bytes_u8(e->b, 4),
        .segment = bytes_u16(e->b, 6),
        .base = bytes_u64(e->b, 8),
        .limit = region ? bytes_u64(e->b, 16) : 0,
        .domain = e->type == DMAR_RHSA ? bytes_u32(e->b, 16) : 0,
        .offset = e->offset,
    };
    if (scopes_at[e->type])
        dmar_scopes(m, u, e, scopes_at[e->type]);
    d->units++;
}

void decode_dmar(struct machine *m, const struct table *t)
{
    struct walk w = {m,         t,          ENTRY_16_16,       DMAR_BODY,
                     t->length, dmar_least, sizeof(dmar_least)};
    struct dmar *d = &m->acpi.dmar;
    struct entry e;

    d->table = t;
    d->width = bytes_u8(t->b, 36);
    d->flags = bytes_u8(t->b, 37);
    while (walk_next(&w, &e)) {
        if (e.type > DMAR_ANDD)
            continue;
        if (d->units == UNITS_MAX) {
            machine_flaw(m, FLAW_TOO_MANY, "DMAR", t->file, e.offset, e.type,
                         UNITS_MAX);
            return;
        }
        add_unit(m, &e);
    }
}

enum { IVRS_BODY = 48, IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40 };
enum { IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_SOME = 0x22 };
static const uint8_t ivrs_least[IVHD_40 + 1] = {
    [IVHD_10] = 24,  [IVHD_11] = 40,  [IVHD_40] = 40,
    [IVMD_ALL] = 32, [IVMD_ONE] = 32, [IVMD_SOME] = 32,
};
enum { DEVICE_SPECIAL = 0x48, DEVICE_VARIABLE = 0xf0 };

/* Bytes of a device entry: its type's two highest bits, or its own fields. */
static uint32_t device_length(struct bytes b, uint32_t at)
{
    uint8_t type = bytes_u8(b, at);

    if (type == DEVICE_VARIABLE)
        return 22U + bytes_u8(b, at + 21);
    return 4U << (type >> 6);
}

static void ivhd_devices(struct machine *m, const struct entry *e)
{
    struct ivrs *v = &m->acpi.ivrs;
    uint32_t at = e->type == IVHD_10 ? 24 : 40;

    while (at < e->b.n) {
        uint32_t length = device_length(e->b, at);

        if (!bytes_has(e->b, at, length)) {
            machine_flaw(m, FLAW_ENTRY_BEYOND, "IVRS", v->table->file,
                         e->offset + at, bytes_u8(e->b, at), length);
            return;
        }
        if (bytes_u8(e->b, at) == DEVICE_SPECIAL)
            add_scope(m, v->table, v->scope, &v->scopes,
                      (struct scope){
                          .unit = v->units,
                          .id = bytes_u8(e->b, at + 4),
                          .device = bytes_u8(e->b, at + 5) >> 3,
                          .function = bytes_u8(e->b, at + 5) & 7,
                          .bus = bytes_u8(e->b, at + 6),
                          .type = bytes_u8(e->b, at + 7),
                          .offset = e->offset + at,
                      });
        at += length;
    }
}

static bool is_ivhd(uint32_t type)
{
    return type == IVHD_10 || type == IVHD_11 || type == IVHD_40;
}

static void add_ivrs_unit(struct machine *m, const struct entry *e)
{
    struct ivrs *v = &m->acpi.ivrs;
    bool unit = is_ivhd(e->type);

    v->unit[v->units] = (struct ivrs_unit){
        .type = (uint8_t)e->type,
        .flags = bytes_u8(e->b, 1),
        .device = bytes_u16(e->b, 4),
        .capability = unit ? bytes_u16(e->b, 6) : 0,
        .segment = unit ? bytes_u16(e->b, 16) : 0,
        .base = bytes_u64(e->b, unit ? 8 : 16),
        .length = unit ? 0 : bytes_u64(e->b, 24),
        .offset = e->offset,
    };
    if (unit)
        ivhd_devices(m, e);
    v->units++;
}

void decode_ivrs(struct machine *m, const struct table *t)
{
    struct walk w = {m,         t,          ENTRY_8_16,        IVRS_BODY,
                     t->length, ivrs_least, sizeof(ivrs_least)};
    struct ivrs *v = &m->acpi.ivrs;
    struct entry e;

    v->table = t;
    v->info = bytes_u32(t->b, 36);
    while (walk_next(&w, &e)) {
        if (v->units == UNITS_MAX) {
            machine_flaw(m, FLAW_TOO_MANY, "IVRS", t->file, e.offset, e.type,
                         UNITS_MAX);
            return;
        }
        add_ivrs_unit(m, &e);
    }
}

/*
 * A machine and its tables: creation, flaws, and finding things again.
 */
#include "parse/machine.h"

#include "parse/decoders.h"

#include <stdlib.h>
#include <string.h>

void bytes_text(struct bytes b, size_t at, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = bytes_u8(b, at + i);

        text[i] = (char)(!c ? ' ' : c < ' ' || c > '~' ? '?' : c);
    }
    while (n && text[n - 1] == ' ')
        n--;
    text[n] = 0;
}

struct machine *machine_create(void)
{
    struct machine *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->acpi.madt.cpu = calloc(CPUS_MAX, sizeof(*m->acpi.madt.cpu));
    m->acpi.srat.cpu = calloc(CPUS_MAX, sizeof(*m->acpi.srat.cpu));
    if (m->acpi.madt.cpu && m->acpi.srat.cpu)
        return m;
    machine_destroy(m);
    return NULL;
}

void machine_destroy(struct machine *m)
{
    if (!m)
        return;
    free(m->acpi.madt.cpu);
    free(m->acpi.srat.cpu);
    free(m->cpu);
    free(m->pci);
    free(m);
}

void machine_flaw(struct machine *m, enum flaw_kind kind, const char *table,
                  const char *file, uint32_t offset, uint32_t type,
                  uint32_t length)
{
    if (m->flaws == FLAWS_MAX) {
        m->flaws_lost++;
        return;
    }
    m->flaw[m->flaws++] =
        (struct flaw){kind, table, file, offset, type, length};
}

enum { HEADER_BYTES = 36, FACS_LEAST = 64 };

static bool has_common_header(const char *signature)
{
    return strcmp(signature, "FACS") != 0;
}

void machine_add_table(struct machine *m, const char *file, struct bytes b,
                       uint64_t address)
{
    struct acpi *a = &m->acpi;
    struct table *t;

    if (a->tables == TABLES_MAX) {
        machine_flaw(m, FLAW_TOO_MANY, "XSDT", file, 0, 0, TABLES_MAX);
        return;
    }
    t = &a->table[a->tables++];
    bytes_text(b, 0, 4, t->signature);
    t->file = file;
    t->length = bytes_u32(b, 4);
    t->present = b.n;
    t->b = bytes_sub(b, 0, t->length);
    t->address = address;
    if (!has_common_header(t->signature)) {
        t->sum_ok = true;
        return;
    }
    t->revision = bytes_u8(b, 8);
    bytes_text(b, 10, 6, t->oem_id);
    bytes_text(b, 16, 8, t->oem_table_id);
    t->oem_revision = bytes_u32(b, 24);
    t->sum_ok =
        t->length >= HEADER_BYTES && t->b.n == t->length && !bytes_sum(t->b);
}

const struct table *acpi_table(const struct acpi *a, const char *signature,
                               unsigned int nth)
{
    for (unsigned int i = 0; i < a->tables; i++) {
        if (!strcmp(a->table[i].signature, signature) && !nth--)
            return &a->table[i];
    }
    return NULL;
}

static const struct {
    const char *signature;
    void (*decode)(struct machine *m, const struct table *t);
} decoders[] = {
    {"FACP", decode_fadt}, {"APIC", decode_madt}, {"SRAT", decode_srat},
    {"SLIT", decode_slit}, {"MCFG", decode_mcfg}, {"HPET", decode_hpet},
    {"DMAR", decode_dmar}, {"IVRS", decode_ivrs}, {"HEST", decode_hest},
    {"BERT", decode_bert}, {"EINJ", decode_einj}, {"ERST", decode_erst},
};

void machine_decode_acpi(struct machine *m)
{
    struct acpi *a = &m->acpi;

    for (unsigned int i = 0; i < sizeof(decoders) / sizeof(*decoders); i++) {
        const struct table *t = acpi_table(a, decoders[i].signature, 0);

        if (t)
            decoders[i].decode(m, t);
    }
    a->facs = acpi_table(a, "FACS", 0);
    a->dsdt = acpi_table(a, "DSDT", 0);
    a->rsdt = bytes_u32(a->rsdp, 16);
    a->xsdt = bytes_u8(a->rsdp, 15) >= 2 ? bytes_u64(a->rsdp, 24) : 0;
}

static uint32_t entry_type(const struct walk *w)
{
    struct bytes b = w->table->b;

    return w->form == ENTRY_16_16 ? bytes_u16(b, w->at) : bytes_u8(b, w->at);
}

static uint32_t entry_length(const struct walk *w)
{
    struct bytes b = w->table->b;

    if (w->form == ENTRY_8_8)
        return bytes_u8(b, w->at + 1);
    return bytes_u16(b, w->at + 2);
}

static uint32_t least_length(const struct walk *w, uint32_t type)
{
    return type < w->types ? w->least[type] : 0;
}

/* Whether the entry at w->at may be handed out; `length` is how far to go. */
static bool entry_whole(struct walk *w, uint32_t type, uint32_t length)
{
    uint32_t least = least_length(w, type);

    if (!least)
        machine_flaw(w->m, FLAW_ENTRY_TYPE, w->table->signature, w->table->file,
                     w->at, type, length);
    else if (length < least)
        machine_flaw(w->m, FLAW_ENTRY_SHORT, w->table->signature,
                     w->table->file, w->at, type, length);
    return least && length >= least;
}

static bool walk_stops(struct walk *w, uint32_t type, uint32_t length)
{
    uint32_t header = w->form == ENTRY_8_8 ? 2 : 4;
    bool empty = length < header;

    if (!empty && length <= w->end - w->at)
        return false;
    machine_flaw(w->m, empty ? FLAW_ENTRY_EMPTY : FLAW_ENTRY_BEYOND,
                 w->table->signature, w->table->file, w->at, type, length);
    return true;
}

bool walk_next(struct walk *w, struct entry *e)
{
    if (w->end > w->table->b.n)
        w->end = (uint32_t)w->table->b.n;
    while (w->at < w->end) {
        uint32_t type = entry_type(w), length = entry_length(w);
        uint32_t at = w->at;

        if (walk_stops(w, type, length)) {
            w->at = w->end;
            return false;
        }
        if (entry_whole(w, type, length)) {
            w->at += length;
            *e = (struct entry){type, at, bytes_sub(w->table->b, at, length)};
            return true;
        }
        w->at += length;
    }
    return false;
}

uint64_t memory_of_type(const struct memory *m, uint64_t start, uint64_t length,
                        uint32_t type)
{
    uint64_t end = start + length < start ? UINT64_MAX : start + length;
    uint64_t sum = 0;

    for (unsigned int i = 0; i < m->ranges; i++) {
        const struct range *r = &m->range[i];
        uint64_t from = r->start > start ? r->start : start;
        uint64_t to = r->end < end ? r->end : end;

        if (r->type == type && from < to)
            sum += to - from;
    }
    return sum;
}

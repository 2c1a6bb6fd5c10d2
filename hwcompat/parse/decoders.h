/*
 * The decoders of single ACPI tables, and the walk over entries they share.
 */
#ifndef PARSE_DECODERS_H
#define PARSE_DECODERS_H

#include "parse/machine.h"

/* How an entry of a table says its type and length. */
enum entry_form {
    ENTRY_8_8,   /* type, length: a byte each (MADT, SRAT, scopes) */
    ENTRY_16_16, /* two bytes each (DMAR) */
    ENTRY_8_16,  /* type, a byte of flags, length (IVRS) */
};

struct entry {
    uint32_t type, offset;
    struct bytes b; /* header included */
};

struct walk {
    struct machine *m;
    const struct table *table;
    enum entry_form form;
    uint32_t at, end;
    const uint8_t *least; /* least length by type; 0: unknown type */
    unsigned int types;
};

/* The next entry that is whole. Flaws are noted; a short entry is skipped. */
bool walk_next(struct walk *w, struct entry *e);

void decode_fadt(struct machine *m, const struct table *t);
void decode_madt(struct machine *m, const struct table *t);
void decode_srat(struct machine *m, const struct table *t);
void decode_slit(struct machine *m, const struct table *t);
void decode_mcfg(struct machine *m, const struct table *t);
void decode_hpet(struct machine *m, const struct table *t);
void decode_dmar(struct machine *m, const struct table *t);
void decode_ivrs(struct machine *m, const struct table *t);
void decode_hest(struct machine *m, const struct table *t);
void decode_bert(struct machine *m, const struct table *t);
void decode_einj(struct machine *m, const struct table *t);
void decode_erst(struct machine *m, const struct table *t);

struct gas gas_read(struct bytes b, size_t at);

#endif

/*
 * A record while it is made: parts are added, then it is scrubbed and written.
 *
 * The draft owns what it was given. The first failure sticks (no memory, a
 * cap): draft_write() reports it, so that adding needs no checks.
 */
#ifndef RECORD_DRAFT_H
#define RECORD_DRAFT_H

#include <cjson/cJSON.h>

#include "hwcompat/record.h"
#include "record/cpu_text.h"
#include "record/files.h"

enum {
    DRAFT_NOTES_MAX = 256,
    DRAFT_TEXT_BYTES = 256,
    DRAFT_IDENTIFIERS_MAX = 256,
    DRAFT_IDENTIFIER_BYTES = 48,
};

struct draft_table {
    char signature[5];
    uint64_t address;
    bool dynamic;
    unsigned int source; /* the last one that had it */
    uint8_t *data;
    size_t size;
};

struct draft_pci {
    uint32_t segment;
    uint8_t bus, device, function;
    uint8_t *config;
    size_t size;
};

/* What was taken out, where. */
struct draft_scrub {
    char where[64], what[64];
    unsigned int count;
};

struct draft {
    bool live;             /* of this machine, not of somebody's dump */
    bool privileged;       /* live: as root */
    const char *date;      /* borrowed; NULL: not said */
    struct file_set files; /* texts, as they are */
    struct draft_table table[RECORD_TABLES_MAX];
    size_t tables;
    uint64_t rsdp_address;
    uint8_t *rsdp;
    size_t rsdp_size;
    uint8_t *smbios_entry, *smbios;
    size_t smbios_entry_size, smbios_size;
    bool smbios_rebuilt;
    struct record_range range[RECORD_MEMORY_MAX];
    size_t ranges;
    unsigned int range_source[3]; /* by kind: the first one that had a map */
    struct cpu_set cpuid, msr, microcode;
    struct draft_pci pci[RECORD_FILES_MAX];
    size_t pcis;
    cJSON *system;       /* members by part */
    cJSON *sources;      /* array: what was read */
    unsigned int source; /* whose tables are added now */
    unsigned int sources_nr;
    char missing[RECORD_PARTS][DRAFT_TEXT_BYTES];
    char note[DRAFT_NOTES_MAX][DRAFT_TEXT_BYTES];
    size_t notes;
    struct draft_scrub scrub[DRAFT_NOTES_MAX];
    size_t scrubs;
    char identifier[DRAFT_IDENTIFIERS_MAX][DRAFT_IDENTIFIER_BYTES];
    size_t identifiers;
    int failed;
    struct record_error error;
};

struct draft *draft_create(void); /* NULL: no memory */
void draft_destroy(struct draft *d);

void draft_file(struct draft *d, const char *name, const void *data,
                size_t size);
/* A table that two sources have is one table; in one source it is two. */
void draft_table(struct draft *d, const char *signature, uint64_t address,
                 bool dynamic, const void *data, size_t size);
/* Where a table of that size (0: any) lay, if that was not known. */
void draft_address(struct draft *d, const char *signature, size_t size,
                   uint64_t address);
void draft_rsdp(struct draft *d, uint64_t address, const void *data,
                size_t size);
void draft_smbios_entry(struct draft *d, const void *data, size_t size);
/* Bytes of a machine replace those that were rebuilt from a listing. */
void draft_smbios(struct draft *d, bool rebuilt, const void *data, size_t size);
/* The map of the first source that has one; maps are not mixed. */
void draft_range(struct draft *d, const struct record_range *range);
void draft_cpuid(struct draft *d, uint32_t cpu, const struct record_leaf *leaf);
void draft_msr(struct draft *d, uint32_t cpu, uint32_t index, uint64_t value);
void draft_microcode(struct draft *d, uint32_t cpu, uint32_t revision);
/* A function that is there already stays as it is. */
void draft_pci(struct draft *d, const struct draft_pci *address,
               const void *config, size_t size);
/* `take_value` belongs to the draft; NULL is a failure of memory. */
void draft_system(struct draft *d, enum record_part part, cJSON *take_value);
void draft_source(struct draft *d, const char *kind, const char *name);

/* Why a part is not whole. The first reason stays. */
void draft_missing(struct draft *d, enum record_part part, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void draft_note(struct draft *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void draft_scrubbed(struct draft *d, const char *where, const char *what,
                    unsigned int count);
/* A serial number or the like: goes wherever it shows up. */
void draft_identifier(struct draft *d, const char *value, size_t len);
/* Keeps `rc` and the text if it is the first failure. */
void draft_fail(struct draft *d, int rc, const struct record_error *error);

/*
 * Scrubs (unless `keep_identifiers`), encodes, checks the result as a reader
 * would, and writes it: an archive if the name says so. The draft is used up.
 */
int draft_write(struct draft *d, bool keep_identifiers, const char *path,
                struct record_error *error);
/* The same into a set of files. */
int draft_encode(struct draft *d, bool keep_identifiers, struct file_set *out,
                 struct record_error *error);

#endif

/*
 * Taking a record of the machine that this runs on, part by part.
 *
 * Every taker reads what it can and says what it could not; none fails for what
 * a machine does not have or a user may not read.
 */
#ifndef TAKE_TAKE_H
#define TAKE_TAKE_H

#include "record/draft.h"

struct take {
    const char *root; /* in front of /sys, /proc and /dev; "" */
    const char *date; /* NULL: none */
    struct draft *d;
};

/* The whole record, written to `path`. */
int machine_record(const struct take *how, bool keep_identifiers,
                   const char *path, struct record_error *error);

void take_acpi(struct take *t);
void take_smbios(struct take *t);
void take_memory(struct take *t);
void take_cpus(struct take *t);
void take_pci(struct take *t);
void take_iommu(struct take *t);
void take_numa(struct take *t);
void take_interrupts(struct take *t);
void take_timers(struct take *t);
void take_nics(struct take *t);
void take_disks(struct take *t);
void take_efi(struct take *t);
void take_tpm(struct take *t);
void take_logs(struct take *t);

/* True if this is the machine's own tree, and not one that was copied. */
bool take_here(const struct take *t);

#endif

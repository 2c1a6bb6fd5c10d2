/* The whole database as one XML document, out and in. */
#ifndef TRANSFER_DUMP_H
#define TRANSFER_DUMP_H

#include "buf.h"
#include "request.h"

/* Where a dump that is being written has got to. */
struct dump {
    char (*refs)[REF_BYTES]; /* of all objects, class by class; owned */
    size_t nr, next;
    int class_nr; /* the table that is open; -1: none yet */
    bool over;
};

void dump_init(struct dump *d, const struct db *db);
void dump_fini(struct dump *d);
/* Adds about `room` bytes. Objects that went since the beginning are left out.
 */
void dump_write(struct dump *d, const struct db *db, struct buf *out,
                size_t room);

/*
 * Replaces the pool by that of a dump: machines stop, sessions and tasks stay.
 * With `dry_run` it only looks whether that could be. 0, or API_FAILED, and
 * then nothing has changed.
 */
int dump_restore(struct request *r, const char *xml, size_t len, bool dry_run);

#endif

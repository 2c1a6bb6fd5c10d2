/*
 * The database goes to volumes as it changes, at most once a second: what a
 * disaster takes away is the last second.
 */
#ifndef RECOVERY_REPLICATION_H
#define RECOVERY_REPLICATION_H

#include "request.h"

enum {
    REPLICATION_MS = 1000,
};

/* Writes what is due; when more is (INT64_MAX: when something changes). */
int64_t replication_step(struct toolstack *ts);

/* Takes up what a loaded database says. */
void replication_recover(struct toolstack *ts);

/* Looks into the volumes of an SR for databases of other pools. */
void metadata_discover(struct request *r, const struct object *sr);

#endif

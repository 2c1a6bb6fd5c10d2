/*
 * A pool's database in a volume, for another pool to read after a disaster.
 *
 * A block of METADATA_HEADER bytes says what follows: a magic word, the
 * generation, the length and the pool's uuid, all as text in one line. Then
 * comes one JSON document: a list of [class, reference, fields]. What a volume
 * says is not trusted: lengths are bounded, unknown classes and fields dropped.
 */
#ifndef RECOVERY_METADATA_H
#define RECOVERY_METADATA_H

#include "request.h"

#define METADATA_MAGIC "touchstone-metadata-1"

enum {
    METADATA_HEADER = 512,
    METADATA_BYTES_MAX = 192 << 20,
};

struct metadata_info {
    uint64_t generation;
    size_t len;
    char pool[UUID_BYTES];
};

/* Writes the whole database. 0, -EFBIG or what the storage says. */
int metadata_write(struct toolstack *ts, const struct object *vdi);

/* What the volume holds. 0, or -EINVAL: no database. */
int metadata_info(struct toolstack *ts, const struct object *vdi,
                  struct metadata_info *info);
/* The header alone, from its bytes; for metadata_info and for tests. */
int metadata_parse(const char header[METADATA_HEADER],
                   struct metadata_info *info);

/* Reads the database into an empty one. 0 or -Exxx. */
int metadata_read(struct toolstack *ts, const struct object *vdi,
                  struct db *db);

#endif

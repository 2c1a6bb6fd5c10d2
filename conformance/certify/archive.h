/*
 * The tar inside of a bundle, in one form only: plain files, sorted by name,
 * headers that follow from name and size, zeros behind. What could be written
 * in two ways is refused, so that no byte of it can change unseen.
 */
#ifndef CERTIFY_ARCHIVE_H
#define CERTIFY_ARCHIVE_H

#include "bytes.h"
#include "findings.h"

enum {
    MEMBERS_MAX = 4096,
    NAME_BYTES = 100, /* with its zero; ustar without prefix */
    /* Of every member, 2000-01-01: the times of a run are in PRODUCT.yaml. */
    MEMBER_TIME = 946684800,
};

struct member {
    char name[NAME_BYTES];
    struct bytes data; /* borrowed */
    size_t offset;     /* of its header in the tar */
};

struct archive {
    struct member *members;
    int nr, room;
};

/* A name that cannot leave the folder that it is unpacked to. */
bool member_name_good(struct bytes name);

/*
 * Reads `tar`, which the members then borrow from. What is wrong is added to
 * `f` under `file`, with its offset. Plain files of a tar that others wrote are
 * members all the same, so that what was changed in them can be named.
 */
void archive_read(struct archive *a, struct bytes tar, const char *file,
                  struct findings *f);
/* -EINVAL: a bad name; -E2BIG: too many members. The data is borrowed. */
int archive_add(struct archive *a, const char *name, struct bytes data);
/* By name, as the tar has them. */
void archive_sort(struct archive *a);
/* Sorts the members, and makes a tar, to be freed. */
void archive_write(struct archive *a, char **tar, size_t *nr);
const struct member *archive_find(const struct archive *a, const char *name);
/* Its data; empty when it is not there. */
struct bytes archive_data(const struct archive *a, const char *name);
void archive_fini(struct archive *a);

#endif

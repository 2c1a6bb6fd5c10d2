/* Pieces of text that are borrowed, and whole files in memory. */
#ifndef CERTIFY_BYTES_H
#define CERTIFY_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
    const char *at;
    size_t nr;
};

struct bytes bytes_of(const char *text);
bool bytes_same(struct bytes a, struct bytes b);
bool bytes_is(struct bytes b, const char *text);
/* By their bytes, a shorter one first: the order of names in a bundle. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_starts(struct bytes b, const char *text);

/*
 * Takes what stands before the separator from the front of `rest`, and the
 * separator. False: `rest` was empty.
 */
bool bytes_take(struct bytes *rest, char separator, struct bytes *out);

/* A copy to be freed, with a zero behind it. */
char *bytes_copy(struct bytes b);

/*
 * The whole of a file, to be freed, with a zero behind it. -EFBIG: longer than
 * `max`; other errors as of open and read.
 */
int file_read(const char *path, size_t max, char **data, size_t *nr);
/* Made anew or replaced at once; on the disk when it returns. */
int file_write(const char *path, unsigned mode, struct bytes data);

#endif

/*
 * Checksums of the pieces of an export: XXH64 as new ones carry it, SHA-1 as
 * old ones do.
 */
#ifndef TRANSFER_DIGEST_H
#define TRANSFER_DIGEST_H

#include <stddef.h>

enum digest_kind {
    DIGEST_XXH64, /* 16 hexadecimal digits, upper case */
    DIGEST_SHA1,  /* 40 of them, lower case */
    DIGEST_KINDS,
};

enum {
    DIGEST_TEXT_BYTES = 41,
};

struct digest;

/* Never NULL. */
struct digest *digest_create(enum digest_kind kind);
void digest_destroy(struct digest *d);
void digest_feed(struct digest *d, const void *data, size_t len);
/* Ends one and begins the next; `text` has DIGEST_TEXT_BYTES. */
void digest_take(struct digest *d, char *text);

/* Of bytes that are all there. */
void digest_text(enum digest_kind kind, const void *data, size_t len,
                 char *text);

/* ".xxhash" or ".checksum". */
const char *digest_suffix(enum digest_kind kind);

#endif

/*
 * A bundle as a file: one zstd frame with the tar, then a skippable frame with
 * an Ed25519 signature over every byte before it. `tar --zstd -x` reads it.
 */
#ifndef CERTIFY_CONTAINER_H
#define CERTIFY_CONTAINER_H

#include "bytes.h"
#include "findings.h"
#include "key.h"

enum {
    SEAL_HEAD_BYTES = 8, /* magic number and length of the skippable frame */
    SEAL_BYTES = SEAL_HEAD_BYTES + SIGNATURE_BYTES,
    BUNDLE_MAX = 64 << 20,
    TAR_MAX = 256 << 20,
};

struct container {
    struct bytes frame;        /* what the seal signs; borrowed */
    const unsigned char *seal; /* borrowed; NULL: there is none */
    char *tar;                 /* owned; NULL: nothing could be unpacked */
    size_t tar_nr;             /* less than it should be when damaged */
};

/* Reads as far as that goes; what is wrong is added with its offset. */
void container_read(struct container *c, struct bytes file, const char *name,
                    struct findings *f);
void container_fini(struct container *c);

/* A bundle to be freed. Negative: the key is none, or no memory. */
int container_write(struct bytes tar, struct bytes private_pem, char **file,
                    size_t *nr);

#endif

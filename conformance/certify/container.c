/* A bundle as a file: a zstd frame and a seal. RFC 8878, sections 3.1.1-2. */
#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
    LEVEL = 10,
    ROOM_FIRST = 1 << 20,
};

/* 0x184d2a53, and 64, both little endian. */
static const unsigned char seal_head[SEAL_HEAD_BYTES] = {
    0x53, 0x2a, 0x4d, 0x18, SIGNATURE_BYTES, 0, 0, 0};

static void split_seal(struct container *c, struct bytes file, const char *name,
                       struct findings *f)
{
    size_t body = file.nr < SEAL_BYTES ? file.nr : file.nr - SEAL_BYTES;

    c->frame = file;
    if (body == file.nr ||
        memcmp(file.at + body, seal_head, SEAL_HEAD_BYTES) != 0) {
        findings_add(f, "seal", AT_BYTE(name, body),
                     "no seal at the end: truncated, or something follows");
        return;
    }
    c->frame.nr = body;
    c->seal = (const unsigned char *)file.at + body + SEAL_HEAD_BYTES;
}

/*
 * What the frame says that it holds, or a start where it does not say, as
 * frames of others; 0: nothing that may be unpacked.
 */
static size_t content_size(struct bytes frame, const char *name,
                           struct findings *f)
{
    unsigned long long said = ZSTD_getFrameContentSize(frame.at, frame.nr);

    if (said == ZSTD_CONTENTSIZE_ERROR) {
        findings_add(f, "archive", AT_BYTE(name, 0), "this is no zstd frame");
        return 0;
    }
    if (said == ZSTD_CONTENTSIZE_UNKNOWN) {
        findings_add(f, "archive", AT_BYTE(name, 0),
                     "the frame does not tell its size: certify did not write "
                     "it");
        return ROOM_FIRST;
    }
    if (!said || said > TAR_MAX) {
        findings_add(f, "archive", AT_BYTE(name, 0),
                     "it would unpack to %llu bytes; at most %d are taken",
                     said, TAR_MAX);
        return 0;
    }
    return (size_t)said;
}

/* More room behind what is full; false: that is too much. */
static bool grow(struct container *c, ZSTD_outBuffer *out)
{
    size_t room = 2 * out->size;
    char *more;

    if (room > TAR_MAX)
        return false;
    more = realloc(c->tar, room);
    if (!more)
        return false;
    c->tar = more;
    out->dst = more;
    out->size = room;
    return true;
}

static void unpack(struct container *c, ZSTD_DCtx *zstd, size_t room,
                   const char *name, struct findings *f)
{
    ZSTD_inBuffer in = {c->frame.at, c->frame.nr, 0};
    ZSTD_outBuffer out = {c->tar, room, 0};
    size_t left, before;

    do {
        before = in.pos + out.pos;
        left = ZSTD_decompressStream(zstd, &out, &in);
    } while (
        left && !ZSTD_isError(left) &&
        (out.pos == out.size ? grow(c, &out) : in.pos + out.pos != before));
    c->tar_nr = out.pos;
    if (ZSTD_isError(left))
        findings_add(f, "archive", AT_BYTE(name, in.pos),
                     "the compressed data is damaged: %s",
                     ZSTD_getErrorName(left));
    else if (left)
        findings_add(f, "archive", AT_BYTE(name, in.pos),
                     out.pos == out.size
                         ? "it unpacks to too much"
                         : "the compressed data ends too early");
    else if (in.pos != c->frame.nr)
        findings_add(f, "archive", AT_BYTE(name, in.pos),
                     "%zu bytes follow the compressed data",
                     c->frame.nr - in.pos);
}

void container_read(struct container *c, struct bytes file, const char *name,
                    struct findings *f)
{
    ZSTD_DCtx *zstd;
    size_t room;

    *c = (struct container){.tar = NULL};
    split_seal(c, file, name, f);
    room = content_size(c->frame, name, f);
    if (!room)
        return;
    c->tar = malloc(room);
    zstd = ZSTD_createDCtx();
    if (c->tar && zstd)
        unpack(c, zstd, room, name, f);
    else
        findings_add(f, "archive", IN_FILE(name), "no memory to unpack it");
    (void)ZSTD_freeDCtx(zstd); /* it cannot fail */
}

void container_fini(struct container *c)
{
    free(c->tar);
    *c = (struct container){.tar = NULL};
}

/* One frame with its size and its checksum; the bytes that it has. */
static size_t compress(struct bytes tar, char *to, size_t room)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    size_t nr;

    if (!zstd)
        return 0;
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    nr = ZSTD_compress2(zstd, to, room, tar.at, tar.nr);
    (void)ZSTD_freeCCtx(zstd); /* it cannot fail */
    return ZSTD_isError(nr) ? 0 : nr;
}

int container_write(struct bytes tar, struct bytes private_pem, char **file,
                    size_t *nr)
{
    size_t body, room = ZSTD_compressBound(tar.nr) + SEAL_BYTES;
    char *out = tar.nr > TAR_MAX ? NULL : malloc(room);
    int rc;

    if (!out)
        return tar.nr > TAR_MAX ? -EFBIG : -ENOMEM;
    body = compress(tar, out, room - SEAL_BYTES);
    rc = body ? 0 : -ENOMEM;
    if (body + SEAL_BYTES > BUNDLE_MAX)
        rc = -EFBIG;
    if (!rc) {
        memcpy(out + body, seal_head, SEAL_HEAD_BYTES);
        rc = key_sign(private_pem, (struct bytes){out, body},
                      (unsigned char *)out + body + SEAL_HEAD_BYTES);
    }
    if (rc) {
        free(out);
        return rc;
    }
    *file = out;
    *nr = body + SEAL_BYTES;
    return 0;
}

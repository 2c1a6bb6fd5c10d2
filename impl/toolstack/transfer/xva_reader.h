/*
 * Reads an XVA archive as it arrives: a tar file, compressed or not, of
 * "ova.xml" and then, disk after disk, chunks with their checksums.
 *
 * Chunks of zeros are left out: the number in a chunk's name says how many
 * came before. Nothing but the description is kept in memory, and that is
 * bounded by XVA_XML_BYTES_MAX.
 */
#ifndef TRANSFER_XVA_READER_H
#define TRANSFER_XVA_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"
#include "squeeze.h"
#include "tar.h"

enum {
    XVA_CHUNK_BYTES = 1 << 20,
    XVA_CHUNK_BYTES_MAX = 64 << 20,
    XVA_XML_BYTES_MAX = 64 << 20,
    XVA_DISKS_MAX = 4096,
    XVA_ID_BYTES = 64,
};

#define XVA_XML_NAME "ova.xml"

/* How a reading ends that does not end well. */
enum xva_error {
    XVA_OK,
    XVA_REFUSED,         /* what a callback said */
    XVA_UNEXPECTED_FILE, /* `expected` and `actual` say which */
    XVA_CHECKSUM,
    XVA_PREMATURE_EOF,
    XVA_BROKEN, /* `why` says how */
};

struct xva_disk {
    char id[XVA_ID_BYTES]; /* its name in the archive */
    uint64_t size, offset; /* bytes of it; what came so far */
    int64_t chunk;         /* last number; -1: none yet */
    void *cookie;          /* the caller's */
};

struct xva_events {
    /* The description; xva_reader_expect is called from here. 0 or -Exxx. */
    int (*header)(void *ctx, const char *xml, size_t len);
    /* 0 or -Exxx. Offsets grow; what is skipped is zeros. */
    int (*write)(void *ctx, const struct xva_disk *disk, uint64_t offset,
                 const void *data, size_t len);
};

struct xva_reader {
    const struct xva_events *events;
    void *ctx;
    bool xml_only;  /* what follows the description is ignored */
    bool lenient;   /* wrong checksums are accepted */
    bool checksums; /* chunks have checksums behind them */
    struct tar_reader tar;
    struct squeeze *squeeze; /* NULL: the first block is not here yet */
    unsigned char first[TAR_BLOCK_BYTES];
    size_t first_len;
    struct buf text;        /* of the description, or of a checksum */
    struct xva_disk *disks; /* in the order of the archive */
    int disks_nr, disk;     /* `disk`: the present one */
    int64_t first_chunk_len;
    uint64_t total, done; /* bytes of all disks */
    struct digest *digests[DIGEST_KINDS];
    char sums[DIGEST_KINDS][DIGEST_TEXT_BYTES]; /* of the last chunk */
    char chunk_name[TAR_NAME_BYTES + 1];
    enum { XVA_AT_XML, XVA_AT_CHUNK, XVA_AT_SUM, XVA_AT_END } at;
    enum xva_error error;
    int rc; /* of the callback that refused */
    const char *expected, *why;
    char actual[TAR_NAME_BYTES + 1];
};

void xva_reader_init(struct xva_reader *x, const struct xva_events *events,
                     void *ctx);
void xva_reader_fini(struct xva_reader *x);

/* A disk that will follow. 0, or -E2BIG, -EEXIST. */
int xva_reader_expect(struct xva_reader *x, const char *id, uint64_t size,
                      void *cookie);

/* 0, or -EBADMSG once `error` is not XVA_OK. */
int xva_feed(struct xva_reader *x, const void *data, size_t len);
/* The input has ended: 0, or -EBADMSG when it should not have. */
int xva_finish(struct xva_reader *x);
/* Whether the archive has said that it ends. */
bool xva_at_end(const struct xva_reader *x);
/* Whether everything that is expected has come. */
bool xva_complete(const struct xva_reader *x);

#endif

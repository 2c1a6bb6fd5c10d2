/*
 * Tar archives as streams: a writer of headers and padding, and a reader that
 * takes whatever arrives and calls back (POSIX.1-1988 ustar).
 *
 * Neither holds more than one header. Names are at most 255 bytes.
 */
#ifndef TRANSFER_TAR_H
#define TRANSFER_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

enum {
    TAR_BLOCK_BYTES = 512,
    TAR_NAME_BYTES = 256,
};

/* A regular file's header; its contents, then tar_pad, must follow. */
void tar_begin(struct buf *out, const char *name, uint64_t size,
               int64_t mtime_s);
void tar_pad(struct buf *out, uint64_t size);
/* The two empty blocks that end an archive. */
void tar_end(struct buf *out);
/* A whole file. */
void tar_file(struct buf *out, const char *name, const void *data, size_t size,
              int64_t mtime_s);

/*
 * What a reader tells of regular files; other kinds are skipped. Each returns 0
 * or -Exxx, which ends the reading. `name` is borrowed for the call.
 */
struct tar_events {
    int (*begin)(void *ctx, const char *name, uint64_t size);
    int (*data)(void *ctx, const void *data, size_t len);
    int (*end)(void *ctx);
};

struct tar_reader {
    const struct tar_events *events;
    void *ctx;
    unsigned char header[TAR_BLOCK_BYTES];
    size_t header_len;
    uint64_t left, padding; /* of the present file */
    bool telling;           /* the present file is a regular one */
    int empty_blocks;       /* two end the archive; what follows is ignored */
};

void tar_reader_init(struct tar_reader *t, const struct tar_events *events,
                     void *ctx);
/* 0, -EBADMSG: not a tar header, or what a callback returned. */
int tar_feed(struct tar_reader *t, const void *data, size_t len);
/* Whether the archive has ended, or could end here. */
bool tar_complete(const struct tar_reader *t);
/* Whether a block is the header of a file. */
bool tar_is_header(const void *block);

#endif

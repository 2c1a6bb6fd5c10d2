/*
 * Compression and expansion of streams: gzip, zstd, or nothing.
 *
 * What comes out goes to a sink in pieces of at most SQUEEZE_PIECE_BYTES (as it
 * came, when nothing is done to it), so that a small input which expands to a
 * lot never lies in memory.
 */
#ifndef TRANSFER_SQUEEZE_H
#define TRANSFER_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>

enum squeeze_kind {
    SQUEEZE_NONE,
    SQUEEZE_GZIP,
    SQUEEZE_ZSTD,
};

enum {
    SQUEEZE_PIECE_BYTES = 64 << 10,
    SQUEEZE_MAGIC_BYTES = 4, /* what squeeze_guess looks at */
};

/* 0, or -Exxx, which ends the stream. */
typedef int (*squeeze_sink_fn)(void *ctx, const void *data, size_t len);

struct squeeze;

/* Never NULL. */
struct squeeze *squeeze_create(enum squeeze_kind kind, bool expand,
                               squeeze_sink_fn sink, void *ctx);
void squeeze_destroy(struct squeeze *s);

/* 0, -EBADMSG: cannot be expanded, or what the sink returned. */
int squeeze_feed(struct squeeze *s, const void *data, size_t len);
/* Writes what is left; -EBADMSG: the input ended too early. */
int squeeze_finish(struct squeeze *s);

/* By the first bytes; SQUEEZE_NONE when they belong to neither. */
enum squeeze_kind squeeze_guess(const void *data, size_t len);

#endif

/* Compression and expansion of streams by zlib (RFC 1952) and zstd (RFC 8878).
 */
#include "squeeze.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "arena.h"

enum {
    GZIP_WINDOW = 15 + 16, /* of zlib: with gzip's header */
    ZSTD_WINDOW_LOG_MAX = 27,
};

/* How one kind works in one direction. */
struct squeeze_way {
    int (*begin)(struct squeeze *s);
    int (*feed)(struct squeeze *s, const void *data, size_t len, bool last);
    void (*end)(struct squeeze *s);
};

struct squeeze {
    const struct squeeze_way *way;
    squeeze_sink_fn sink;
    void *ctx;
    z_stream z;
    ZSTD_CCtx *compress;
    ZSTD_DCtx *expand;
    bool between; /* expansion: at the end of a member or frame */
    unsigned char piece[SQUEEZE_PIECE_BYTES];
};

static int pass_feed(struct squeeze *s, const void *data, size_t len, bool last)
{
    (void)last;
    return len ? s->sink(s->ctx, data, len) : 0;
}

static int pass_begin(struct squeeze *s)
{
    s->between = true;
    return 0;
}

static void pass_end(struct squeeze *s)
{
    (void)s;
}

/* --- gzip ------------------------------------------------------------- */

static int deflate_begin(struct squeeze *s)
{
    return deflateInit2(&s->z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8,
                        Z_DEFAULT_STRATEGY) == Z_OK
               ? 0
               : -ENOMEM;
}

static int deflate_feed(struct squeeze *s, const void *data, size_t len,
                        bool last)
{
    int rc;

    s->z.next_in = (unsigned char *)(uintptr_t)data; /* only read */
    s->z.avail_in = (unsigned)len;
    do {
        s->z.next_out = s->piece;
        s->z.avail_out = sizeof(s->piece);
        (void)deflate(&s->z, last ? Z_FINISH : Z_NO_FLUSH); /* cannot fail */
        if (s->z.avail_out == sizeof(s->piece))
            break;
        rc = s->sink(s->ctx, s->piece, sizeof(s->piece) - s->z.avail_out);
        if (rc)
            return rc;
    } while (!s->z.avail_out);
    return 0;
}

static void deflate_end(struct squeeze *s)
{
    (void)deflateEnd(&s->z); /* also of a stream that is not over */
}

static int inflate_begin(struct squeeze *s)
{
    return inflateInit2(&s->z, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
}

/* What is in z.next_in, until there is room left in a piece. */
static int inflate_some(struct squeeze *s, bool *full)
{
    size_t len;
    int state;

    if (s->between)
        (void)inflateReset(&s->z); /* of a good stream */
    s->z.next_out = s->piece;
    s->z.avail_out = sizeof(s->piece);
    state = inflate(&s->z, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
        return -EBADMSG;
    s->between = state == Z_STREAM_END;
    len = sizeof(s->piece) - s->z.avail_out;
    *full = !s->z.avail_out;
    return len ? s->sink(s->ctx, s->piece, len) : 0;
}

/* Members may follow one another; zeros may follow the last. */
static int inflate_feed(struct squeeze *s, const void *data, size_t len,
                        bool last)
{
    bool full = false;

    (void)last;
    s->z.next_in = (unsigned char *)(uintptr_t)data; /* only read */
    s->z.avail_in = (unsigned)len;
    while (s->z.avail_in || (full && !s->between)) {
        int rc = 0;

        if (s->between && !*s->z.next_in) {
            s->z.next_in++;
            s->z.avail_in--;
        } else {
            rc = inflate_some(s, &full);
        }
        if (rc)
            return rc;
    }
    return 0;
}

static void inflate_end(struct squeeze *s)
{
    (void)inflateEnd(&s->z);
}

/* --- zstd ------------------------------------------------------------- */

static int pack_begin(struct squeeze *s)
{
    s->compress = ZSTD_createCCtx();
    return s->compress ? 0 : -ENOMEM;
}

static int pack_feed(struct squeeze *s, const void *data, size_t len, bool last)
{
    ZSTD_inBuffer in = {data, len, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {s->piece, sizeof(s->piece), 0};
        int rc;

        left = ZSTD_compressStream2(s->compress, &out, &in,
                                    last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return -ENOMEM;
        rc = out.pos ? s->sink(s->ctx, s->piece, out.pos) : 0;
        if (rc)
            return rc;
    } while (in.pos < in.size || (last && left));
    return 0;
}

static void pack_end(struct squeeze *s)
{
    (void)ZSTD_freeCCtx(s->compress);
}

static int unpack_begin(struct squeeze *s)
{
    s->expand = ZSTD_createDCtx();
    if (!s->expand)
        return -ENOMEM;
    (void)ZSTD_DCtx_setParameter(s->expand, ZSTD_d_windowLogMax,
                                 ZSTD_WINDOW_LOG_MAX); /* a known parameter */
    return 0;
}

static int unpack_feed(struct squeeze *s, const void *data, size_t len,
                       bool last)
{
    ZSTD_inBuffer in = {data, len, 0};
    bool full = false;

    (void)last;
    while (in.pos < in.size || full) {
        ZSTD_outBuffer out = {s->piece, sizeof(s->piece), 0};
        size_t left = ZSTD_decompressStream(s->expand, &out, &in);
        int rc;

        if (ZSTD_isError(left))
            return -EBADMSG;
        s->between = left == 0;
        full = out.pos == out.size;
        rc = out.pos ? s->sink(s->ctx, s->piece, out.pos) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static void unpack_end(struct squeeze *s)
{
    (void)ZSTD_freeDCtx(s->expand);
}

/* --- Choosing --------------------------------------------------------- */

static const struct squeeze_way ways[][2] = {
    [SQUEEZE_NONE] = {{pass_begin, pass_feed, pass_end},
                      {pass_begin, pass_feed, pass_end}},
    [SQUEEZE_GZIP] = {{deflate_begin, deflate_feed, deflate_end},
                      {inflate_begin, inflate_feed, inflate_end}},
    [SQUEEZE_ZSTD] = {{pack_begin, pack_feed, pack_end},
                      {unpack_begin, unpack_feed, unpack_end}},
};

struct squeeze *squeeze_create(enum squeeze_kind kind, bool expand,
                               squeeze_sink_fn sink, void *ctx)
{
    struct squeeze *s = must_alloc(sizeof(*s));

    memset(s, 0, sizeof(*s));
    s->way = &ways[kind][expand];
    s->sink = sink;
    s->ctx = ctx;
    if (s->way->begin(s))
        abort(); /* without memory for one stream nothing goes on */
    if (!expand)
        s->between = true;
    return s;
}

void squeeze_destroy(struct squeeze *s)
{
    if (!s)
        return;
    s->way->end(s);
    free(s);
}

int squeeze_feed(struct squeeze *s, const void *data, size_t len)
{
    const unsigned char *from = data;

    while (len) {
        size_t part = len < INT32_MAX ? len : INT32_MAX; /* zlib's counters */
        int rc = s->way->feed(s, from, part, false);

        if (rc)
            return rc;
        from += part;
        len -= part;
    }
    return 0;
}

int squeeze_finish(struct squeeze *s)
{
    int rc = s->way->feed(s, "", 0, true);

    return rc || s->between ? rc : -EBADMSG;
}

enum squeeze_kind squeeze_guess(const void *data, size_t len)
{
    static const struct {
        enum squeeze_kind kind;
        const char *magic;
        size_t len;
    } known[] = {
        {SQUEEZE_GZIP, "\x1f\x8b", 2},
        {SQUEEZE_ZSTD, "\x28\xb5\x2f\xfd", 4},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (len >= known[i].len &&
            memcmp(data, known[i].magic, known[i].len) == 0)
            return known[i].kind;
    return SQUEEZE_NONE;
}

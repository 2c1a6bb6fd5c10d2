/* What the formats share; raw images. */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum {
    FIRST_ROOM = 64,
    RUNS_MAX = 1 << 20,
};

/* --- Runs ----------------------------------------------------------------------- */

static void runs_add(struct runs *runs, int64_t first, int64_t nr)
{
    struct run *last = runs->nr ? &runs->items[runs->nr - 1] : NULL;

    if (last && (runs->nr == RUNS_MAX || last->first + last->nr >= first)) {
        int64_t longer = first + nr - last->first;

        runs->blocks += longer - last->nr;
        last->nr = longer;
        return;
    }
    if (runs->nr == runs->room) {
        runs->room = runs->room ? runs->room * 2 : FIRST_ROOM;
        runs->items =
            must_realloc(runs->items, runs->room * sizeof(*runs->items));
    }
    runs->items[runs->nr++] = (struct run){first, nr, runs->blocks};
    runs->blocks += nr;
}

int runs_collect(struct runs *runs, const struct image_source *source)
{
    int64_t offset = 0, len;
    int rc;

    *runs = (struct runs){0};
    for (;;) {
        rc = source->extent(source->ctx, &offset, &len);
        if (rc || !len || offset >= source->size)
            return rc;
        if (len > source->size - offset)
            len = source->size - offset;
        runs_add(runs, offset / STORAGE_BLOCK,
                 (offset % STORAGE_BLOCK + len + STORAGE_BLOCK - 1) /
                     STORAGE_BLOCK);
        offset += len;
    }
}

void runs_fini(struct runs *runs)
{
    free(runs->items);
}

uint32_t runs_find(const struct runs *runs, int64_t block)
{
    uint32_t low = 0, high = runs->nr;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct run *run = &runs->items[middle];

        if (run->first + run->nr <= block)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t runs_rank(const struct runs *runs, int64_t block)
{
    uint32_t at = runs_find(runs, block);
    const struct run *run = &runs->items[at];

    if (at == runs->nr || run->first > block)
        return INT64_MAX;
    return run->before + block - run->first;
}

int64_t runs_select(const struct runs *runs, int64_t rank)
{
    uint32_t low = 0, high = runs->nr;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (runs->items[middle].before <= rank)
            low = middle;
        else
            high = middle;
    }
    return runs->items[low].first + rank - runs->items[low].before;
}

/* --- Contents ------------------------------------------------------------------ */

int source_read(const struct image_source *s, int64_t offset, char *data,
                size_t len)
{
    size_t there = 0;

    if (offset < s->size)
        there =
            (int64_t)len < s->size - offset ? len : (size_t)(s->size - offset);
    memset(data + there, 0, len - there);
    return there ? s->read(s->ctx, offset, data, there) : 0;
}

bool all_zeros(const void *data, size_t len)
{
    const char *bytes = data;

    return !len || (!bytes[0] && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* --- Raw images ---------------------------------------------------------------- */

static int raw_bytes(struct image *i, int64_t at, char *data, size_t len)
{
    return source_read(&i->source, at, data, len);
}

static void raw_destroy(struct image *i)
{
    free(i);
}

int raw_image_create(const struct image_source *source, struct image **out)
{
    struct image *i = must_alloc(sizeof(*i));

    *i = (struct image){.source = *source,
                        .length = source->size,
                        .bytes = raw_bytes,
                        .destroy = raw_destroy};
    *out = i;
    return 0;
}

struct raw_reader {
    struct image_reader reader; /* first */
    int64_t at;
};

static int raw_take(struct image_reader *r, const char *data, size_t len)
{
    struct raw_reader *raw = (struct raw_reader *)r;
    int rc = r->sink.write(r->sink.ctx, raw->at, data, len);

    raw->at += (int64_t)len;
    return rc;
}

static int raw_end(struct image_reader *r)
{
    (void)r; /* less than the disk is fine: the rest stays as it is */
    return 0;
}

static void reader_free(struct image_reader *r)
{
    free(r);
}

struct image_reader *raw_reader_create(const struct image_sink *sink)
{
    struct raw_reader *raw = must_alloc(sizeof(*raw));

    *raw = (struct raw_reader){.reader = {.sink = *sink,
                                          .take = raw_take,
                                          .end = raw_end,
                                          .lenient = true,
                                          .destroy = reader_free}};
    return &raw->reader;
}

/* --- Pieces --------------------------------------------------------------------- */

enum {
    PIECE_HEAD = 12,
};

struct pieces_reader {
    struct image_reader reader; /* first */
    uint8_t head[PIECE_HEAD];
    size_t head_nr;
    int64_t at, left; /* of the piece */
    bool over;
};

static uint64_t little_endian(const uint8_t *bytes, int nr)
{
    uint64_t n = 0;

    while (nr--)
        n = n << 8 | bytes[nr];
    return n;
}

static int piece_begin(struct pieces_reader *p)
{
    uint64_t at = little_endian(p->head, 8);

    p->left = (int64_t)little_endian(p->head + 8, 4);
    p->head_nr = 0;
    p->over = !p->left;
    if (at > (uint64_t)STORAGE_VOLUME_MAX)
        return -EBADMSG;
    p->at = (int64_t)at;
    return 0;
}

static int pieces_take(struct image_reader *r, const char *data, size_t len)
{
    struct pieces_reader *p = (struct pieces_reader *)r;
    int rc = 0;

    while (!rc && len && !p->over) {
        size_t nr = len;

        if (p->left) {
            if ((int64_t)nr > p->left)
                nr = (size_t)p->left;
            rc = r->sink.write(r->sink.ctx, p->at, data, nr);
            p->at += (int64_t)nr;
            p->left -= (int64_t)nr;
        } else {
            if (nr > PIECE_HEAD - p->head_nr)
                nr = PIECE_HEAD - p->head_nr;
            memcpy(p->head + p->head_nr, data, nr);
            p->head_nr += nr;
            if (p->head_nr == PIECE_HEAD)
                rc = piece_begin(p);
        }
        data += nr;
        len -= nr;
    }
    return rc;
}

static int pieces_end(struct image_reader *r)
{
    const struct pieces_reader *p = (const struct pieces_reader *)r;

    return p->over || (!p->left && !p->head_nr) ? 0 : -EBADMSG;
}

struct image_reader *pieces_reader_create(const struct image_sink *sink)
{
    struct pieces_reader *p = must_alloc(sizeof(*p));

    *p = (struct pieces_reader){.reader = {.sink = *sink,
                                           .take = pieces_take,
                                           .end = pieces_end,
                                           .destroy = reader_free}};
    return &p->reader;
}

/* Reads an XVA archive as it arrives. */
#include "xva_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

static int fail(struct xva_reader *x, enum xva_error error, const char *why)
{
    x->error = error;
    x->why = why;
    return -EBADMSG;
}

static int refused(struct xva_reader *x, int rc)
{
    x->rc = rc;
    return rc ? fail(x, XVA_REFUSED, "refused") : 0;
}

/* The present disk; NULL when all are there. Those without size have nothing.
 */
static struct xva_disk *present(struct xva_reader *x)
{
    while (x->disk < x->disks_nr &&
           x->disks[x->disk].offset >= x->disks[x->disk].size)
        x->disk++;
    return x->disk < x->disks_nr ? &x->disks[x->disk] : NULL;
}

static int disk_compare(const void *a, const void *b)
{
    return strcmp(((const struct xva_disk *)a)->id,
                  ((const struct xva_disk *)b)->id);
}

int xva_reader_expect(struct xva_reader *x, const char *id, uint64_t size,
                      void *cookie)
{
    struct xva_disk *d;

    for (int i = 0; i < x->disks_nr; i++)
        if (strcmp(x->disks[i].id, id) == 0)
            return -EEXIST;
    if (x->disks_nr == XVA_DISKS_MAX || strlen(id) >= XVA_ID_BYTES ||
        size > UINT64_MAX - x->total)
        return -E2BIG;
    x->disks =
        must_realloc(x->disks, sizeof(*x->disks) * (size_t)(x->disks_nr + 1));
    d = &x->disks[x->disks_nr++];
    *d = (struct xva_disk){.size = size, .chunk = -1, .cookie = cookie};
    memcpy(d->id, id, strlen(id) + 1);
    x->total += size;
    return 0;
}

/* --- Files of the archive ---------------------------------------------- */

static int begin_xml(struct xva_reader *x, const char *name, uint64_t size)
{
    if (strcmp(name, XVA_XML_NAME) != 0) {
        x->expected = XVA_XML_NAME;
        memcpy(x->actual, name, strlen(name) + 1);
        return fail(x, XVA_UNEXPECTED_FILE, "not an archive of a machine");
    }
    if (size > XVA_XML_BYTES_MAX)
        return fail(x, XVA_BROKEN, "The description is too large");
    return 0;
}

/* Digits that fill the rest of the name. */
static int chunk_number(const char *text, int64_t *number)
{
    size_t len = strlen(text);
    char *end;

    if (!len || len > 18 || strspn(text, "0123456789") != len)
        return -EBADMSG;
    *number = strtoll(text, &end, 10);
    return 0;
}

static int begin_chunk(struct xva_reader *x, const char *name, uint64_t size)
{
    struct xva_disk *d = present(x);
    int64_t number, skipped;
    size_t len;

    if (!d)
        return 0; /* what follows the last disk: old exports' checksums */
    len = strlen(d->id);
    if (strncmp(name, d->id, len) != 0 || name[len] != '/' ||
        chunk_number(name + len + 1, &number) || number <= d->chunk)
        return fail(x, XVA_BROKEN, "Failure(\"Invalid XVA file\")");
    if (x->first_chunk_len < 0)
        x->first_chunk_len = (int64_t)size;
    if (size > XVA_CHUNK_BYTES_MAX ||
        __builtin_mul_overflow(number - d->chunk - 1, x->first_chunk_len,
                               &skipped) ||
        (uint64_t)skipped > d->size - d->offset ||
        size > d->size - d->offset - (uint64_t)skipped)
        return fail(x, XVA_BROKEN, "A chunk lies outside of its disk");
    d->offset += (uint64_t)skipped;
    x->done += (uint64_t)skipped;
    d->chunk = number;
    memcpy(x->chunk_name, name, strlen(name) + 1);
    return 0;
}

/* Which kind the name of a checksum means; DIGEST_KINDS: none. */
static enum digest_kind sum_kind(const struct xva_reader *x, const char *name)
{
    size_t len = strlen(x->chunk_name);
    int kind = 0;

    if (strncmp(name, x->chunk_name, len) != 0)
        return DIGEST_KINDS;
    while (kind < DIGEST_KINDS &&
           (!x->digests[kind] || strcmp(name + len, digest_suffix(kind)) != 0))
        kind++;
    return kind;
}

/* All checksums of an archive are of one kind: the first one shows which. */
static int begin_sum(struct xva_reader *x, const char *name, uint64_t size)
{
    enum digest_kind kind = sum_kind(x, name);

    if (kind == DIGEST_KINDS)
        return fail(x, XVA_BROKEN, "Found unsupported checksum file");
    if (size >= DIGEST_TEXT_BYTES)
        return fail(x, XVA_BROKEN, "A checksum is too long");
    for (int i = 0; i < DIGEST_KINDS; i++)
        if (i != (int)kind) {
            digest_destroy(x->digests[i]);
            x->digests[i] = NULL;
        }
    return 0;
}

static int begin(void *ctx, const char *name, uint64_t size)
{
    static int (*const begins[])(struct xva_reader *, const char *,
                                 uint64_t) = {
        [XVA_AT_XML] = begin_xml,
        [XVA_AT_CHUNK] = begin_chunk,
        [XVA_AT_SUM] = begin_sum,
    };
    struct xva_reader *x = ctx;

    x->text.len = 0;
    return x->at == XVA_AT_END ? 0 : begins[x->at](x, name, size);
}

static int data_of_chunk(struct xva_reader *x, const void *data, size_t len)
{
    struct xva_disk *d = x->disk < x->disks_nr ? &x->disks[x->disk] : NULL;
    int rc;

    if (!d)
        return 0;
    for (int i = 0; i < DIGEST_KINDS; i++)
        if (x->digests[i])
            digest_feed(x->digests[i], data, len);
    rc = x->events->write(x->ctx, d, d->offset, data, len);
    d->offset += len;
    x->done += len;
    return refused(x, rc);
}

static int data_cb(void *ctx, const void *data, size_t len)
{
    struct xva_reader *x = ctx;

    if (x->at == XVA_AT_CHUNK)
        return data_of_chunk(x, data, len);
    if (x->at != XVA_AT_END)
        buf_add(&x->text, data, len);
    return 0;
}

/* Disks come in the order of their names, whatever order they were named in. */
static int end_xml(struct xva_reader *x)
{
    int rc;

    x->at = x->xml_only ? XVA_AT_END : XVA_AT_CHUNK;
    rc =
        x->events->header(x->ctx, x->text.len ? x->text.data : "", x->text.len);
    if (x->disks_nr)
        qsort(x->disks, (size_t)x->disks_nr, sizeof(*x->disks), disk_compare);
    buf_fini(&x->text);
    return refused(x, rc);
}

static int end_chunk(struct xva_reader *x)
{
    if (x->disk >= x->disks_nr) {
        x->at = XVA_AT_END;
        return 0;
    }
    for (int i = 0; i < DIGEST_KINDS; i++)
        if (x->digests[i])
            digest_take(x->digests[i], x->sums[i]);
    x->at = x->checksums ? XVA_AT_SUM : XVA_AT_CHUNK;
    return 0;
}

static int end_sum(struct xva_reader *x)
{
    buf_putc(&x->text, '\0');
    x->at = XVA_AT_CHUNK;
    for (int i = 0; i < DIGEST_KINDS; i++)
        if (x->digests[i] && !x->lenient &&
            strcmp(x->sums[i], x->text.data) != 0)
            return fail(x, XVA_CHECKSUM, "A checksum does not fit");
    return 0;
}

static int end(void *ctx)
{
    static int (*const ends[])(struct xva_reader *) = {
        [XVA_AT_XML] = end_xml,
        [XVA_AT_CHUNK] = end_chunk,
        [XVA_AT_SUM] = end_sum,
    };
    struct xva_reader *x = ctx;

    return x->at == XVA_AT_END ? 0 : ends[x->at](x);
}

/* --- The stream -------------------------------------------------------- */

static const struct tar_events tar_events = {begin, data_cb, end};

static int expanded(void *ctx, const void *data, size_t len)
{
    struct xva_reader *x = ctx;
    int rc = tar_feed(&x->tar, data, len);

    return rc && x->error == XVA_OK
               ? fail(x, XVA_BROKEN, "Not a tar file, nor a compressed one")
               : rc;
}

void xva_reader_init(struct xva_reader *x, const struct xva_events *events,
                     void *ctx)
{
    *x = (struct xva_reader){
        .events = events, .ctx = ctx, .checksums = true, .first_chunk_len = -1};
    for (int i = 0; i < DIGEST_KINDS; i++)
        x->digests[i] = digest_create(i);
    tar_reader_init(&x->tar, &tar_events, x);
}

void xva_reader_fini(struct xva_reader *x)
{
    for (int i = 0; i < DIGEST_KINDS; i++)
        digest_destroy(x->digests[i]);
    squeeze_destroy(x->squeeze);
    buf_fini(&x->text);
    free(x->disks);
}

/* Chooses once the first block is there: tar, or what its first bytes say. */
static int start(struct xva_reader *x)
{
    enum squeeze_kind kind = SQUEEZE_NONE;

    if (x->first_len < sizeof(x->first) || !tar_is_header(x->first))
        kind = squeeze_guess(x->first, x->first_len);
    x->squeeze = squeeze_create(kind, true, expanded, x);
    return squeeze_feed(x->squeeze, x->first, x->first_len);
}

static int failed(struct xva_reader *x, int rc)
{
    if (rc && x->error == XVA_OK)
        return fail(x, XVA_BROKEN, "The compressed data is broken");
    return rc ? -EBADMSG : 0;
}

int xva_feed(struct xva_reader *x, const void *data, size_t len)
{
    const unsigned char *from = data;
    int rc = 0;

    if (x->error)
        return -EBADMSG;
    if (!x->squeeze) {
        size_t part = sizeof(x->first) - x->first_len;

        part = part < len ? part : len;
        memcpy(x->first + x->first_len, from, part);
        x->first_len += part;
        from += part;
        len -= part;
        if (x->first_len < sizeof(x->first))
            return 0;
        rc = start(x);
    }
    return failed(x, rc ? rc : squeeze_feed(x->squeeze, from, len));
}

bool xva_at_end(const struct xva_reader *x)
{
    return x->tar.empty_blocks == 2;
}

bool xva_complete(const struct xva_reader *x)
{
    for (int i = 0; i < x->disks_nr; i++)
        if (x->disks[i].offset < x->disks[i].size)
            return false;
    return x->at == XVA_AT_CHUNK || x->at == XVA_AT_END;
}

int xva_finish(struct xva_reader *x)
{
    int rc = 0;

    if (x->error)
        return -EBADMSG;
    if (!x->squeeze)
        rc = start(x);
    if (!rc && squeeze_finish(x->squeeze))
        rc = fail(x, XVA_PREMATURE_EOF, "the archive ends too early");
    if (!rc && (!xva_complete(x) || !tar_complete(&x->tar)))
        rc = fail(x, XVA_PREMATURE_EOF, "the archive ends too early");
    return failed(x, rc);
}

/* Tar archives as streams. Layout: POSIX.1-1988, ustar. */
#include "tar.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One block; numbers are octal text. */
struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, link[100], magic[6], version[2], user[32], group[32];
    char major[8], minor[8], prefix[155], unused[12];
};

static_assert(sizeof(struct ustar) == TAR_BLOCK_BYTES, "one block");

/* With the checksum's own field counted as spaces. */
static unsigned checksum(const unsigned char *block)
{
    const size_t from = offsetof(struct ustar, checksum);
    unsigned sum = 0;

    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= from && i < from + 8 ? ' ' : block[i];
    return sum;
}

/* Splits a name that is too long for its field at a slash. */
static void put_name(struct ustar *h, const char *name)
{
    size_t len = strlen(name), cut = 0;

    assert(len < TAR_NAME_BYTES);
    if (len > sizeof(h->name))
        for (size_t i = 0; i < len && i <= sizeof(h->prefix); i++)
            if (name[i] == '/')
                cut = i;
    assert(len - cut <= sizeof(h->name) + (cut > 0));
    memcpy(h->prefix, name, cut);
    memcpy(h->name, name + cut + (cut > 0), len - cut - (cut > 0));
}

/* Octal; what does not fit in eleven digits is written in binary, as GNU does.
 */
static void put_size(struct ustar *h, uint64_t size)
{
    if (size < (uint64_t)1 << 33) {
        (void)snprintf(h->size, sizeof(h->size), "%011llo",
                       (unsigned long long)size); /* fits */
        return;
    }
    h->size[0] = (char)0x80;
    for (int i = 0; i < 8; i++)
        h->size[sizeof(h->size) - 1 - i] = (char)(size >> 8 * i);
}

void tar_begin(struct buf *out, const char *name, uint64_t size,
               int64_t mtime_s)
{
    struct ustar h = {.mode = "0000400",
                      .uid = "0000000",
                      .gid = "0000000",
                      .type = '0',
                      .magic = "ustar",
                      .version = {'0', '0'}};

    put_name(&h, name);
    put_size(&h, size);
    (void)snprintf(h.mtime, sizeof(h.mtime), "%011llo",
                   (unsigned long long)mtime_s & 077777777777);
    (void)snprintf(h.checksum, sizeof(h.checksum), "%06o",
                   checksum((const unsigned char *)&h)); /* both fit */
    h.checksum[7] = ' ';
    buf_add(out, &h, sizeof(h));
}

void tar_pad(struct buf *out, uint64_t size)
{
    static const char zeros[TAR_BLOCK_BYTES];

    buf_add(out, zeros, -size % TAR_BLOCK_BYTES);
}

void tar_end(struct buf *out)
{
    static const char zeros[2 * TAR_BLOCK_BYTES];

    buf_add(out, zeros, sizeof(zeros));
}

void tar_file(struct buf *out, const char *name, const void *data, size_t size,
              int64_t mtime_s)
{
    tar_begin(out, name, size, mtime_s);
    buf_add(out, data, size);
    tar_pad(out, size);
}

/* --- Reading ---------------------------------------------------------- */

void tar_reader_init(struct tar_reader *t, const struct tar_events *events,
                     void *ctx)
{
    *t = (struct tar_reader){.events = events, .ctx = ctx};
}

bool tar_complete(const struct tar_reader *t)
{
    return !t->left && !t->padding && !t->header_len;
}

/* 0, or -EBADMSG. Spaces and NULs may stand around the digits. */
static int octal(const char *text, size_t len, uint64_t *number)
{
    size_t i = 0;

    *number = 0;
    while (i < len && text[i] == ' ')
        i++;
    for (; i < len && text[i] && text[i] != ' '; i++) {
        if (text[i] < '0' || text[i] > '7' || *number >> 60)
            return -EBADMSG;
        *number = *number << 3 | (uint64_t)(text[i] - '0');
    }
    return 0;
}

static int get_size(const struct ustar *h, uint64_t *size)
{
    const unsigned char *bytes = (const unsigned char *)h->size;

    if (!(bytes[0] & 0x80))
        return octal(h->size, sizeof(h->size), size);
    *size = 0;
    for (size_t i = 1; i < sizeof(h->size); i++) {
        if (*size >> 54)
            return -EBADMSG;
        *size = *size << 8 | bytes[i];
    }
    return 0;
}

static void get_name(const struct ustar *h, char *name)
{
    bool prefixed =
        memcmp(h->magic, "ustar", sizeof(h->magic)) == 0 && h->prefix[0];

    (void)snprintf(name, TAR_NAME_BYTES + 1, "%.*s%s%.*s",
                   prefixed ? (int)sizeof(h->prefix) : 0, h->prefix,
                   prefixed ? "/" : "", (int)sizeof(h->name),
                   h->name); /* 155 + 1 + 100 */
}

bool tar_is_header(const void *block)
{
    struct ustar h;
    uint64_t sum, size;

    memcpy(&h, block, sizeof(h));
    return octal(h.checksum, sizeof(h.checksum), &sum) == 0 &&
           sum == checksum(block) && h.name[0] && get_size(&h, &size) == 0;
}

static int take_header(struct tar_reader *t)
{
    static const unsigned char zeros[TAR_BLOCK_BYTES];
    char name[TAR_NAME_BYTES + 1];
    struct ustar h;
    int rc;

    t->header_len = 0;
    if (memcmp(t->header, zeros, sizeof(zeros)) == 0) {
        t->empty_blocks++;
        return 0;
    }
    if (!tar_is_header(t->header))
        return -EBADMSG;
    memcpy(&h, t->header, sizeof(h));
    rc = get_size(&h, &t->left);
    if (rc)
        return rc;
    t->padding = -t->left % TAR_BLOCK_BYTES;
    t->telling = h.type == '0' || h.type == '\0';
    if (!t->telling)
        return 0;
    get_name(&h, name);
    rc = t->events->begin(t->ctx, name, t->left);
    return rc || t->left ? rc : t->events->end(t->ctx);
}

/* Takes from the front of the bytes what belongs together. */
static int take_some(struct tar_reader *t, const unsigned char *data,
                     size_t len, size_t *taken)
{
    int rc = 0;

    if (t->left) {
        *taken = len < t->left ? len : (size_t)t->left;
        t->left -= *taken;
        if (t->telling)
            rc = t->events->data(t->ctx, data, *taken);
        if (!rc && t->telling && !t->left)
            rc = t->events->end(t->ctx);
        return rc;
    }
    if (t->padding) {
        *taken = len < t->padding ? len : (size_t)t->padding;
        t->padding -= *taken;
        return 0;
    }
    *taken = TAR_BLOCK_BYTES - t->header_len;
    if (*taken > len)
        *taken = len;
    memcpy(t->header + t->header_len, data, *taken);
    t->header_len += *taken;
    return t->header_len == TAR_BLOCK_BYTES ? take_header(t) : 0;
}

int tar_feed(struct tar_reader *t, const void *data, size_t len)
{
    const unsigned char *from = data;

    while (len && t->empty_blocks < 2) {
        size_t taken;
        int rc = take_some(t, from, len, &taken);

        if (rc)
            return rc;
        from += taken;
        len -= taken;
    }
    return 0;
}

/*
 * The .xz container and LZMA2's chunks; see base/xz.h.
 */
#include "base/xz.h"

#include "abi/xen.h"
#include "base/string.h"

#define STREAM_HEADER   12
#define FILTER_X86      4
#define FILTER_LZMA2    0x21
#define BLOCK_HAS_SIZE  0x40
#define BLOCK_HAS_BYTES 0x80
#define BLOCK_RESERVED  0x3c
#define VLI_BYTES_MAX   9

static const uint8_t magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};

/* What is left of the input. */
struct input {
    const uint8_t *p;
    size_t left;
};

struct block {
    uint64_t bytes; /* unpacked, ~0: not told */
    bool x86;
};

static bool input_skip(struct input *in, size_t n)
{
    if (n > in->left)
        return false;
    in->p += n;
    in->left -= n;
    return true;
}

static bool input_byte(struct input *in, uint8_t *out)
{
    if (!in->left)
        return false;
    *out = *in->p;
    return input_skip(in, 1);
}

/* Seven bits per byte, least significant first. */
static bool input_vli(struct input *in, uint64_t *out)
{
    uint8_t b = 0x80;

    *out = 0;
    for (unsigned int i = 0; (b & 0x80) && i < VLI_BYTES_MAX; i++) {
        if (!input_byte(in, &b))
            return false;
        *out |= (uint64_t)(b & 0x7f) << (i * 7);
    }
    return !(b & 0x80);
}

static bool filter_read(struct input *in, struct block *b, bool last)
{
    uint64_t id, props;

    if (!input_vli(in, &id) || !input_vli(in, &props))
        return false;
    if (last)
        return id == FILTER_LZMA2 && input_skip(in, props);
    b->x86 = id == FILTER_X86 && props == 0;
    return b->x86;
}

/* Header of one block; 'in' moves past it. */
static bool block_header(struct input *in, struct block *b)
{
    size_t bytes = ((size_t)in->p[0] + 1) * 4;
    struct input h = {in->p + 1, bytes - 1};
    uint8_t flags;
    uint64_t ignored;

    *b = (struct block){.bytes = ~0ULL};
    if (!input_skip(in, bytes) || !input_byte(&h, &flags))
        return false;
    if ((flags & BLOCK_RESERVED) || (flags & 3) > 1)
        return false;
    if ((flags & BLOCK_HAS_SIZE) && !input_vli(&h, &ignored))
        return false;
    if ((flags & BLOCK_HAS_BYTES) && !input_vli(&h, &b->bytes))
        return false;
    if ((flags & 3) == 1 && !filter_read(&h, b, false))
        return false;
    return filter_read(&h, b, true);
}

/* Bytes of an LZMA2 size field, which is one less; big endian. */
static bool input_size(struct input *in, size_t *out)
{
    uint8_t high, low;

    if (!input_byte(in, &high) || !input_byte(in, &low))
        return false;
    *out = ((size_t)high << 8 | low) + 1;
    return true;
}

static int chunk_plain(struct lzma *s, struct input *in, size_t out_max)
{
    size_t bytes;

    if (!input_size(in, &bytes) || bytes > in->left)
        return -XEN_EINVAL;
    if (bytes > out_max - s->pos)
        return -XEN_ENOSPC;
    memcpy(s->out + s->pos, in->p, bytes);
    s->pos += bytes;
    return input_skip(in, bytes) ? 0 : -XEN_EINVAL;
}

static int chunk_packed(struct lzma *s, struct input *in, size_t out_max,
                        uint8_t control)
{
    size_t bytes, packed;
    uint8_t props;

    if (!input_size(in, &bytes) || !input_size(in, &packed))
        return -XEN_EINVAL;
    bytes += (size_t)(control & 0x1f) << 16;
    if (bytes > out_max - s->pos)
        return -XEN_ENOSPC;
    if ((control & 0x40) &&
        (!input_byte(in, &props) || !lzma_set_props(s, props)))
        return -XEN_EINVAL;
    if (control & 0x60)
        lzma_reset(s);
    if (packed > in->left || !lzma_chunk(s, in->p, packed, s->pos + bytes))
        return -XEN_EINVAL;
    return input_skip(in, packed) ? 0 : -XEN_EINVAL;
}

static int block_unpack(struct lzma *s, struct input *in, size_t out_max)
{
    bool need_dict = true, need_props = true;
    uint8_t control;
    int rc = 0;

    while (rc == 0) {
        if (!input_byte(in, &control))
            return -XEN_EINVAL;
        if (control == 0)
            return 0;
        if (control == 1 || control >= 0xe0) {
            s->dict_from = s->pos;
            need_dict = false;
        }
        if (need_dict || (control > 2 && control < 0x80))
            return -XEN_EINVAL;
        if (control < 0x80) {
            rc = chunk_plain(s, in, out_max);
            continue;
        }
        need_props = need_props && control < 0xc0;
        if (need_props)
            return -XEN_EINVAL;
        rc = chunk_packed(s, in, out_max, control);
    }
    return rc;
}

static size_t check_bytes(uint8_t type)
{
    static const uint8_t bytes[16] = {0,  4,  4,  4,  8,  8,  8,  16,
                                      16, 16, 32, 32, 32, 64, 64, 64};

    return bytes[type & 15];
}

bool xz_magic(const void *in, size_t in_bytes)
{
    return in_bytes >= STREAM_HEADER && memcmp(in, magic, sizeof(magic)) == 0;
}

int xz_unpack(const void *in, size_t in_bytes, void *out, size_t out_max,
              size_t *out_bytes, struct lzma *work)
{
    struct input left = {in, in_bytes};
    size_t check;

    if (!xz_magic(in, in_bytes) || left.p[6] != 0 || left.p[7] > 15)
        return -XEN_EINVAL;
    check = check_bytes(left.p[7]);
    (void)input_skip(&left, STREAM_HEADER); /* xz_magic() saw that many */
    work->out = out;
    work->pos = 0;
    while (left.left && left.p[0] != 0) { /* 0: the index follows */
        const uint8_t *start;
        size_t from = work->pos;
        struct block b;
        int rc;

        if (!block_header(&left, &b))
            return -XEN_EINVAL;
        start = left.p;
        rc = block_unpack(work, &left, out_max);
        if (rc)
            return rc;
        if (b.bytes != ~0ULL && b.bytes != work->pos - from)
            return -XEN_EINVAL;
        if (!input_skip(&left, (0 - (size_t)(left.p - start)) & 3) ||
            !input_skip(&left, check))
            return -XEN_EINVAL;
        if (b.x86)
            bcj_x86_decode((uint8_t *)out + from, work->pos - from);
    }
    *out_bytes = work->pos;
    return left.left ? 0 : -XEN_EINVAL;
}

/* Writes PNG: eight bits a colour, no filter, one piece. */
#include "png.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "arena.h"

static void put32(unsigned char *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> (24 - 8 * i));
}

static void put_piece(struct buf *out, const char *type, const void *data,
                      size_t len)
{
    unsigned char number[4];
    size_t start;

    put32(number, (uint32_t)len);
    buf_add(out, number, sizeof(number));
    start = out->len;
    buf_add(out, type, 4);
    buf_add(out, data, len);
    put32(number, (uint32_t)crc32(0, (const unsigned char *)out->data + start,
                                  (unsigned)(out->len - start)));
    buf_add(out, number, sizeof(number));
}

int png_write(struct buf *out, const uint32_t *pixels, uint32_t width,
              uint32_t height)
{
    static const unsigned char after[] = {8, 2, 0, 0, 0}; /* colours */
    size_t row = 1 + 3 * (size_t)width;
    uLongf packed_len = compressBound((uLong)(row * height));
    unsigned char *plain = must_alloc(row * height);
    unsigned char *packed = must_alloc(packed_len), head[13];
    int rc;

    for (size_t i = 0; i < (size_t)width * height; i++) {
        unsigned char *to = plain + i / width * row + 1 + i % width * 3;

        to[0] = (unsigned char)(pixels[i] >> 16);
        to[1] = (unsigned char)(pixels[i] >> 8);
        to[2] = (unsigned char)pixels[i];
    }
    for (size_t y = 0; y < height; y++)
        plain[y * row] = 0; /* no filter */
    rc = compress(packed, &packed_len, plain, (uLong)(row * height));
    put32(head, width);
    put32(head + 4, height);
    memcpy(head + 8, after, sizeof(after));
    buf_add(out, "\x89PNG\r\n\x1a\n", 8);
    put_piece(out, "IHDR", head, sizeof(head));
    put_piece(out, "IDAT", packed, packed_len);
    put_piece(out, "IEND", "", 0);
    free(plain);
    free(packed);
    return rc == Z_OK ? 0 : -ENOMEM;
}

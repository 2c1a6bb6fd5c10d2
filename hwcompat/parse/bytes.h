/*
 * Little-endian reads from bytes that may end anywhere.
 *
 * What lies behind the end reads as zero, so that no length in a record has to
 * be believed for safety; a decoder checks lengths only to tell what is wrong.
 */
#ifndef PARSE_BYTES_H
#define PARSE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *p;
    size_t n;
};

static inline bool bytes_has(struct bytes b, size_t at, size_t n)
{
    return at <= b.n && n <= b.n - at;
}

/* At most `n` bytes from `at`: fewer when the end is nearer. */
static inline struct bytes bytes_sub(struct bytes b, size_t at, size_t n)
{
    size_t start = at < b.n ? at : b.n;
    size_t left = b.n - start;

    return (struct bytes){b.p + start, n < left ? n : left};
}

static inline uint8_t bytes_u8(struct bytes b, size_t at)
{
    return at < b.n ? b.p[at] : 0;
}

static inline uint16_t bytes_u16(struct bytes b, size_t at)
{
    return (uint16_t)(bytes_u8(b, at) | bytes_u8(b, at + 1) << 8);
}

static inline uint32_t bytes_u32(struct bytes b, size_t at)
{
    return bytes_u16(b, at) | (uint32_t)bytes_u16(b, at + 2) << 16;
}

static inline uint64_t bytes_u64(struct bytes b, size_t at)
{
    return bytes_u32(b, at) | (uint64_t)bytes_u32(b, at + 4) << 32;
}

static inline uint8_t bytes_sum(struct bytes b)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < b.n; i++)
        sum = (uint8_t)(sum + b.p[i]);
    return sum;
}

/* `n` characters from `at` into `text` (n + 1), unprintable ones as '?',
   without blanks at the end. */
void bytes_text(struct bytes b, size_t at, size_t n, char *text);

#endif

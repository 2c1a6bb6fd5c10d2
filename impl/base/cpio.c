/*
 * Walk of "newc" cpio archives; see base/cpio.h.
 */
#include "base/cpio.h"

#include "base/string.h"

#define HEADER_BYTES 110
#define FILE_SIZE_AT 54
#define NAME_SIZE_AT 94
#define FIELD_DIGITS 8
#define MEMBER_ALIGN 4
#define TRAILER      "TRAILER!!!"

/* Eight hexadecimal digits; anything else counts as the largest number. */
static uint64_t field_read(const uint8_t *p)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < FIELD_DIGITS; i++) {
        unsigned int c = p[i] | 0x20;

        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (c - 'a' + 10);
        else
            return UINT32_MAX;
    }
    return value;
}

static bool member_magic(const uint8_t *p, size_t left)
{
    return left >= 6 && memcmp(p, "07070", 5) == 0 &&
           (p[5] == '1' || p[5] == '2');
}

bool cpio_truncated(const void *archive, size_t bytes)
{
    const uint8_t *p = archive;
    bool inside = false;
    size_t at = 0;

    while (at < bytes) {
        uint64_t name, size, next;

        if (!inside && p[at] == 0) { /* padding between archives */
            at++;
            continue;
        }
        if (!member_magic(p + at, bytes - at))
            return inside;
        if (bytes - at < HEADER_BYTES)
            return true;
        name = field_read(p + at + NAME_SIZE_AT);
        size = field_read(p + at + FILE_SIZE_AT);
        next = ALIGN_UP(at + HEADER_BYTES + name, MEMBER_ALIGN);
        if (next > bytes || size > bytes - next)
            return true;
        inside = name != sizeof(TRAILER) ||
                 memcmp(p + at + HEADER_BYTES, TRAILER, sizeof(TRAILER)) != 0;
        at = MIN(ALIGN_UP(next + size, MEMBER_ALIGN), bytes);
    }
    return inside;
}

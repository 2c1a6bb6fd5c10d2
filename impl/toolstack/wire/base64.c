/* Base64 in and out. */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void *base64_bytes(struct arena *a, const char *text, size_t *len)
{
    char *out = arena_alloc(a, strlen(text) + 1);
    const char *digit;
    uint32_t bits = 0;
    int nr = 0;

    *len = 0;
    for (; *text && (digit = strchr(digits, *text)); text++) {
        bits = bits << 6 | (uint32_t)(digit - digits);
        nr += 6;
        if (nr >= 8) {
            nr -= 8;
            out[(*len)++] = (char)(bits >> nr);
        }
    }
    return out;
}

char *base64_decode(struct arena *a, const char *text)
{
    size_t digits_nr = strspn(text, digits), len;
    char *out = base64_bytes(a, text, &len);

    text += digits_nr;
    return strspn(text, "= \t") == strlen(text) && strlen(out) == len ? out
                                                                      : NULL;
}

char *base64_encode(struct arena *a, const void *data, size_t len)
{
    const unsigned char *from = data;
    char *out = arena_alloc(a, (len + 2) / 3 * 4 + 1), *to = out;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16;

        if (i + 1 < len)
            bits |= (uint32_t)from[i + 1] << 8;
        if (i + 2 < len)
            bits |= from[i + 2];
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        *to++ = i + 2 < len ? digits[bits & 63] : '=';
    }
    return out;
}

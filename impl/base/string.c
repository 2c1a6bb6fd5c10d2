/*
 * Bounded text helpers (base/string.h).
 */
#include "base/string.h"

size_t str_length(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

bool str_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool str_starts(const char *s, const char *prefix)
{
    while (*prefix && *s == *prefix) {
        s++;
        prefix++;
    }
    return !*prefix;
}

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t i = 0;

    for (; i + 1 < size && src[i]; i++)
        dst[i] = src[i];
    if (size)
        dst[i] = '\0';
    return !src[i];
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

bool str_number(const char *s, const char **end, uint64_t *out)
{
    uint64_t value = 0;
    unsigned int base = 10;
    bool any = false, fits = true;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    for (; digit_value(*s) < (int)base; s++) {
        fits = fits && !__builtin_mul_overflow(value, base, &value) &&
               !__builtin_add_overflow(value, digit_value(*s), &value);
        any = true;
    }
    *end = s;
    *out = value;
    return any && fits;
}

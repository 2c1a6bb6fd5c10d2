/*
 * memcpy and friends of the freestanding image, by the string instructions.
 * Whole words first: an emulated CPU pays per iteration, not per byte.
 */
#include "base/string.h"

void *memcpy(void *dst, const void *src, size_t n)
{
    size_t words = n / 8;
    size_t rest = n % 8;
    void *d = dst;

    asm volatile("rep movsq" : "+D"(d), "+S"(src), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(rest) : : "memory");
    return dst;
}

static void copy_down(void *dst, const void *src, size_t n)
{
    char *d = (char *)dst + n - 1;
    const char *s = (const char *)src + n - 1;

    asm volatile("std; rep movsb; cld"
                 : "+D"(d), "+S"(s), "+c"(n)
                 :
                 : "memory");
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        return memcpy(dst, src, n);
    copy_down(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    uint64_t v = (uint8_t)c * 0x0101010101010101ULL;
    size_t words = n / 8;
    size_t rest = n % 8;
    void *d = dst;

    asm volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
    asm volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(v) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (size_t i = 0; i < n; i++) {
        if (p[i] != q[i])
            return p[i] - q[i];
    }
    return 0;
}

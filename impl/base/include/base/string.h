/*
 * Bytes and text without a C library.
 *
 * The mem functions have their standard meaning; the freestanding image gets
 * them from arch/x86/string.c, hosted tests from libc. The str functions are
 * ours: bounded, and never write past what they are told.
 */
#ifndef BASE_STRING_H
#define BASE_STRING_H

#include "base/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* Length up to a terminator or 'max'. */
size_t str_length(const char *s, size_t max);
bool str_equal(const char *a, const char *b);
/* Does 's' begin with 'prefix'? */
bool str_starts(const char *s, const char *prefix);
/* Copy with a terminator, cut at 'size' bytes; false when it was cut. */
bool str_copy(char *dst, size_t size, const char *src);
/* Digits of base 10, or of 16 after "0x"; '*end' is the first other byte.
   False: no digit, or more than 64 bits. */
bool str_number(const char *s, const char **end, uint64_t *out);

#endif

/*
 * Formatted text into a buffer: the printf subset that the hypervisor uses.
 *
 * Conversions d i u x X c s p %, lengths hh h l ll z, flags - 0 #, width and
 * precision (also '*'). Returns the length the whole text has; what does not fit
 * is cut, and the result is terminated whenever size > 0.
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include "base/types.h"

int fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap);
int fmt_print(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

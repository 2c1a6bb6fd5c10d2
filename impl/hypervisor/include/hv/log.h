/*
 * Log lines, assertions and panic.
 *
 * One event, one line; no newline in the format, log_line() adds it. A line
 * goes to the console ring (dom0 reads it by XEN_SYSCTL_readconsole) and, by
 * level, to the serial port. Guest-triggered lines use log_guest(), which is
 * rate limited. Safe on any CPU at any time but in NMI/#MC context.
 */
#ifndef HV_LOG_H
#define HV_LOG_H

#include "base/types.h"

struct domain;

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A line that a guest can cause at will: rate limited, prefixed "d<id> ". */
void log_guest(const struct domain *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Print why, registers and backtrace, stop all CPUs, then reboot or halt. */
void panic(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;

/* What our own code guarantees; on in every build. One condition each. */
#define ASSERT(c)                                                            \
    do {                                                                     \
        if (unlikely(!(c)))                                                  \
            panic("assertion '%s' failed at %s:%d", #c, __FILE__, __LINE__); \
    } while (0)

#endif

/*
 * Console: ring of log text, serial output, input hand-over, debug keys.
 *
 * Locking: one leaf lock for ring and serial port together, so that lines stay
 * whole. It works before page_init() and on every CPU; a panic goes past it.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include "hv/domain.h"

enum console_where { CONSOLE_RING = 1, CONSOLE_SERIAL = 2 };

/* Bytes as they are, no level, no prefix; 'where' is a set of console_where. */
void console_put(const char *s, size_t n, unsigned int where);
/* A character typed at the serial port; Ctrl-A three times switches between
   dom0 and the debug keys (which have it until dom0 exists). Called by the serial
   driver with no lock held. */
void console_input(char c);
/* Take input meant for dom0 (CONSOLEIO_read): bytes copied. */
size_t console_read_input(char *dst, size_t n);
/* XEN_SYSCTL_readconsole over the ring; 0 / -XEN_EFAULT. */
int console_readconsole(struct vcpu *v, struct xen_sysctl_readconsole *op);
/* Levels that reach serial, of host and guest lines: error, warning, info, debug,
   all, none; a part after '/' is ignored. False: one of them is no level. */
bool console_set_levels_text(const char *host, const char *guest);
/* From now on nobody waits for the lock: its holder may have been stopped. */
void console_break_lock(void);
/* From the CPU loop: tell dom0 that the ring grew (VIRQ_CON_RING). */
void console_poll(void);

/* A debug key: 'h' lists them. fn runs on the pressing CPU. */
struct debug_key {
    char key;
    const char *help;
    void (*fn)(char key);
};
/* Registered by rows of core/debug_key.def. */
void debug_key_press(char key);

long do_console_io(struct vcpu *v, unsigned long arg[5]);

#endif

/*
 * Console: ring of log text, serial output, input hand-over, debug keys.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include "hv/domain.h"

/* Bytes straight to ring and serial, no level, no prefix (CONSOLEIO_write). */
void console_write(const char *s, size_t n);
/* A character typed at the serial port; Ctrl-A three times switches between
   dom0 and the debug keys. Called by the serial driver. */
void console_input(char c);
/* Take input meant for dom0 (CONSOLEIO_read): bytes copied. */
size_t console_read_input(char *dst, size_t n);
/* XEN_SYSCTL_readconsole over the ring. */
int console_readconsole(struct vcpu *v, struct xen_sysctl_readconsole *op);
/* Highest enum log_level that reaches serial, host and guest lines apart. */
void console_set_levels(int host, int guest);

/* A debug key: 'h' lists them. fn runs on the pressing CPU. */
struct debug_key {
    char key;
    const char *help;
    void (*fn)(char key);
};
/* Registered by rows of debug_key.def. */
void debug_key_press(char key);

long do_console_io(struct vcpu *v, unsigned long arg[5]);

#endif

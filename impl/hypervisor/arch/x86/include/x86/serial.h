/*
 * The serial console's 16550 port. Output is arch_serial_write() (hv/arch.h);
 * callers see to it that one CPU at a time writes.
 */
#ifndef X86_SERIAL_H
#define X86_SERIAL_H

#include "base/types.h"

/* Set up and use 'port' at 'baud', 8n1. A port that is not there swallows. */
void serial_init(uint16_t port, unsigned int baud);
/* Follow the options console=, com1=, com2=. */
void serial_options(void);
/* Take input by interrupt from now on; needs ioapic_init(). */
void serial_receive_init(void);
/* The port in use, which dom0 must not reach; 0: none. */
uint16_t serial_port(void);

#endif

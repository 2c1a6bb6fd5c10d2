/*
 * Ports of the PC's first interrupt controllers and timer, as guests find them.
 *
 * The hypervisor owns the real ones. Guests see 8259s that hold no value, so that
 * Linux takes them for absent, and a timer that has run out: channel 2 reads 0
 * with its output high. A constant 0xff there would be polled 100,000 times by
 * Linux's calibration; 0 ends it at the first look.
 */
#include "x86/dom0.h"

#define PORT_TIMER   0x40 /* to 0x43 */
#define PORT_CONTROL 0x61
#define TIMER_OUT2   0x20 /* output of timer channel 2 */

bool legacy_access(struct vcpu *v, struct io_access *io)
{
    io->value = 0xff;
    if (io->address == PORT_CONTROL)
        io->value = TIMER_OUT2;
    else if (io->address - PORT_TIMER < 4)
        io->value = 0;
    return true;
}

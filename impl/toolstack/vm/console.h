/* Consoles of machines that run. */
#ifndef VM_CONSOLE_H
#define VM_CONSOLE_H

#include "request.h"

/* One that clients reach at the address of the machine's host, if it has none. */
void console_open(struct request *r, struct object *vm);
/* Writes down where it is: at the address of the machine's host. */
void console_locate(struct toolstack *ts, struct object *console);
void consoles_close(struct request *r, struct object *vm);

#endif

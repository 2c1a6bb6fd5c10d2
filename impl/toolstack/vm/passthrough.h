/* Devices of hosts that can be given away. */
#ifndef VM_PASSTHROUGH_H
#define VM_PASSTHROUGH_H

#include "request.h"

/* The host has booted: what dom0 was to lose, or to have back, is so now. */
void passthrough_booted(struct request *r, const struct object *host);

#endif

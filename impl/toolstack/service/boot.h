/* What follows when a host has booted, or its agent has started. */
#ifndef SERVICE_BOOT_H
#define SERVICE_BOOT_H

#include "request.h"

/* `booted`: the whole host; else only its agent. */
void services_started(struct request *r, struct object *host, bool booted);

#endif

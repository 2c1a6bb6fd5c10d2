/* Alerts about what happened to machines. */
#ifndef VM_VM_ALERT_H
#define VM_VM_ALERT_H

#include "request.h"

/* "VM 'name' (uuid: ...) WHAT", and the host where it is when `host` is set. */
void vm_alert(struct request *r, const struct object *vm, const char *name,
              const char *what, const struct object *host);

#endif

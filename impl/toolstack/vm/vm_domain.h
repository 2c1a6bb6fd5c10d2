/* Machines as their host's hypervisor sees them: calls of the domain driver. */
#ifndef VM_VM_DOMAIN_H
#define VM_VM_DOMAIN_H

#include "request.h"

/* The uuid of the host that the machine is on; "" when it is on none. */
const char *vm_host_uuid(struct request *r, const struct object *vm);

/* What the machine's domain is made from; lives in the arena. */
struct domain_spec vm_spec(struct request *r, struct object *vm, bool paused);

/* A disk, NIC or other device of a machine, as drivers know it. */
struct domain_device vm_device_spec(struct request *r, struct object *device);

/* The API's error for what a driver returned. Always API_FAILED. */
int vm_driver_failed(struct request *r, const struct object *vm, int rc);

/* A function of the driver that needs the domain alone. 0 or API_FAILED. */
int vm_drive(struct request *r, struct object *vm,
             int (*function)(void *ctx, const char *host, const char *uuid));

#endif

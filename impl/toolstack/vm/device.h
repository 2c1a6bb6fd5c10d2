/* Disks and network interfaces of machines. */
#ifndef VM_DEVICE_H
#define VM_DEVICE_H

#include "request.h"

struct vm_copy;

/* Works out allowed_operations of all devices of a machine. */
void devices_refresh(struct request *r, struct object *vm);

/* Marks the devices as plugged, or as unplugged. */
void devices_attach(struct request *r, struct object *vm, bool attached);

/*
 * Copies the devices of a machine to its copy: 0, or API_FAILED when a disk
 * could not be copied; or destroys them.
 */
int devices_clone(struct request *r, struct object *from, struct object *to,
                  const struct vm_copy *how);
void devices_destroy(struct request *r, struct object *vm);

/* Makes the metrics of a device; removes a device and its metrics. */
void device_metrics(struct request *r, struct object *o);
void device_destroy(struct request *r, struct object *o);

bool mac_valid(const char *mac);

/* A random, locally administered MAC address. */
const char *device_mac(struct request *r);

#endif

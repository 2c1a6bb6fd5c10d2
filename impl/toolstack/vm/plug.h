/* Devices that come to machines that run, and go. */
#ifndef VM_PLUG_H
#define VM_PLUG_H

#include "request.h"

/* Gives the device to the machine's domain, or takes it. 0 or API_FAILED. */
int device_attach(struct request *r, struct object *vm, struct object *device);
int device_detach(struct request *r, struct object *vm, struct object *device,
                  bool force);

/*
 * 0, or API_FAILED: a guest with firmware that has no drivers for it, or says
 * so in `field` of its metrics.
 */
int device_check_drivers(struct request *r, const struct object *vm,
                         const char *field, const char *refusal);

/* 0, or API_FAILED: why the operation on a block device cannot be done now. */
int vbd_check(struct request *r, struct object *vbd, const char *op);
void vbd_refresh(struct request *r, struct object *vbd);

void vusb_refresh(struct request *r, struct object *vusb);

/* 0, or API_FAILED: some disk of the machine is in use elsewhere. */
int vbds_check_attach(struct request *r, struct object *vm);

#endif

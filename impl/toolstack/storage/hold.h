/*
 * Disks that the daemon itself uses, for an export or a copy: as clients know
 * it, a block device of the control domain keeps others from changing them.
 */
#ifndef STORAGE_HOLD_H
#define STORAGE_HOLD_H

#include "request.h"

/*
 * Plugs the disk into the control domain of the host; `mode` "RO" or "RW". The
 * reference of the device, in the request's arena; NULL, with VDI_IN_USE set:
 * somebody writes to it, or reads what would be written to.
 */
const char *vdi_hold(struct request *r, struct object *host, struct object *vdi,
                     const char *mode);
/* Nothing happens when it is gone. */
void vdi_release(struct request *r, const char *vbd);

/* After a start: nobody holds anything. */
void holds_clear(struct request *r);

#endif

/* Operations that take their time, in current_operations of disks. */
#ifndef STORAGE_MARK_H
#define STORAGE_MARK_H

#include "request.h"

/* The task of the request, or something that looks like one. In its arena. */
const char *vdi_mark_key(struct request *r);
void vdi_mark(struct request *r, struct object *vdi, const char *key,
              const char *op);
/* Nothing happens when the disk is gone. */
void vdi_unmark(struct request *r, const char *vdi, const char *key);

#endif

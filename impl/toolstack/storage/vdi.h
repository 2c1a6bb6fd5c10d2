/* Disks as the storage repository keeps them. */
#ifndef STORAGE_VDI_H
#define STORAGE_VDI_H

#include "request.h"

/* A copy in the same repository: a snapshot, or a disk of its own. */
struct object *vdi_duplicate(struct request *r, struct object *from,
                             bool snapshot);

#endif

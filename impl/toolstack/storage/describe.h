/* What stays with a volume when its repository leaves the pool. */
#ifndef STORAGE_DESCRIBE_H
#define STORAGE_DESCRIBE_H

#include "request.h"

/* Fills the record of a disk with what was described of its volume. */
void vdi_recall(struct request *r, struct object *vdi, const char *about);
/* What it is a snapshot of, once that has a record as well. */
void vdi_recall_origin(struct request *r, struct object *vdi,
                       const char *about);

#endif

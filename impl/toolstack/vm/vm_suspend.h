/* Memory of machines on disk: images of those that are suspended. */
#ifndef VM_VM_SUSPEND_H
#define VM_VM_SUSPEND_H

#include "request.h"

/* Writes the domain's memory to a new disk, and ends it. 0 or API_FAILED. */
int vm_image_save(struct request *r, struct object *vm);

/* Brings the domain back on that host, and drops the disk. 0 or API_FAILED. */
int vm_image_restore(struct request *r, struct object *vm, struct object *host,
                     bool paused);

/* The machine forgets its image; the disk goes with it. */
void vm_image_drop(struct request *r, struct object *vm);

#endif

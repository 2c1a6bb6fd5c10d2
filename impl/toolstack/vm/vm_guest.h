/* What guests tell of themselves: VM_guest_metrics. */
#ifndef VM_VM_GUEST_H
#define VM_VM_GUEST_H

#include "request.h"

/* Reads what the guest's agent tells now; nothing when there is no agent. */
void vm_guest_update(struct request *r, struct object *vm);

/* The record of a guest that has just come to life. */
void vm_guest_begin(struct request *r, struct object *vm);
void vm_guest_end(struct request *r, struct object *vm);

/* A copy of one machine's record for another. */
void vm_guest_copy(struct request *r, struct object *from, struct object *to);

/* Whether the guest announced that. */
bool vm_guest_has(struct request *r, const struct object *vm,
                  const char *feature);

#endif

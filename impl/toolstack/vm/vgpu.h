/* GPUs of hosts, and the parts of them that machines have. */
#ifndef VM_VGPU_H
#define VM_VGPU_H

#include "request.h"

/* 0, or API_FAILED: whether the host has room for all of the machine's. */
int vgpus_fit(struct request *r, struct object *vm, struct object *host);

/* Puts the machine's GPUs on those of its host. 0 or API_FAILED. */
int vgpus_place(struct request *r, struct object *vm, struct object *host);
void vgpus_release(struct request *r, struct object *vm);

/* Works out what the group's GPUs can do together. */
void gpu_group_refresh(struct request *r, struct object *group);

#endif

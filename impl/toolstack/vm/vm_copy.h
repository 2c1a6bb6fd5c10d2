/* Copies of machines: clones, snapshots, checkpoints. */
#ifndef VM_VM_COPY_H
#define VM_VM_COPY_H

#include "request.h"

struct vm_copy {
    const char *label;
    bool snapshot;              /* MACs and disks' history are kept */
    bool revert;                /* but the disks are no snapshots */
    bool image;                 /* with the memory that lies on a disk */
    bool no_disks;              /* who copies makes them */
    const struct value *ignore; /* disks to leave out; NULL: none */
};

/* A copy of a machine of this pool. 0, or API_FAILED and nothing is left. */
int vm_duplicate(struct request *r, struct object *from,
                 const struct vm_copy *how, struct object **copy);

/* A snapshot, in its place in the tree. 0 or API_FAILED. */
int vm_snapshot_make(struct request *r, struct object *vm, const char *label,
                     const struct value *ignore, struct object **snapshot);

/* The same with the memory of a machine that runs. */
int vm_checkpoint_make(struct request *r, struct object *vm, const char *label,
                       struct object **snapshot);

/* Takes it out of its tree: children hang themselves under its parent. */
void vm_tree_leave(struct request *r, struct object *vm);

/* What only a machine itself has: not copied, not reverted. */
bool vm_field_is_own(const char *name);

/* What a copy from a template or a machine does not share with it. */
void vm_copy_settle(struct request *r, struct object *from, struct object *to);

void vm_metrics_make(struct request *r, struct object *vm);
void vm_mac_seed(struct request *r, struct object *vm);

/* TPMs, GPUs and USB devices of a machine that goes. */
void vm_parts_destroy(struct request *r, struct object *vm);

/* Removes a machine's record and all that hangs on it; disks too if asked. */
void vm_unmake(struct request *r, struct object *vm, bool disks);

#endif

/* Machines: what may be done with them, and what changes when it is done. */
#ifndef VM_VM_H
#define VM_VM_H

#include "request.h"

enum {
    MIB = 1 << 20,
    VBD_DEVICES_MAX = 255,
    VIF_DEVICES_MAX = 7,
};

/* 0, or API_FAILED: why the operation cannot be done now. */
int vm_check(struct request *r, struct object *vm, const char *op);

/* Works out allowed_operations of the machine and of its devices again. */
void vm_refresh(struct request *r, struct object *vm);

/* Sets the power state, and everything that follows from it. */
void vm_set_power(struct request *r, struct object *vm, const char *state);

/* Checks the operation, start or start_on, and does it. 0 or API_FAILED. */
int vm_boot(struct request *r, struct object *vm, const char *op, bool paused);

/* Stops the domain and leaves the machine halted. 0 or API_FAILED. */
int vm_halt(struct request *r, struct object *vm);

/* VM_BAD_POWER_STATE. */
int vm_bad_state(struct request *r, const struct object *vm,
                 const char *wanted);

/* Settles what the guest will find in its firmware: `given` or defaults. */
void vm_fix_bios_strings(struct request *r, struct object *vm,
                         const struct value *given);

bool vm_is_default_template(const struct object *vm);

/* What the hypervisor needs beside the machine's own memory, in bytes. */
int64_t vm_memory_overhead(const struct object *vm);

#endif

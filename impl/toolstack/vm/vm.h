/* Machines: what may be done with them, and what changes when it is done. */
#ifndef VM_VM_H
#define VM_VM_H

#include "request.h"

enum {
    MIB = 1 << 20,
    VBD_DEVICES_MAX = 255,
    VIF_DEVICES_MAX = 7,
};

/* No machine has more bytes; sums of many thousands of them are numbers. */
#define MEMORY_MOST ((int64_t)1 << 48)

/* 0, or API_FAILED: why the operation cannot be done now. */
int vm_check(struct request *r, struct object *vm, const char *op);
/* The same, without what only is advice: features that guests announce. */
int vm_check_loosely(struct request *r, struct object *vm, const char *op);

/*
 * Checks the operation and does it with `finish`. When the host takes its time,
 * the operation is shown as current and `finish` is called after that time, if
 * the task was not cancelled and the machine still allows it. What `finish`
 * returned, API_FAILED or API_WAITING.
 */
int vm_run(struct request *r, const char *op,
           int (*finish)(struct request *r, struct object *vm));

/*
 * The same on the way to another host, which keeps memory for the machine
 * meanwhile; `force` leaves out what only is advice.
 */
int vm_run_towards(struct request *r, const char *op, struct object *host,
                   bool force,
                   int (*finish)(struct request *r, struct object *vm));

/* Works out allowed_operations of the machine and of its devices again. */
void vm_refresh(struct request *r, struct object *vm);

/*
 * Sets the power state, and everything that follows from it. A machine that
 * comes to life has its `resident_on` already.
 */
void vm_set_power(struct request *r, struct object *vm, const char *state);

/* Starts a halted machine; NULL: on the best host. 0 or API_FAILED. */
int vm_boot(struct request *r, struct object *vm, struct object *host,
            bool paused);

/* Stops the domain and leaves the machine halted. 0 or API_FAILED. */
int vm_halt(struct request *r, struct object *vm);

enum vm_stop {
    VM_STOP_HARD,
    VM_STOP_CLEAN, /* the guest must do it */
    VM_STOP_ANY,   /* it has its chance */
};

/* What the shutdowns do once they are allowed. 0 or API_FAILED. */
int vm_stop(struct request *r, struct object *vm, enum vm_stop how);

/* Its host is gone, and its domain with it: the machine is halted. */
void vm_lost(struct request *r, struct object *vm);

/* Moves a running machine to another host of the pool. 0 or API_FAILED. */
int vm_move(struct request *r, struct object *vm, struct object *host);

/*
 * Makes ready what the machine needs on a host: networks, GPUs. 0, or
 * API_FAILED and nothing is left of it. And gives it up.
 */
int vm_host_prepare(struct request *r, struct object *vm, struct object *host);
void vm_host_leave(struct request *r, struct object *vm, struct object *host);

/* A machine with a restart priority is to be kept running, or not any more. */
void vm_note_wanted(struct request *r, struct object *vm, bool wanted);

/* Its domain is on that host now: the record follows. */
void vm_arrive(struct request *r, struct object *vm, struct object *host);

/* Follows what the guest did by itself: ended, crashed. */
void vm_sync(struct request *r, struct object *vm);

/* Goes on with nothing in mind after the machine's delay; see the field. */
int vm_delay(struct request *r, const struct object *vm, const char *field);

/* VM_BAD_POWER_STATE. */
int vm_bad_state(struct request *r, const struct object *vm,
                 const char *wanted);

/* Settles what the guest will find in its firmware: `given` or defaults. */
void vm_fix_bios_strings(struct request *r, struct object *vm,
                         const struct value *given);

bool vm_is_default_template(const struct object *vm);
bool vm_is_live(const struct object *vm); /* it has a domain */

/* What the hypervisor needs beside the machine's own memory, in bytes. */
int64_t vm_memory_overhead(const struct object *vm);
/* The same with another memory_static_max and VCPUs_max. */
int64_t vm_overhead_of(const struct object *vm, int64_t static_max,
                       int64_t vcpus);

#endif

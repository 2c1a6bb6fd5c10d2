/*
 * Disks on their way to another repository, of this pool or of another: made
 * there first, then copied a slice at a time while other calls are served.
 */
#ifndef VM_DISK_JOB_H
#define VM_DISK_JOB_H

#include "request.h"
#include "wait.h"

struct disk_pair {
    const char *from; /* reference in the pool of the call */
    const char *to;   /* in the pool that it goes to */
    int64_t size;
};

struct disk_job {
    struct wait wait; /* first: found by it */
    struct toolstack *to;
    struct disk_pair *pairs;
    int nr, room, at;
    int64_t offset, done_bytes, all_bytes;
    void *blank; /* of whoever finishes */
    /* Called once, when all is copied; or when something failed. */
    int (*done)(struct request *r, struct disk_job *job);
    void (*failed)(struct request *r, struct disk_job *job);
};

/* In the request's arena, with room for that many disks. */
struct disk_job *disk_job_create(struct request *r, struct toolstack *to,
                                 int room);

/* Makes an empty disk like `vdi` over there. NULL, with the error set. */
struct object *disk_job_add(struct request *r, struct disk_job *job,
                            struct object *vdi, const char *sr);

/* Where a disk went; NULL: it stays. */
const char *disk_job_find(const struct disk_job *job, const char *vdi);

/* Copies. What `done` returns, or API_WAITING, or API_FAILED. */
int disk_job_run(struct request *r, struct disk_job *job);

/* Removes what was made so far; `failed` is called. Always API_FAILED. */
int disk_job_drop(struct request *r, struct disk_job *job);

/* The same call, as the other pool would see it. */
struct request disk_job_there(struct request *r, struct toolstack *to);

#endif

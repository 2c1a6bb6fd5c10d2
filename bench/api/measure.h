/* The measurements, each against a live endpoint. */
#ifndef API_MEASURE_H
#define API_MEASURE_H

#include <sys/types.h>

#include "client.h"

enum {
    MACHINES = 1000,
};

struct target {
    struct endpoint_url url;
    pid_t pid;   /* 0: not of this machine */
    uint64_t ns; /* for each measurement */
    const char *user, *password;
    struct client client;
    char session[64], vm[64];
    struct arena arena;
};

/* Logs in, and finds a machine to read. */
void target_open(struct target *t);
void target_close(struct target *t);

/* A halted machine of one's own, cloned from t->vm; target_close destroys it. */
void target_machine(struct target *t, char *ref, size_t size);
/* Destroys a machine and its disks. */
void target_remove(struct target *t, const char *vm);

void measure_login(struct target *t);
void measure_records(struct target *t);
void measure_many_clients(struct target *t);
/* Makes machines until there are MACHINES; target_close destroys them. */
void measure_clone(struct target *t);
void measure_lists(struct target *t);
void measure_wake(struct target *t);
void measure_start_stop(struct target *t);
void measure_memory(struct target *t);

#endif

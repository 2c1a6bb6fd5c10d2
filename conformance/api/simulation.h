/*
 * A `touchstone sim` that this process has started, with options of its own.
 *
 * It ends with this process at the latest. The program is found in
 * $TOUCHSTONE_BUILD, or in build/.
 */
#ifndef API_SIMULATION_H
#define API_SIMULATION_H

#include <stdio.h>
#include <sys/types.h>

enum {
    SIMULATION_OPTIONS_MAX = 32,
};

struct simulation {
    pid_t pid; /* 0: none */
    FILE *out; /* what it prints */
    int port;  /* at every host's address */
};

/*
 * `options` ends with NULL; the port is always chosen by the system. 0, or
 * -errno when it cannot be started or does not come up.
 */
int simulation_start(struct simulation *s, const char *const *options);
void simulation_stop(struct simulation *s);

#endif

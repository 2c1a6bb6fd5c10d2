/* Fake hosts: power, boot times, agents that come and go. */
#ifndef SIM_HOSTS_H
#define SIM_HOSTS_H

#include "pools.h"

enum {
    BOOT_MS = 2000,   /* of a host */
    RESTART_MS = 500, /* of an agent */
};

/* The driver borrows the world. */
struct host_driver sim_hosts_driver(struct world *w);

/* Power is lost, and comes back: domains are gone, calls are cut off. */
void sim_host_crash(struct sim_host *h);
void sim_host_boot(struct sim_host *h);

#endif

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

/* Nobody reaches it, or everybody does again; it runs on. */
void sim_host_cut(struct sim_host *h, bool cut);

/* Ends boots whose time is up; when the next one will be (INT64_MAX: none). */
int64_t sim_hosts_step(struct world *w);

/* What the host remembers is gone. */
void sim_host_forget(struct sim_host *h);

/* Whether messages get from one host to another. */
bool sim_host_hears(struct world *w, const char *host, const char *other);

/* Lets faults of the kinds host-crash and partition do that. */
void sim_hosts_watch(struct world *w);

#endif

/*
 * Fake machines: libvirt's test driver, one private connection per host.
 *
 * What that driver lacks is added here: migration between its connections,
 * devices that come and go, and guests that answer. One set of machines serves
 * all pools of the process: hosts and machines are known by uuid.
 */
#ifndef SIM_DOMAINS_H
#define SIM_DOMAINS_H

#include "toolstack.h"

struct sim_domains;

struct sim_domains *sim_domains_create(void);
void sim_domains_destroy(struct sim_domains *d);

/* The driver borrows `d`. */
struct domain_driver sim_domains_driver(struct sim_domains *d);

/*
 * What libvirt is told of a host, until its first domain starts; without a
 * call it is the host of the preset `minimal`.
 */
void sim_domains_profile(struct sim_domains *d, const char *host, int cpus,
                         int64_t memory_kib);

/* The host fails: its domains are gone, and nothing there answers. */
void sim_domains_crash(struct sim_domains *d, const char *host);
/* It answers again, empty. */
void sim_domains_revive(struct sim_domains *d, const char *host);

/* The uuids of the domains on a host: a set in the arena. */
struct value sim_domains_on(const struct sim_domains *d, struct arena *a,
                            const char *host);

/*
 * Which guest runs in machines that do not say (other_config:sim-guest): a row
 * of guests.def, or "none". Borrowed. 0, or -ENOENT.
 */
int sim_domains_guest(struct sim_domains *d, const char *kind);

/* What operations take at least; longer ones take some of that. 0: nothing. */
void sim_domains_pace(struct sim_domains *d, int64_t ms);

#endif

/*
 * Fake NICs and bridges of fake hosts: links that go up and down, speeds, MTU,
 * virtual functions; an address server that gives out leases. A fault
 * `link-down` or `link-flap` takes the carrier of a NIC: its names are
 * HOST/DEVICE, its MAC address, and its host's name and uuid.
 *
 * Not thread safe: used under the core lock.
 */
#ifndef SIM_NICS_H
#define SIM_NICS_H

#include "network_driver.h"

struct db;
struct object;
struct sim;
struct sim_nics;

/*
 * `standard` NICs come with each host that nobody described: gigabit, the last
 * two of four or more with ten gigabit and eight virtual functions.
 */
struct sim_nics *sim_nics_create(struct sim *sim, int standard);
void sim_nics_destroy(struct sim_nics *n);

/* The driver borrows `n`. */
struct network_driver sim_nics_driver(struct sim_nics *n);

/* The NICs of a new host have the addresses that its interfaces have. */
void sim_nics_adopt(struct sim_nics *n, struct db *db,
                    const struct object *host);

/* What the host's NICs are from now on. 0, -E2BIG. */
int sim_nics_describe(struct sim_nics *n, const char *host,
                      const struct nic *nics, int nr);

/* A host goes down: it has no bridges and no virtual functions any more. */
void sim_nics_crash(struct sim_nics *n, const char *host);

/* A link goes down or up, gets another speed. 0, -ENOENT: no such NIC. */
int sim_nics_set_link(struct sim_nics *n, const char *host, const char *device,
                      bool up);
int sim_nics_set_speed(struct sim_nics *n, const char *host, const char *device,
                       int64_t mbps, bool duplex);

#endif

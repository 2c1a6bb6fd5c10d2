/*
 * Simulated storage: repositories of any type and thin volumes with contents.
 *
 * Contents live in memory, at most 4 GiB of them, or in a directory: a
 * sparse file `blocks` and an index. What storage_driver.sync has confirmed is
 * there after kill -9.
 */
#ifndef SIM_VOLUMES_H
#define SIM_VOLUMES_H

#include "storage.h"

struct sim;
struct sim_volumes;

/*
 * `directory`, which is there, or NULL: in memory. The pools of the simulation
 * have records of what is there without having been made (adopt.c); `sim` may
 * be NULL. 0 or -Exxx.
 */
int sim_volumes_create(struct sim *sim, const char *directory,
                       struct sim_volumes **out);
void sim_volumes_destroy(struct sim_volumes *s);

/* The driver borrows `s`. */
struct storage_driver sim_volumes_driver(struct sim_volumes *s);

#endif

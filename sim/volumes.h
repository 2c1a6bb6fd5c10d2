/*
 * Simulated storage: repositories of any type and thin volumes with contents.
 *
 * Contents live in memory, at most MEMORY_MAX of them, or in a directory: a
 * sparse file `blocks` and an index. What storage_driver.sync has confirmed is
 * there after kill -9.
 */
#ifndef SIM_VOLUMES_H
#define SIM_VOLUMES_H

#include "storage.h"

struct sim_volumes;

/* `directory` NULL: in memory. 0 or -Exxx. */
int sim_volumes_create(const char *directory, struct sim_volumes **out);
void sim_volumes_destroy(struct sim_volumes *s);

/* The driver borrows `s`. */
struct storage_driver sim_volumes_driver(struct sim_volumes *s);

/*
 * Makes the repositories and volumes that the toolstack has records of, where
 * they are missing: after a seed. Disks are empty, CDs of type `iso` are not.
 */
void sim_volumes_adopt(struct sim_volumes *s, struct toolstack *ts);

#endif

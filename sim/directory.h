/*
 * A directory of users and groups, as a file describes it: the simulated side
 * of session/auth.h.
 */
#ifndef SIM_DIRECTORY_H
#define SIM_DIRECTORY_H

#include "auth.h"

struct sim_directory;

/*
 * Reads the file (JSON or YAML): `domain`, `join` (user and password that hosts
 * need to join; any without), `groups` and `users`: lists of maps with `name`,
 * `sid`, `groups` (names), `roles`; and, of a user, `password`, `disabled`,
 * `expired`, `locked`, `password_expired`. 0, or -Exxx with the reason said.
 */
int sim_directory_load(const char *path, struct sim_directory **directory);
void sim_directory_destroy(struct sim_directory *d);

/* Borrows the directory. */
const struct auth_driver *sim_directory_driver(struct sim_directory *d);

/*
 * Where users or groups of the file have `roles`: joins the pool's hosts, and
 * makes subjects with those roles. For a new pool.
 */
void sim_directory_seed(struct sim_directory *d, struct toolstack *ts);

#endif

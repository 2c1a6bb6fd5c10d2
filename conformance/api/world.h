/*
 * A simulated world of a check's own, with control over its hosts, its clock
 * and its faults. Everything here ends the check as failed when it fails.
 *
 * The first host of pool k has address 127.0.(k-1).1, the next ones follow.
 */
#ifndef API_WORLD_H
#define API_WORLD_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * Starts one with these options of `touchstone sim`, up to NULL: what is called
 * from now on until the check ends goes to its first host. Skips the check for
 * targets other than `sim`, which have no such control.
 */
void world(const char *option, ...) __attribute__((sentinel));

/* The path of a file with this text, for an option that takes one. */
const char *world_file(const char *text);

/* Goes on at this host, in a session of its own there. */
void world_at(const char *address);
/* A session at a host that takes no users: of its own root. */
void world_at_locally(const char *address);
/* Whether a host lets a user in: it lives, and is the master of its pool. */
bool world_answers(const char *address);
/* The error of a login there; fails when somebody is let in. */
cJSON *world_refuses(const char *address);
/* The port that every host of it listens at. */
int world_port(void);

/* A request to /sim, with a JSON body or NULL; the answer, which is kept. */
cJSON *world_control(const char *method, const char *path, const char *body);
/* "crash", "boot", "cut" or "join" for a host by its address. */
void world_host(const char *address, const char *what);

/* What /sim says of a host: power, emergency, domains. */
cJSON *world_state(const char *address);
/* For a world whose clock stands still: what is due in that time happens. */
void world_advance(int seconds);

/* Whether the target is of the kind that can have one. */
bool world_can(void);
/* Whether there is one. */
bool world_is_own(void);
/* Ends it, if there is one, and goes back to the target. For the runner. */
void world_end(void);

#endif

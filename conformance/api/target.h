/* What is judged: a simulation of our own, or an endpoint given by its URL. */
#ifndef API_TARGET_H
#define API_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* Whether the word is a target at all. 0, or -EINVAL after a line on stderr. */
int target_check(const struct options *o);
/* Opens connections and a session into `suite`. 0, or -errno after a line on
 * stderr. One per process. */
int target_open(const struct options *o);
/* Logs out, ends what was started. */
void target_close(void);
/* Whether it is a simulation that was started for this. */
bool target_is_sim(void);
/* The address of another host that is reached as the target is; `url`. */
const char *target_url_at(const char *address, char *url, size_t len);

/* Without the password. */
const char *target_name(void);

/* A session of that user (NULL: the target's own); NULL: refused. */
const char *target_login(const char *user, const char *password);

/* A directory for `--users` of a simulation: a user for each role, of that name
 * and with the password "p", and one without any. */
const char *target_directory(void);

#endif

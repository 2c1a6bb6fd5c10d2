/* What is judged: a simulation of our own, or an endpoint given by its URL. */
#ifndef API_TARGET_H
#define API_TARGET_H

#include "options.h"

/* Opens connections and a session into `suite`. 0, or -errno after a line on
 * stderr. */
int target_open(const struct options *o);
/* Removes what checks left behind, logs out, ends what was started. */
void target_close(void);

/* Without the password. */
const char *target_name(void);

/* A session of that user (NULL: the target's own); NULL: refused. */
const char *target_login(const char *user, const char *password);

#endif

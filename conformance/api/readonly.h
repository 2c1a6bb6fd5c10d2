/* Which messages leave an endpoint as it is. */
#ifndef API_READONLY_H
#define API_READONLY_H

#include <stdbool.h>

/*
 * Whether a message (or "GET /path") only reads. A message that this suite
 * does not know changes something. Sessions of one's own, and what they listen
 * to, are no change; a task is one, so that no asynchronous form only reads.
 */
bool message_reads(const char *name);

#endif

/*
 * Calls of the host's own system through struct agent_driver; without a driver
 * settings are accepted, and there are no files and nothing to say.
 *
 * Functions that return int give 0 or API_FAILED with the error set, unless
 * they say otherwise.
 */
#ifndef SERVICE_AGENT_H
#define SERVICE_AGENT_H

#include "agent_driver.h"
#include "request.h"

int agent_apply(struct request *r, const struct object *host,
                const char *setting, const char *value);
/* The text, in the arena; "" when there is none. */
const char *agent_ask(struct request *r, const struct object *host,
                      const char *what);
/* Lines of a text, without empty ones. */
struct value text_lines(struct request *r, const char *text);

/* NULL: there is no such file. */
const char *agent_read(struct request *r, const struct object *host,
                       const char *path);
int agent_write(struct request *r, const struct object *host, const char *path,
                const char *text);
/* 0, or -Exxx. */
int agent_delete(struct request *r, const struct object *host,
                 const char *path);
struct value agent_list(struct request *r, const struct object *host,
                        const char *folder);

#endif

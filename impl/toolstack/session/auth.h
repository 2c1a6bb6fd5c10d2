/*
 * The external directory that users other than root come from: a seam. Whoever
 * links the daemon brings a driver; without one only root can log in.
 *
 * It is in use while the master's `external_auth_type` is not empty. Subject
 * identifiers are what the directory calls them (SIDs); texts that a function
 * gives live in the arena that it is handed.
 */
#ifndef SESSION_AUTH_H
#define SESSION_AUTH_H

#include "toolstack.h"

struct auth_driver {
    /* 0, -EACCES (user or password wrong) or -EIO (no answer). */
    int (*authenticate)(void *ctx, struct arena *a, const char *user,
                        const char *password, const char **subject);
    /* A user's or group's identifier by its name. 0, -ENOENT or -EIO. */
    int (*find)(void *ctx, struct arena *a, const char *name,
                const char **subject);
    /* What is known of it, a map of strings. 0, -ENOENT or -EIO. */
    int (*information)(void *ctx, struct arena *a, const char *subject,
                       struct value *map);
    /* Identifiers of all groups that it is in, through others too. Likewise. */
    int (*groups)(void *ctx, struct arena *a, const char *subject,
                  struct value *set);
    /*
     * A host joins or leaves the directory. 0, -EACCES (wrong credentials),
     * -ENOENT (no such service) or -EIO.
     */
    int (*join)(void *ctx, const char *host_uuid, const char *type,
                const char *service, const struct value *config);
    int (*leave)(void *ctx, const char *host_uuid, const struct value *config);
    void *ctx;
};

/* Whether users of the directory may log in. */
bool auth_enabled(struct toolstack *ts);

#endif

/*
 * A host's own system: files, settings and texts that are not the
 * hypervisor's. The seam below certificates, SSH, time, logs and the like.
 *
 * `host` is the uuid of a host. Functions return 0 or -Exxx. Called under the
 * core lock; the driver keeps nothing that it is given.
 */
#ifndef SERVICE_AGENT_DRIVER_H
#define SERVICE_AGENT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum {
    AGENT_FILE_MAX = 1 << 20,
    AGENT_FILES_MAX = 4096, /* of one host */
};

struct agent_driver {
    /* Paths are relative to where the daemon keeps its files. -ENOENT. */
    int (*file_read)(void *ctx, const char *host, const char *path,
                     struct buf *out);
    int (*file_write)(void *ctx, const char *host, const char *path,
                      const char *data, size_t len);
    int (*file_delete)(void *ctx, const char *host, const char *path);
    /* Names of the files in a folder, a line each, in order. */
    int (*file_list)(void *ctx, const char *host, const char *folder,
                     struct buf *out);
    /* Makes a setting true; -EINVAL: it makes no sense. Names: settings.def. */
    int (*apply)(void *ctx, const char *host, const char *setting,
                 const char *value);
    /* What the host says of something. -ENOENT: it knows no such thing. */
    int (*ask)(void *ctx, const char *host, const char *what, struct buf *out);
    void *ctx;
};

#endif

/*
 * The machines that hosts are: what the daemon asks of them and tells them.
 *
 * `host` is a host's uuid. Functions return 0 or -Exxx: -EHOSTUNREACH when the
 * host does not answer. NULL: the toolstack has no such means. Called under the
 * server's lock; what takes time is only begun.
 */
#ifndef HOST_HOST_DRIVER_H
#define HOST_HOST_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

struct host_driver {
    /* Whether the host's agent answers. NULL: every host's does. */
    bool (*alive)(void *ctx, const char *host);
    /* Whether the host has power and has booted, with or without agent. */
    bool (*running)(void *ctx, const char *host);
    /* Another number after each change of what the functions here answer. */
    uint64_t (*changes)(void *ctx);
    /* Its domains end with it. */
    int (*shutdown)(void *ctx, const char *host);
    int (*reboot)(void *ctx, const char *host);
    int (*power_on)(void *ctx, const char *host, const char *mode);
    /* The agent alone: domains go on. */
    int (*restart_agent)(void *ctx, const char *host);
    int (*stop_agent)(void *ctx, const char *host);
    /* Power off and on again by the watchdog: nothing is asked. */
    int (*fence)(void *ctx, const char *host);
    /* What the host remembers by itself, under a key; NULL: nothing. */
    const char *(*local_get)(void *ctx, const char *host, const char *key);
    void (*local_put)(void *ctx, const char *host, const char *key,
                      const char *value);
    /* Whether one host hears another, and whether it reaches an SR (uuid). */
    bool (*hears)(void *ctx, const char *host, const char *other);
    bool (*reaches)(void *ctx, const char *host, const char *sr);
    /* Whether the host leads its pool, and whether it has lost its master. */
    int (*set_role)(void *ctx, const char *host, bool master, bool emergency);
    void *ctx;
};

#endif

/*
 * Connections that stop speaking HTTP: the thin CLI, consoles, tunnels.
 *
 * A handler takes its connection over; nothing is sent that it does not write,
 * not even a status line. With events, on the server's thread, under its lock
 * (route_raw); or on a thread of its own that may block, without the lock
 * (route_thread). TLS and the unix socket make no difference.
 */
#ifndef WIRE_RAW_H
#define WIRE_RAW_H

#include <sys/types.h>

#include "route.h"

enum {
    RAW_THREADS_MAX = 64,
    RAW_QUEUE_BYTES = 1 << 20, /* more is not queued by a polite writer */
};

struct raw;

struct raw_ops {
    /* Bytes came. Returns how many were taken; the rest comes again with more
       of them, or after raw_resume. Negative closes. */
    int64_t (*received)(struct raw *raw, void *state, const char *data,
                        size_t len);
    /* All that was written is on its way; may be NULL. */
    void (*drained)(struct raw *raw, void *state);
    /* The end, whoever caused it; frees `state`. Always called, once. */
    void (*closed)(struct raw *raw, void *state);
};

/* What was received after the request is kept for `received`. Always 0. */
int route_raw(struct route_call *c, const struct raw_ops *ops, void *state,
              struct raw **raw);
void raw_write(struct raw *raw, const void *data, size_t len);
/* Bytes that were written and are not yet on their way. */
size_t raw_pending(const struct raw *raw);
void raw_resume(struct raw *raw);
/* After what was written has left. `closed` is called later. */
void raw_close(struct raw *raw);
struct toolstack *raw_toolstack(const struct raw *raw);

/* A protocol with a port of its own. */
struct raw_service {
    struct raw_ops ops;
    /* Somebody connected: the state of the connection. */
    void *(*begin)(struct raw *raw, const struct endpoint *at);
};

struct raw_thread;
typedef void (*raw_thread_fn)(struct raw_thread *t, void *state);

/*
 * Calls `fn` on a new thread, which owns `state`; the connection closes when it
 * returns. 0, or -EAGAIN: too many threads (nothing was taken over). When the
 * server stops, reads and writes fail from then on, and it waits for `fn`.
 */
int route_thread(struct route_call *c, raw_thread_fn fn, void *state);

/* Blocking, without the lock. Bytes, 0 at the end, or -Exxx; -ETIMEDOUT from a
   peer that does nothing for long. */
ssize_t raw_read(struct raw_thread *t, void *data, size_t len);
/* Everything, or -Exxx. */
int raw_send(struct raw_thread *t, const void *data, size_t len);

/* The core lock. Unlocking commits, and wakes calls that wait for events. */
void raw_lock(struct raw_thread *t);
void raw_unlock(struct raw_thread *t);
/*
 * With the lock held: sleeps until something may have changed, or for `ms`.
 * Commits first.
 */
void raw_wait(struct raw_thread *t, int64_t ms);
bool raw_stopping(const struct raw_thread *t);

struct toolstack *raw_thread_toolstack(const struct raw_thread *t);
const char *raw_peer(const struct raw_thread *t);
bool raw_is_local(const struct raw_thread *t);

#endif

/* Connections that were taken over by a thread of their own. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

enum {
    PEER_BYTES = 64,
    READ_MS = 15 * 60 * 1000, /* clients at work speak every 5 minutes */
    WRITE_MS = 60 * 1000,     /* of a client that does not read */
};

struct raw_thread {
    struct http_server *server;
    struct toolstack *ts;
    raw_thread_fn fn;
    void *state;
    int fd;
    struct tls *tls;
    struct buf early; /* received before the thread was there */
    size_t early_at;
    bool local, started, done;
    char peer[PEER_BYTES];
    pthread_t thread;
    struct raw_thread *next;
};

/* Waits for its connection; without one, `fn` finds that out by reading. */
static void *run(void *arg)
{
    struct raw_thread *t = arg;
    struct http_server *s = t->server;

    pthread_mutex_lock(&s->lock);
    while (!t->started)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    t->fn(t, t->state);
    pthread_mutex_lock(&s->lock);
    if (t->fd >= 0)
        (void)shutdown(t->fd, SHUT_WR); /* the peer may be gone */
    t->done = true;
    server_wake(s); /* which joins it */
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void destroy(struct raw_thread *t)
{
    (void)pthread_join(t->thread, NULL); /* it exists */
    if (t->tls)
        tls_destroy(t->tls);
    if (t->fd >= 0)
        close(t->fd);
    buf_fini(&t->early);
    free(t);
}

/* With the lock held, by the server's thread: those whose function returned. */
void raw_threads_reap(struct http_server *s)
{
    struct raw_thread **slot = &s->threads;

    while (*slot) {
        struct raw_thread *t = *slot;

        if (!t->done) {
            slot = &t->next;
            continue;
        }
        *slot = t->next;
        s->threads_nr--;
        pthread_mutex_unlock(&s->lock); /* it lets go of it as its last act */
        destroy(t);
        pthread_mutex_lock(&s->lock);
        slot = &s->threads;
    }
}

/* Without the lock: nothing is read or written any more; waits for them. */
void raw_threads_stop(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    for (struct raw_thread *t = s->threads; t; t = t->next)
        if (t->fd >= 0)
            (void)shutdown(t->fd, SHUT_RDWR); /* the peer may be gone */
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    while (s->threads) {
        struct raw_thread *t = s->threads;

        s->threads = t->next;
        destroy(t);
    }
}

/* What the connection has is the thread's from now on. */
static void take_over(struct raw_thread *t, struct conn *c)
{
    conn_peer(c, t->peer, sizeof(t->peer));
    (void)epoll_ctl(t->server->epoll_fd, EPOLL_CTL_DEL, c->watch.fd, NULL);
    t->fd = c->watch.fd;
    t->tls = c->tls;
    t->local = c->door->local;
    c->watch.fd = -EBADF;
    c->tls = NULL;
}

int route_thread(struct route_call *call, raw_thread_fn fn, void *state)
{
    struct exchange *x = call->exchange;
    struct http_server *s = x->conn->door->server;
    struct raw_thread *t;

    if (s->threads_nr >= RAW_THREADS_MAX)
        return -EAGAIN;
    t = must_alloc(sizeof(*t));
    *t = (struct raw_thread){.server = s,
                             .ts = call->request.ts,
                             .fn = fn,
                             .state = state,
                             .fd = -EBADF,
                             .next = s->threads};
    if (pthread_create(&t->thread, NULL, run, t)) {
        free(t);
        return -EAGAIN;
    }
    s->threads = t;
    s->threads_nr++;
    x->conn->thread = t;
    x->left = x->ended = true;
    conn_touch(x->conn);
    return 0;
}

/* Lets the thread begin, with the connection if that is still there. */
void raw_thread_start(struct conn *c)
{
    struct raw_thread *t = c->thread;

    c->thread = NULL;
    if (!c->dead) {
        take_over(t, c);
        t->early = c->in;
        c->in = (struct buf){0};
        conn_kill(c);
    }
    t->started = true;
    pthread_cond_broadcast(&t->server->changed);
}

/* --- For the threads -------------------------------------------------------- */

/* 0, or -EPIPE: stopped, or -ETIMEDOUT. */
static int wait_until_ready(struct raw_thread *t, short events)
{
    struct pollfd p = {.fd = t->fd, .events = events};

    if (t->server->stopping)
        return -EPIPE;
    /* What else it finds, the next call says. */
    return poll(&p, 1, events == POLLIN ? READ_MS : WRITE_MS) ? 0 : -ETIMEDOUT;
}

ssize_t raw_read(struct raw_thread *t, void *data, size_t len)
{
    size_t early = t->early.len - t->early_at;
    ssize_t n;
    int rc = 0;

    if (early) {
        len = len < early ? len : early;
        memcpy(data, t->early.data + t->early_at, len);
        t->early_at += len;
        return (ssize_t)len;
    }
    do {
        n = t->tls ? tls_read(t->tls, data, len) : recv(t->fd, data, len, 0);
        if (n < 0 && !t->tls)
            n = -errno;
        if (n == -EAGAIN)
            rc = wait_until_ready(t, POLLIN);
    } while (!rc && (n == -EAGAIN || n == -EINTR));
    return rc ? rc : n;
}

int raw_send(struct raw_thread *t, const void *data, size_t len)
{
    const char *at = data;

    while (len) {
        ssize_t n = t->tls ? tls_write(t->tls, at, len)
                           : send(t->fd, at, len, MSG_NOSIGNAL);

        if (n < 0 && !t->tls)
            n = -errno;
        if (n == -EAGAIN) {
            int rc = wait_until_ready(t, POLLOUT);

            if (rc)
                return rc;
        }
        if (n == -EAGAIN || n == -EINTR)
            continue;
        if (n <= 0)
            return n ? (int)n : -EPIPE;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

void raw_lock(struct raw_thread *t)
{
    pthread_mutex_lock(&t->server->lock);
}

void raw_unlock(struct raw_thread *t)
{
    server_commit(t->server);
    server_wake(t->server);
    pthread_mutex_unlock(&t->server->lock);
}

void raw_wait(struct raw_thread *t, int64_t ms)
{
    struct http_server *s = t->server;
    struct timespec until;

    server_commit(s);
    server_wake(s);
    (void)clock_gettime(CLOCK_REALTIME, &until); /* always there */
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    s->waiters++;
    if (!s->stopping)
        (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
    s->waiters--;
}

bool raw_stopping(const struct raw_thread *t)
{
    return t->server->stopping;
}

struct toolstack *raw_thread_toolstack(const struct raw_thread *t)
{
    return t->ts;
}

const char *raw_peer(const struct raw_thread *t)
{
    return t->peer;
}

bool raw_is_local(const struct raw_thread *t)
{
    return t->local;
}

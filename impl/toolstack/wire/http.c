/* The server's doors, and the rounds that it goes. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server.h"
#include "timer.h"

enum {
    EVENTS_MAX = 512,
    ACCEPTS_MAX = 64, /* at one door in one round */
    BACKLOG = 4096,
    LONGEST_NAP_MS = 1000,
    EXPIRE_MS = 60 * 1000,
    SETTLES_MAX = 64, /* before the next look at who is ready */
};

static const int64_t patience_ms[CONN_PATIENCES] = {
    [WAITS_FOR_HEAD] = 30 * 1000,
    [WAITS_FOR_REQUEST] = 600 * 1000,
    [WAITS_FOR_PEER] = 300 * 1000,
    [WAITS_FOR_CLOSE] = 5 * 1000,
};

static int64_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Doors ------------------------------------------------------------------ */

static void watch_door(struct http_server *s, struct door *d, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = &d->watch};

    (void)epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, d->watch.fd, &e); /* valid */
}

/* Without room for one connection more, nobody is let in. */
static void doors_adjust(struct http_server *s)
{
    bool full = s->connections >= s->connections_max;

    if (full == s->full)
        return;
    s->full = full;
    for (struct door *d = s->doors; d; d = d->next)
        watch_door(s, d, full ? 0 : EPOLLIN);
}

static void door_ready(struct watch *w, uint32_t events)
{
    struct door *d = (struct door *)w; /* its first member */
    struct http_server *s = d->server;
    int yes = 1;

    (void)events;
    for (int i = 0; i < ACCEPTS_MAX && s->connections < s->connections_max;
         i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof(peer);
        int fd = accept(w->fd, (struct sockaddr *)&peer, &len);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) /* no more than now, then */
                s->connections_max = s->connections > 1 ? s->connections : 1;
            return;
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
        (void)fcntl(fd, F_SETFL, O_NONBLOCK); /* valid */
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* valid */
        if (d->endpoint->down) {
            close(fd);
            continue;
        }
        if (!d->local)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        conn_create(d, fd, (struct sockaddr *)&peer, d->local ? 0 : len);
    }
}

static int door_open(struct http_server *s, struct endpoint *endpoint, int fd,
                     const struct sockaddr *at, socklen_t len)
{
    struct epoll_event e = {.events = EPOLLIN};
    struct sockaddr_storage bound = {0};
    socklen_t bound_len = sizeof(bound);
    struct door *d;
    int yes = 1;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, at, len) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&bound, &bound_len)) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    d = must_alloc(sizeof(*d));
    *d = (struct door){.watch = {fd, door_ready},
                       .server = s,
                       .endpoint = endpoint,
                       .next = s->doors};
    if (bound.ss_family == AF_INET)
        d->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
    if (bound.ss_family == AF_INET6)
        d->port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
    s->doors = d;
    e.data.ptr = &d->watch;
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

int http_open(struct http_server *s, struct endpoint *endpoint,
              const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return door_open(s, endpoint, socket(AF_INET, type, 0),
                         (struct sockaddr *)&v4, sizeof(v4));
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        return door_open(s, endpoint, socket(AF_INET6, type, 0),
                         (struct sockaddr *)&v6, sizeof(v6));
    return -EINVAL;
}

int http_open_tls(struct http_server *s, struct endpoint *endpoint,
                  const char *address, uint16_t port,
                  const struct tls_context *tls)
{
    int rc = http_open(s, endpoint, address, port);

    if (!rc)
        s->doors->tls = tls;
    return rc;
}

int http_open_raw(struct http_server *s, struct endpoint *endpoint,
                  const char *address, uint16_t port,
                  const struct raw_service *service)
{
    int rc = http_open(s, endpoint, address, port);

    if (!rc)
        s->doors->raw = service;
    return rc;
}

int http_open_unix(struct http_server *s, struct endpoint *endpoint,
                   const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    mode_t mask;
    int rc;

    if (strlen(path) >= sizeof(at.sun_path))
        return -ENAMETOOLONG;
    memcpy(at.sun_path, path, strlen(path));
    (void)unlink(path); /* one that was left behind */
    mask = umask(0177);
    rc = door_open(
        s, endpoint,
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
        (struct sockaddr *)&at, sizeof(at));
    (void)umask(mask);
    if (!rc)
        s->doors->local = true;
    return rc;
}

uint16_t http_port(const struct http_server *s)
{
    return s->doors ? s->doors->port : 0;
}

/* --- Making and ending ------------------------------------------------------- */

static void wake_ready(struct watch *w, uint32_t events)
{
    uint64_t count;

    (void)events;
    if (read(w->fd, &count, sizeof(count)) < 0)
        return; /* somebody else was faster */
}

void server_wake(struct http_server *s)
{
    uint64_t one = 1;

    if (write(s->wake.fd, &one, sizeof(one)) < 0)
        return; /* it is awake already */
}

/* As many descriptors as the system lets us have. */
static int descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return CONNECTIONS_MAX;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* what we have must do then */
    (void)getrlimit(RLIMIT_NOFILE, &limit); /* worked above */
    return limit.rlim_cur > CONNECTIONS_MAX + DESCRIPTORS_OTHER
               ? CONNECTIONS_MAX
               : (int)limit.rlim_cur - DESCRIPTORS_OTHER;
}

struct http_server *http_create(struct toolstack *pools)
{
    struct http_server *s = must_alloc(sizeof(*s));
    struct epoll_event e = {.events = EPOLLIN};

    memset(s, 0, offsetof(struct http_server, received));
    s->pools = pools;
    s->connections_max = descriptors();
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->wake =
        (struct watch){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), wake_ready};
    e.data.ptr = &s->wake;
    if (s->epoll_fd < 0 || s->wake.fd < 0 ||
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->wake.fd, &e))
        abort(); /* no descriptor at all */
    for (int i = 0; i < CONN_PATIENCES; i++)
        s->lists[i].timeout_ms = patience_ms[i];
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    return s;
}

static void unlink_socket(const struct door *d)
{
    struct sockaddr_un at = {0};
    socklen_t len = sizeof(at);

    if (d->local && !getsockname(d->watch.fd, (struct sockaddr *)&at, &len))
        (void)unlink(at.sun_path); /* somebody may have done so */
}

static void close_doors(struct http_server *s)
{
    while (s->doors) {
        struct door *d = s->doors;

        s->doors = d->next;
        unlink_socket(d);
        close(d->watch.fd);
        free(d);
    }
}

void http_stop(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    rpc_stop(s);
    server_commit(s);
    (void)conns_settle(s); /* the last words; nobody waits for more */
    for (int i = 0; i < CONN_PATIENCES; i++)
        while (s->lists[i].first)
            conn_kill(s->lists[i].first);
    s->dirty = NULL;
    conns_bury(s);
    pthread_mutex_unlock(&s->lock);
    raw_threads_stop(s);
    close_doors(s);
    exchanges_fini(s);
    buf_fini(&s->spare_out);
    close(s->wake.fd);
    close(s->epoll_fd);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* --- Rounds -------------------------------------------------------------------- */

void server_commit(struct http_server *s)
{
    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        toolstack_commit(ts);
}

static int64_t step_all(struct http_server *s)
{
    int64_t earliest = INT64_MAX;

    for (struct toolstack *ts = s->pools; ts; ts = ts->next) {
        int64_t next = toolstack_step(ts);

        if (next < earliest)
            earliest = next;
    }
    return earliest;
}

/* The earliest of that and of timers that were started since. */
static int64_t with_timers(const struct http_server *s, int64_t next)
{
    for (const struct toolstack *ts = s->pools; ts; ts = ts->next)
        if (timers_next_ms(ts) < next)
            next = timers_next_ms(ts);
    return next;
}

/* Commits, sends, and lets everybody go on who can. Until when to sleep, ms. */
static int64_t settle(struct http_server *s)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < SETTLES_MAX; i++) {
        next = step_all(s);
        rpc_wake(s);
        server_commit(s);
        if (!conns_settle(s))
            break;
    }
    conns_bury(s);
    raw_threads_reap(s);
    doors_adjust(s);
    if (s->waiters)
        pthread_cond_broadcast(&s->changed);
    return s->dirty ? 0 : with_timers(s, next);
}

static int nap_ms(struct http_server *s, int64_t next)
{
    int64_t now;

    if (next == INT64_MAX)
        return LONGEST_NAP_MS;
    now = s->pools->env.now_ms(s->pools->env.ctx);
    if (next <= now)
        return 0;
    return next - now < LONGEST_NAP_MS ? (int)(next - now) : LONGEST_NAP_MS;
}

static void expire(struct http_server *s, int64_t *expired)
{
    int64_t now = s->pools->env.now_ms(s->pools->env.ctx);

    if (now - *expired < EXPIRE_MS && now >= *expired)
        return;
    *expired = now;
    for (struct toolstack *ts = s->pools; ts; ts = ts->next)
        toolstack_expire(ts);
}

/*
 * Signals that end the process come while it waits only, wherever they are
 * blocked (as they should be): none between a look at `stop` and the wait.
 */
static sigset_t mask_of_waits(void)
{
    sigset_t mask;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask); /* reads it */
    (void)sigdelset(&mask, SIGINT);
    (void)sigdelset(&mask, SIGTERM);
    return mask;
}

/* Moves a clock that others move, when nobody is about to do anything. */
static bool skip_time(struct http_server *s, int64_t next, const sigset_t *mask)
{
    const struct environment *env = &s->pools->env;
    struct epoll_event event;

    return env->idle && rpc_all_wait(s) && !s->threads &&
           epoll_pwait(s->epoll_fd, &event, 1, 0, mask) == 0 &&
           env->idle(env->ctx, next);
}

void http_run(struct http_server *s, const volatile int *stop)
{
    struct epoll_event events[EVENTS_MAX];
    sigset_t mask = mask_of_waits();
    int64_t expired = 0;

    pthread_mutex_lock(&s->lock);
    while (!*stop) {
        int64_t next = settle(s);
        int nap, nr;

        if (skip_time(s, next, &mask))
            continue;
        nap = nap_ms(s, next);
        pthread_mutex_unlock(&s->lock);
        nr = epoll_pwait(s->epoll_fd, events, EVENTS_MAX, nap, &mask);
        pthread_mutex_lock(&s->lock);
        s->now_ms = monotonic_ms();
        for (int i = 0; i < nr; i++) {
            struct watch *w = events[i].data.ptr;

            w->ready(w, events[i].events);
        }
        conns_expire(s);
        expire(s, &expired);
    }
    pthread_mutex_unlock(&s->lock);
}

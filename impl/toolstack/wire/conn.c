/*
 * Connections: bytes in, bytes out, time limits.
 *
 * The time limits are of the real clock, whatever the environment's says: a
 * peer is as slow as it is.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum {
    READS_MAX = 8, /* of one connection in one round */
    KEEP_OUT_BYTES = 256 << 10,
};

static void ready(struct watch *w, uint32_t events);

/* --- Time limits --------------------------------------------------------- */

static void unlist(struct conn *c)
{
    if (!c->list)
        return;
    *(c->previous ? &c->previous->next : &c->list->first) = c->next;
    *(c->next ? &c->next->previous : &c->list->last) = c->previous;
    c->list = NULL;
}

void conn_wait(struct conn *c, enum conn_patience patience)
{
    struct http_server *s = c->door->server;
    struct conn_list *list = &s->lists[patience];

    if (patience == WAITS_FOR_HEAD && c->list == list)
        return; /* the limit is on the whole head */
    unlist(c);
    if (c->dead)
        return;
    c->list = list;
    c->expires_ms = s->now_ms + list->timeout_ms;
    c->next = NULL;
    c->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = c;
    list->last = c;
}

void conns_expire(struct http_server *s)
{
    for (int i = 0; i < WAITS_FOR_US; i++)
        while (s->lists[i].first && s->lists[i].first->expires_ms <= s->now_ms)
            conn_kill(s->lists[i].first);
}

/* --- Making and ending --------------------------------------------------- */

void conn_set_interest(struct conn *c, uint32_t interest)
{
    struct epoll_event e = {.events = interest, .data.ptr = &c->watch};

    if (interest == c->interest || c->dead)
        return;
    c->interest = interest;
    if (epoll_ctl(c->door->server->epoll_fd, EPOLL_CTL_MOD, c->watch.fd, &e))
        conn_kill(c);
}

void conn_create(struct door *d, int fd, const struct sockaddr *peer,
                 socklen_t len)
{
    struct http_server *s = d->server;
    struct conn *c = must_alloc(sizeof(*c));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &c->watch};

    *c = (struct conn){.watch = {fd, ready}, .door = d, .interest = EPOLLIN};
    if (len <= sizeof(c->peer))
        memcpy(&c->peer, peer, len);
    if (d->tls)
        c->tls = tls_create(d->tls, fd);
    c->handshaking = c->tls != NULL;
    if ((d->tls && !c->tls) || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e)) {
        if (c->tls)
            tls_destroy(c->tls);
        close(fd);
        free(c);
        return;
    }
    conn_peer(c, c->peer_text, sizeof(c->peer_text));
    s->connections++;
    conn_wait(c, c->tls ? WAITS_FOR_HEAD : WAITS_FOR_REQUEST);
    if (d->raw)
        raw_begin(c);
}

void conn_touch(struct conn *c)
{
    struct http_server *s = c->door->server;

    if (c->dirty || c->dead)
        return;
    c->dirty = true;
    c->next_dirty = s->dirty;
    s->dirty = c;
}

/* Freed at the end of the round: events may still name it. */
void conn_kill(struct conn *c)
{
    struct http_server *s = c->door->server;

    if (c->dead)
        return;
    unlist(c);
    c->dead = true;
    c->next_dead = s->dead;
    s->dead = c;
    s->connections--;
    s->held -= c->held;
    if (c->exchange)
        exchange_lost(c->exchange);
    c->exchange = NULL;
    if (c->raw)
        raw_lost(c);
    c->raw = NULL;
    if (c->thread)
        raw_thread_start(c);
    if (c->tls)
        tls_destroy(c->tls);
    if (c->watch.fd >= 0)
        close(c->watch.fd);
    buf_fini(&c->in);
    buf_fini(&c->out);
}

void conn_abort(struct conn *c)
{
    c->aborted = true;
    conn_touch(c);
}

void conns_bury(struct http_server *s)
{
    while (s->dead) {
        struct conn *c = s->dead;

        s->dead = c->next_dead;
        free(c);
    }
}

void conn_peer(const struct conn *c, char *text, size_t size)
{
    const void *address = c->peer.any.sa_family == AF_INET6
                              ? (const void *)&c->peer.v6.sin6_addr
                              : (const void *)&c->peer.v4.sin_addr;

    *text = '\0';
    if (c->peer.any.sa_family == AF_INET || c->peer.any.sa_family == AF_INET6)
        (void)inet_ntop(c->peer.any.sa_family, address, text,
                        (socklen_t)size); /* it fits */
}

/* --- Bytes in ------------------------------------------------------------- */

static ssize_t receive(struct conn *c, void *data, size_t len)
{
    ssize_t n;

    if (c->tls)
        return tls_read(c->tls, data, len);
    n = recv(c->watch.fd, data, len, MSG_DONTWAIT);
    return n < 0 ? -errno : n;
}

/* Offers bytes to whoever reads now. Returns how many were used. */
static size_t offer(struct conn *c, const char *data, size_t len)
{
    size_t used = 0, n;

    while (!c->dead && used < len) {
        if (c->closing)
            return len;
        if (c->thread)
            return used;
        if (c->raw)
            n = raw_input(c, data + used, len - used);
        else if (c->exchange)
            n = exchange_body(c->exchange, data + used, len - used);
        else if (c->out.len - c->out_at > OUT_BYTES_MAX ||
                 c->door->server->round > ROUND_BYTES_MAX)
            n = 0;
        else
            n = exchange_head(c, data + used, len - used);
        if (!n)
            break;
        used += n;
    }
    return used;
}

static void take_in(struct conn *c, const char *data, size_t len)
{
    size_t used;

    if (c->in.len) {
        buf_add(&c->in, data, len);
        conn_touch(c);
        return;
    }
    used = offer(c, data, len);
    if (c->dead || used == len)
        return;
    buf_add(&c->in, data + used, len - used);
    conn_touch(c);
}

/* What was kept is offered again. Whether any of it was used. */
static bool offer_kept(struct conn *c)
{
    struct buf kept = c->in;
    size_t used;

    if (!kept.len)
        return false;
    c->in = (struct buf){0};
    used = offer(c, kept.data, kept.len);
    if (c->dead || used == kept.len) {
        buf_fini(&kept);
        return used > 0;
    }
    memmove(kept.data, kept.data + used, kept.len - used);
    kept.len -= used;
    c->in = kept;
    return used > 0;
}

static bool may_receive(const struct conn *c)
{
    return !c->eof && !c->dead && c->in.len < STASH_BYTES_MAX;
}

static void receive_all(struct conn *c)
{
    struct http_server *s = c->door->server;

    for (int i = 0; i < READS_MAX && may_receive(c); i++) {
        size_t room = c->exchange && c->exchange->body_over
                          ? STASH_BYTES_MAX
                          : sizeof(s->received);
        ssize_t n = receive(c, s->received, room);

        if (n == -EAGAIN || n == -EINTR)
            return;
        if (n < 0) {
            conn_kill(c);
            return;
        }
        if (n == 0) {
            c->eof = true;
            conn_touch(c);
            return;
        }
        if (!c->lingering)
            take_in(c, s->received, (size_t)n);
        if (!c->tls && (size_t)n < room)
            return;
    }
    if (c->tls)
        conn_touch(c); /* it may hold bytes that epoll knows nothing of */
}

static void handshake(struct conn *c)
{
    bool wants_write;
    int rc = tls_handshake(c->tls, &wants_write);

    if (rc == -EAGAIN) {
        conn_set_interest(c, wants_write ? EPOLLOUT : EPOLLIN);
        return;
    }
    if (rc) {
        conn_kill(c);
        return;
    }
    c->handshaking = false;
    conn_wait(c, WAITS_FOR_REQUEST);
    conn_set_interest(c, EPOLLIN);
    receive_all(c);
}

static void ready(struct watch *w, uint32_t events)
{
    struct conn *c = (struct conn *)w; /* its first member */

    if (c->dead)
        return;
    if (events & (EPOLLERR | EPOLLHUP))
        conn_kill(c);
    else if (c->handshaking)
        handshake(c);
    else if (events & EPOLLIN)
        receive_all(c);
    if (events & EPOLLOUT)
        conn_touch(c);
}

/* --- Bytes out ------------------------------------------------------------ */

struct buf *conn_answer_begin(struct conn *c)
{
    struct http_server *s = c->door->server;

    if (c->out.len)
        return &s->spare_out;
    if (!c->out.data) {
        c->out = s->spare_out;
        s->spare_out = (struct buf){0};
    }
    c->out.len = 0;
    buf_room(&c->out, HEAD_ROOM);
    c->out.len = HEAD_ROOM;
    return &c->out;
}

void conn_answer_end(struct conn *c, struct buf *body, const char *head,
                     size_t len)
{
    if (body == &c->out) {
        c->out_at = HEAD_ROOM - len;
        memcpy(c->out.data + c->out_at, head, len);
    } else {
        buf_add(&c->out, head, len);
        buf_add(&c->out, body->data, body->len);
        body->len = 0;
    }
    c->door->server->round += c->out.len;
    conn_touch(c);
}

/* A drained buffer is kept for the next answer, unless it is large. */
static void out_drained(struct conn *c)
{
    struct http_server *s = c->door->server;

    c->out.len = c->out_at = 0;
    if (s->spare_out.data || c->out.room > KEEP_OUT_BYTES)
        buf_fini(&c->out);
    else
        s->spare_out = c->out;
    c->out = (struct buf){0};
}

/* Sends what can be sent. False: the connection is dead. */
static bool flush(struct conn *c)
{
    const struct conn_list *peer = &c->door->server->lists[WAITS_FOR_PEER];
    size_t before = c->out_at;

    while (c->out_at < c->out.len) {
        const char *data = c->out.data + c->out_at;
        size_t len = c->out.len - c->out_at;
        ssize_t n =
            c->tls ? tls_write(c->tls, data, len)
                   : send(c->watch.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && !c->tls)
            n = -errno;
        if (n == -EAGAIN || n == -EINTR) {
            if (c->out_at > before || c->list != peer)
                conn_wait(c, WAITS_FOR_PEER);
            return true;
        }
        if (n <= 0) {
            conn_kill(c);
            return false;
        }
        c->out_at += (size_t)n;
    }
    if (c->out.data)
        out_drained(c);
    return true;
}

/* Everything is said: waits for the peer to close, so that it can read it. */
static void linger(struct conn *c)
{
    if (c->eof) {
        conn_kill(c);
        return;
    }
    if (c->lingering)
        return;
    c->lingering = true;
    if (c->tls)
        tls_shutdown(c->tls);
    (void)shutdown(c->watch.fd, SHUT_WR); /* it may be closed already */
    conn_wait(c, WAITS_FOR_CLOSE);
}

/* The peer has closed, and owes the rest of a body, or can wait no longer. */
static bool cut_short(const struct conn *c)
{
    const struct exchange *x = c->exchange;

    if (!c->eof || c->in.len || !x || x->ended)
        return false;
    return !x->body_over || rpc_is_vain(x);
}

/* Memory for peers that neither read nor wait for answers is bounded. */
static void count_held(struct conn *c)
{
    struct http_server *s = c->door->server;
    size_t held = c->in.len + c->out.len - c->out_at;

    s->held += held - c->held;
    c->held = held;
    if (s->held > HELD_BYTES_MAX && held > STASH_BYTES_MAX)
        conn_kill(c);
}

static uint32_t wanted_events(const struct conn *c)
{
    return (may_receive(c) ? EPOLLIN : 0) |
           (c->out_at < c->out.len ? EPOLLOUT : 0);
}

void conn_settle(struct conn *c)
{
    static const struct linger reset = {.l_onoff = 1};

    if (c->aborted) {
        (void)setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &reset,
                         sizeof(reset)); /* it may be closed already */
        conn_kill(c);
    }
    if (c->dead || c->handshaking || !flush(c))
        return;
    if (c->tls && may_receive(c) && tls_pending(c->tls))
        receive_all(c);
    if (!c->dead && c->exchange)
        exchange_go_on(c);
    if (!c->dead && c->raw)
        raw_go_on(c);
    if (!c->dead && c->thread && !c->exchange) {
        raw_thread_start(c);
        return;
    }
    if (!c->dead && offer_kept(c))
        conn_touch(c);
    if (!c->dead && cut_short(c))
        conn_kill(c);
    if (c->dead)
        return;
    if (c->out_at == c->out.len && !c->exchange && !c->raw) {
        if (c->closing)
            linger(c);
        else if (c->eof)
            conn_kill(c);
    }
    if (!c->dead)
        conn_set_interest(c, wanted_events(c));
    if (!c->dead)
        count_held(c);
}

bool conns_settle(struct http_server *s)
{
    struct conn *c = s->dirty;

    s->dirty = NULL;
    s->round = 0;
    s->stirred = false;
    while (c) {
        struct conn *next = c->next_dirty;

        c->dirty = false;
        if (!c->dead)
            conn_settle(c);
        c = next;
    }
    return s->stirred || s->dirty;
}

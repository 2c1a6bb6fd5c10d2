/* Sockets, requests, answers. */
#define _GNU_SOURCE /* memmem */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "wire.h"

enum {
    READ_BYTES = 256 << 10,
    CLIENTS_MAX = 8192,
    WAIT_MS = 120 * 1000,
};

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("touchstone bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void url_parse(const char *text, struct endpoint_url *url)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    bool tls = strncmp(text, "https://", 8) == 0;
    const char *p = text + (tls ? 8 : 7), *colon;
    char port[16];
    size_t len;

    if (!tls && strncmp(text, "http://", 7) != 0)
        die("'%s' is not of the form http://HOST:PORT or https://HOST", text);
    (void)snprintf(port, sizeof(port), "%s", tls ? "443" : "80");
    url->tls = tls;
    len = strcspn(p, "/");
    colon = memchr(p, ':', len);
    if (colon)
        (void)snprintf(port, sizeof(port), "%.*s", (int)(p + len - colon - 1),
                       colon + 1);
    (void)snprintf(url->host, sizeof(url->host), "%.*s",
                   (int)(colon ? (size_t)(colon - p) : len), p);
    url->port = atoi(port);
    if (getaddrinfo(url->host, port, &hints, &found))
        die("no address for '%s'", text);
    memcpy(&url->address, found->ai_addr, found->ai_addrlen);
    url->address_len = found->ai_addrlen;
    freeaddrinfo(found);
}

int client_try(struct client *c, const struct endpoint_url *url)
{
    int yes = 1;

    *c = (struct client){.fd = socket(url->address.ss_family, SOCK_STREAM, 0),
                         .url = url};
    if (c->fd < 0)
        die("no socket: %s", strerror(errno));
    if (connect(c->fd, (const struct sockaddr *)&url->address,
                url->address_len)) {
        int rc = -errno;

        close(c->fd);
        return rc;
    }
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (url->tls)
        c->tls = wire_tls_open(c->fd, url->host);
    return 0;
}

void client_open(struct client *c, const struct endpoint_url *url)
{
    int rc = client_try(c, url);

    if (rc)
        die("cannot connect: %s", strerror(-rc));
}

void client_close(struct client *c)
{
    wire_tls_close(c->tls);
    close(c->fd);
    buf_fini(&c->in);
}

static void request(struct buf *out, const char *path, const char *type,
                    const struct buf *body)
{
    out->len = 0;
    buf_printf(out,
               "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\n"
               "Content-Length: %zu\r\n\r\n",
               path, type, body->len);
    buf_add(out, body->data, body->len);
}

void request_json(struct buf *out, const char *method, const char *params)
{
    struct buf body = {0};

    buf_puts(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"");
    buf_puts(&body, method);
    buf_puts(&body, "\",\"params\":");
    buf_puts(&body, params);
    buf_putc(&body, '}');
    request(out, "/jsonrpc", "application/json", &body);
    buf_fini(&body);
}

void request_xml(struct buf *out, const char *method, const char *const *params,
                 int nr)
{
    struct buf body = {0};

    buf_printf(&body,
               "<?xml version=\"1.0\"?><methodCall><methodName>%s</methodName>"
               "<params>",
               method);
    for (int i = 0; i < nr; i++)
        buf_printf(&body, "<param><value><string>%s</string></value></param>",
                   params[i]);
    buf_puts(&body, "</params></methodCall>");
    request(out, "/", "text/xml", &body);
    buf_fini(&body);
}

/* A server that closed after its last answer is called again. */
static void reopen(struct client *c)
{
    const struct endpoint_url *url = c->url;

    client_close(c);
    client_open(c, url);
}

void client_send(struct client *c, const struct buf *r)
{
    size_t at = 0;

    if (c->closing)
        reopen(c);
    c->in.len = c->head = c->body = 0;
    c->sent_ns = now_ns();
    while (at < r->len) {
        ssize_t n = wire_send(c->fd, c->tls, r->data + at, r->len - at);

        if (n <= 0)
            die("the connection was lost: %s", strerror(errno));
        at += (size_t)n;
    }
}

/* Finds the end of the head and the length of the body. */
static void read_head(struct client *c)
{
    const char *end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
    const char *line = c->in.data;

    if (!end)
        return;
    c->head = (size_t)(end + 4 - c->in.data);
    if (c->in.len < 12 || memcmp(c->in.data + 9, "200", 3) != 0)
        die("an answer is not 200 OK: %.*s", (int)strcspn(line, "\r"), line);
    while (line < end) {
        if (strncasecmp(line, "content-length:", 15) == 0)
            c->body = strtoul(line + 15, NULL, 10);
        else if (strncasecmp(line, "connection: close", 17) == 0)
            c->closing = true;
        line = (const char *)memchr(line, '\n', (size_t)(end + 4 - line)) + 1;
    }
}

bool client_receive(struct client *c)
{
    do {
        ssize_t n;

        buf_room(&c->in, READ_BYTES);
        n = wire_receive(c->fd, c->tls, c->in.data + c->in.len, READ_BYTES);
        if (n <= 0)
            die("the connection was lost: %s", n ? strerror(errno) : "closed");
        c->in.len += (size_t)n;
        if (!c->head)
            read_head(c);
        if (c->head && c->in.len >= c->head + c->body)
            return true;
    } while (wire_pending(c->tls));
    return false;
}

const char *client_body(const struct client *c, size_t *len)
{
    *len = c->body;
    return c->in.data + c->head;
}

uint64_t client_ask(struct client *c, const struct buf *r)
{
    client_send(c, r);
    while (!client_receive(c))
        ;
    return now_ns() - c->sent_ns;
}

struct value client_call(struct client *c, struct arena *a, const char *method,
                         const char *params, ...)
{
    const struct value *result;
    struct buf r = {0};
    struct value v;
    char text[1024];
    size_t len;
    va_list args;

    va_start(args, params);
    (void)vsnprintf(text, sizeof(text), params, args);
    va_end(args);
    request_json(&r, method, text);
    (void)client_ask(c, &r);
    buf_fini(&r);
    params = client_body(c, &len);
    if (json_decode(a, params, len, &v) || v.kind != VALUE_MAP)
        die("%s: the answer is not JSON", method);
    result = value_find(&v, "result");
    if (!result)
        die("%s failed: %.*s", method, (int)(len < 300 ? len : 300), params);
    return *result;
}

size_t clients_repeat(struct client *clients, const struct buf *requests,
                      int nr, uint64_t ns, uint64_t *times, size_t max)
{
    static struct pollfd polls[CLIENTS_MAX];
    uint64_t end = now_ns() + ns, now = 0;
    size_t answers = 0;

    if (nr > CLIENTS_MAX)
        die("too many clients");
    for (int i = 0; i < nr; i++) {
        polls[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        client_send(&clients[i], &requests[i]);
    }
    for (int busy = nr; busy;) {
        if (poll(polls, (nfds_t)nr, WAIT_MS) <= 0)
            die("nothing is answered any more");
        for (int i = 0; i < nr; i++) {
            if (!polls[i].revents || !client_receive(&clients[i]))
                continue;
            now = now_ns();
            if (answers < max)
                times[answers] = now - clients[i].sent_ns;
            answers++;
            if (now < end) {
                client_send(&clients[i], &requests[i]);
            } else {
                polls[i].fd = -1;
                busy--;
            }
        }
    }
    return answers;
}

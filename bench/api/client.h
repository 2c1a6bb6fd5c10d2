/*
 * A small HTTP client: connections that are kept, one request at a time each,
 * and many of them at once by poll. Whatever goes wrong ends the program with
 * a sentence: a benchmark has nothing to save.
 */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "buf.h"
#include "value.h"

struct endpoint_url {
    struct sockaddr_storage address;
    socklen_t address_len;
    char host[256];
    int port;
    bool tls;
};

struct client {
    int fd;
    void *tls;                      /* NULL: plain */
    const struct endpoint_url *url; /* borrowed: where to go again */
    bool closing;                   /* the server closes after this answer */
    struct buf in;
    size_t head, body; /* bytes of the answer that is there */
    uint64_t sent_ns;
};

/* Ends the program. */
void die(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

uint64_t now_ns(void);

/* "http://host:port" or "https://host:port". */
void url_parse(const char *text, struct endpoint_url *url);

/* 0, or -errno: nobody listens. */
int client_try(struct client *c, const struct endpoint_url *url);
/* `url` lives as long as the client. */
void client_open(struct client *c, const struct endpoint_url *url);
void client_close(struct client *c);

/* A whole request: JSON goes to /jsonrpc, XML to /. */
void request_json(struct buf *out, const char *method, const char *params);
void request_xml(struct buf *out, const char *method, const char *const *params,
                 int nr);

void client_send(struct client *c, const struct buf *request);
/* Reads what is there; whether the answer is complete. */
bool client_receive(struct client *c);
const char *client_body(const struct client *c, size_t *len);
/* Sends, and waits for the answer. Returns nanoseconds. */
uint64_t client_ask(struct client *c, const struct buf *request);

/* A call in JSON; the result in the arena. Errors end the program. */
struct value client_call(struct client *c, struct arena *a, const char *method,
                         const char *params, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Lets `nr` clients repeat their requests for `ns`. Returns how many answers
 * came; their times, in ns, go to `times`, at most `max`.
 */
size_t clients_repeat(struct client *clients, const struct buf *requests,
                      int nr, uint64_t ns, uint64_t *times, size_t max);

#endif

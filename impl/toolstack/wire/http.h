/* The HTTP server: routes, bodies, parked calls. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdint.h>

#include "toolstack.h"

struct http_server;
struct raw_service;
struct tls_context;

/*
 * A server for the pools of a list (toolstack.next), which may grow while it
 * runs. All their work is done under its one lock.
 */
struct http_server *http_create(struct toolstack *pools);

/*
 * Listens at an IPv4 or IPv6 address for a host. Port 0 takes any free one. 0, or
 * -Exxx. The endpoint is borrowed until http_stop.
 */
int http_open(struct http_server *s, struct endpoint *endpoint,
              const char *address, uint16_t port);

/* The same for TLS, with a context that is borrowed until http_stop. */
int http_open_tls(struct http_server *s, struct endpoint *endpoint,
                  const char *address, uint16_t port,
                  const struct tls_context *tls);

/* The same at a unix socket, whose peers are trusted: mode 0600. */
int http_open_unix(struct http_server *s, struct endpoint *endpoint,
                   const char *path);

/* Another protocol; the service is borrowed until http_stop. */
int http_open_raw(struct http_server *s, struct endpoint *endpoint,
                  const char *address, uint16_t port,
                  const struct raw_service *service);

/* The port of what was opened last. */
uint16_t http_port(const struct http_server *s);

/* Wakes parked calls in time; returns once *stop is set by a signal. */
void http_run(struct http_server *s, const volatile int *stop);
void http_stop(struct http_server *s);

#endif

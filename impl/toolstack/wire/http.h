/* The HTTP server: routes, bodies, parked calls. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdint.h>

#include "toolstack.h"

struct http_server;

/* Port 0 takes any free one. 0, or -Exxx. Only the loopback is bound. */
int http_start(struct toolstack *ts, uint16_t port, struct http_server **s);
uint16_t http_port(const struct http_server *s);

/* Wakes parked calls in time; returns once *stop is set by a signal. */
void http_run(struct http_server *s, const volatile int *stop);
void http_stop(struct http_server *s);

#endif

/* TLS of connections, by GnuTLS: TLS 1.2 and 1.3, server side only. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>
#include <sys/types.h>

struct tls_context;
struct tls;

/*
 * A certificate with its key from a PEM file, or, without a file, one that is
 * made now and signed by itself. 0, or -Exxx with *why set.
 */
int tls_context_create(const char *file, struct tls_context **t,
                       const char **why);
void tls_context_destroy(struct tls_context *t);

/* A session on a connected socket, which is borrowed. */
struct tls *tls_create(const struct tls_context *t, int fd);
void tls_destroy(struct tls *t);

/* 0, -EAGAIN (*wants_write: what for), or -EPROTO. */
int tls_handshake(struct tls *t, bool *wants_write);

/* Bytes, 0 at the end, -EAGAIN, or -EPROTO. */
ssize_t tls_read(struct tls *t, void *data, size_t len);
ssize_t tls_write(struct tls *t, const void *data, size_t len);

/* Whether bytes have come that were not read. */
bool tls_pending(struct tls *t);

/* Says goodbye; does not wait for the peer's. */
void tls_shutdown(struct tls *t);

#endif

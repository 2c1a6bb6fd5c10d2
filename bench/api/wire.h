/* Bytes to and from a server, plain or by TLS. Blocking sockets. */
#ifndef API_WIRE_H
#define API_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A TLS session over a connected socket. Certificates are not checked: a server
   of its own making is what there is to measure, and no secret is kept from it.
   Ends the program when the other side speaks no TLS. */
void *wire_tls_open(int fd, const char *host);
void wire_tls_close(void *tls);

/* `tls` NULL: plain. As send() and recv(): bytes, 0 at the end, or negative. */
ssize_t wire_send(int fd, void *tls, const void *data, size_t len);
ssize_t wire_receive(int fd, void *tls, void *data, size_t len);
/* Bytes that are here and that poll() does not show. */
bool wire_pending(void *tls);

#endif

/* Base64 (RFC 4648) for credentials and handshakes. */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include "arena.h"

/* Text; NULL: not base64, or it holds a NUL. */
char *base64_decode(struct arena *a, const char *text);
/* Bytes that end at the first that is not base64. Never NULL. */
void *base64_bytes(struct arena *a, const char *text, size_t *len);
char *base64_encode(struct arena *a, const void *data, size_t len);

#endif

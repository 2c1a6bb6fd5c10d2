/*
 * WebSocket (RFC 6455), the server's side: the handshake's answer, and frames.
 * Messages are a stream of bytes here; how they are cut means nothing.
 */
#ifndef WIRE_WEBSOCKET_H
#define WIRE_WEBSOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct arena;

enum {
    WEBSOCKET_KEY_MAX = 64,
    WEBSOCKET_CONTROL_MAX = 125, /* bytes of a ping or close */
};

/* The value of Sec-WebSocket-Accept; NULL: not a key. */
const char *websocket_accept(struct arena *a, const char *key);

struct websocket {
    unsigned char head[14];
    unsigned head_nr, head_len;
    uint64_t left; /* of the frame that is read */
    uint64_t at;   /* in it, for the mask */
    unsigned char control[WEBSOCKET_CONTROL_MAX];
    unsigned control_nr;
    bool in_frame, closed;
};

/*
 * Takes bytes of a client: content is added to `in`, answers to pings and to
 * the close go to `out`. 0, or -EPROTO: no client speaks like that.
 */
int websocket_take(struct websocket *w, const void *data, size_t len,
                   struct buf *in, struct buf *out);

/* Adds content as one binary frame. */
void websocket_put(struct buf *out, const void *data, size_t len);
/* Adds a closing frame. */
void websocket_put_close(struct buf *out);

#endif

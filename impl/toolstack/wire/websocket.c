/* WebSocket frames in and out. */
#include "websocket.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base64.h"

#define ACCEPT_SUFFIX "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 1.3 */

enum {
    SHA1_BYTES = 20,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
    FINAL = 0x80,
    MASKED = 0x80,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    MASK_BYTES = 4,
};

const char *websocket_accept(struct arena *a, const char *key)
{
    unsigned char digest[SHA1_BYTES];
    const char *text;

    if (!*key || strlen(key) > WEBSOCKET_KEY_MAX)
        return NULL;
    text = arena_printf(a, "%s" ACCEPT_SUFFIX, key);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, strlen(text), digest))
        return NULL;
    return base64_encode(a, digest, sizeof(digest));
}

static void put_head(struct buf *out, int opcode, size_t len)
{
    buf_putc(out, (char)(FINAL | opcode));
    if (len < LENGTH_16) {
        buf_putc(out, (char)len);
    } else if (len <= UINT16_MAX) {
        buf_putc(out, LENGTH_16);
        buf_putc(out, (char)(len >> 8));
        buf_putc(out, (char)len);
    } else {
        buf_putc(out, LENGTH_64);
        for (int shift = 56; shift >= 0; shift -= 8)
            buf_putc(out, (char)((uint64_t)len >> shift));
    }
}

void websocket_put(struct buf *out, const void *data, size_t len)
{
    put_head(out, OPCODE_BINARY, len);
    buf_add(out, data, len);
}

void websocket_put_close(struct buf *out)
{
    put_head(out, OPCODE_CLOSE, 0);
}

static int opcode(const struct websocket *w)
{
    return w->head[0] & 0x0f;
}

/* How long the head is, as far as that is known. */
static unsigned head_length(const struct websocket *w)
{
    unsigned code;

    if (w->head_nr < 2)
        return 2;
    code = w->head[1] & 0x7f;
    return 2 + MASK_BYTES + (code == LENGTH_16 ? 2 : code == LENGTH_64 ? 8 : 0);
}

/* The head is there: 0, or -EPROTO. */
static int begin_frame(struct websocket *w)
{
    unsigned code = w->head[1] & 0x7f, end = w->head_nr - MASK_BYTES;

    if ((w->head[0] & 0x70) ||
        (opcode(w) > OPCODE_BINARY && opcode(w) < OPCODE_CLOSE) ||
        opcode(w) > OPCODE_PONG)
        return -EPROTO;
    w->left = end == 2 ? code : 0;
    for (unsigned i = 2; i < end; i++)
        w->left = w->left << 8 | w->head[i];
    if (w->left >> 63 ||
        (opcode(w) >= OPCODE_CLOSE &&
         (w->left > WEBSOCKET_CONTROL_MAX || !(w->head[0] & FINAL))))
        return -EPROTO;
    w->at = w->control_nr = 0;
    w->in_frame = true;
    return 0;
}

static void end_frame(struct websocket *w, struct buf *out)
{
    w->in_frame = false;
    if (opcode(w) == OPCODE_PING || (opcode(w) == OPCODE_CLOSE && !w->closed)) {
        put_head(out, opcode(w) == OPCODE_PING ? OPCODE_PONG : OPCODE_CLOSE,
                 w->control_nr);
        buf_add(out, w->control, w->control_nr);
    }
    w->closed |= opcode(w) == OPCODE_CLOSE;
    w->head_nr = 0;
}

static void take_content(struct websocket *w, const unsigned char *data,
                         size_t len, struct buf *in)
{
    const unsigned char *mask = w->head + w->head_nr - MASK_BYTES;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = data[i] ^ mask[w->at++ % MASK_BYTES];

        if (opcode(w) >= OPCODE_CLOSE)
            w->control[w->control_nr++] = c; /* begin_frame checked */
        else
            buf_putc(in, (char)c);
    }
    w->left -= len;
}

int websocket_take(struct websocket *w, const void *data, size_t len,
                   struct buf *in, struct buf *out)
{
    const unsigned char *at = data, *end = at + len;

    while (at < end && !w->closed) {
        if (!w->in_frame) {
            w->head[w->head_nr++] = *at++;
            if (w->head_nr == 2 && !(w->head[1] & MASKED))
                return -EPROTO;
            if (w->head_nr < head_length(w))
                continue;
            if (begin_frame(w))
                return -EPROTO;
        } else {
            size_t n = (size_t)(end - at) < w->left ? (size_t)(end - at)
                                                    : (size_t)w->left;

            take_content(w, at, n, in);
            at += n;
        }
        if (w->in_frame && !w->left)
            end_frame(w, out);
    }
    return 0;
}

/*
 * Frames of the thin CLI protocol, version 0.2: a length, then tagged words;
 * all integers are 32 bits, little-endian, strings a length and bytes.
 */
#ifndef CLI_CLI_FRAME_H
#define CLI_CLI_FRAME_H

#include <stdint.h>

#include "buf.h"

#define CLI_GREETING "XenSource thin CLI protocol"

enum {
    CLI_MAJOR = 0,
    CLI_MINOR = 2,
    CLI_GREETING_BYTES = sizeof(CLI_GREETING) - 1 + 8,
    CLI_FRAME_BYTES_MAX = 4096, /* of a client, without a chunk's data */
};

/* What the server tells the client to do. */
enum cli_order {
    ORDER_PRINT = 0,
    ORDER_LOAD = 1,
    ORDER_PROMPT = 3,
    ORDER_EXIT = 4,
    ORDER_HTTP_GET = 12,
    ORDER_HTTP_PUT = 13,
    ORDER_ERROR = 14,
    ORDER_DEBUG = 15, /* shown to who asked for it: also says that we live */
    ORDER_PRINT_ERROR = 16,
    ORDER_HTTP_CONNECT = 17,
};

/* What the client answers. */
enum cli_reply {
    REPLY_OK = 5,
    REPLY_FAILED = 6,
    REPLY_CHUNK = 7, /* that many bytes follow the frame */
    REPLY_END = 8,
    REPLY_WAIT = 18, /* still at it */
};

struct cli_answer {
    enum cli_reply reply;
    uint32_t chunk_bytes;
};

/* The server's first bytes, and whether the client's are of the same kind. */
void cli_greet(struct buf *out);
int cli_greeting_check(const void *data); /* CLI_GREETING_BYTES; 0, -EPROTO */

void cli_order(struct buf *out, enum cli_order order);
void cli_order_exit(struct buf *out, int status);
void cli_order_text(struct buf *out, enum cli_order order, const char *text);
/* A file name and a path, of the two transfers. */
void cli_order_http(struct buf *out, enum cli_order order, const char *file,
                    const char *path);
void cli_order_error(struct buf *out, const char *code,
                     const char *const *params, size_t nr);

uint32_t cli_get32(const void *data);
/* A client's frame without its length. 0 or -EPROTO. */
int cli_answer_decode(const void *data, size_t len, struct cli_answer *answer);

#endif

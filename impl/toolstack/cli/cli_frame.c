/* Frames: bytes out of words, and words out of bytes. */
#include "cli_frame.h"

#include <errno.h>
#include <string.h>

enum {
    TAG_ORDER = 9,
    TAG_REPLY = 10,
    TAG_BLOB = 11,
};

static void put32(struct buf *out, uint32_t v)
{
    const uint8_t bytes[4] = {v & 0xff, v >> 8 & 0xff, v >> 16 & 0xff, v >> 24};

    buf_add(out, bytes, sizeof(bytes));
}

static void put_text(struct buf *out, const char *text)
{
    put32(out, (uint32_t)strlen(text));
    buf_puts(out, text);
}

uint32_t cli_get32(const void *data)
{
    const uint8_t *b = data;

    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

void cli_greet(struct buf *out)
{
    buf_puts(out, CLI_GREETING);
    put32(out, CLI_MAJOR);
    put32(out, CLI_MINOR);
}

int cli_greeting_check(const void *data)
{
    const size_t len = strlen(CLI_GREETING);

    if (memcmp(data, CLI_GREETING, len) != 0 ||
        cli_get32((const char *)data + len) != CLI_MAJOR)
        return -EPROTO;
    return 0;
}

static void order_with(struct buf *out, enum cli_order order,
                       const char *const *texts, size_t nr)
{
    size_t len = 8;

    for (size_t i = 0; i < nr; i++)
        len += 4 + strlen(texts[i]);
    put32(out, (uint32_t)len);
    put32(out, TAG_ORDER);
    put32(out, order);
    for (size_t i = 0; i < nr; i++)
        put_text(out, texts[i]);
}

void cli_order(struct buf *out, enum cli_order order)
{
    order_with(out, order, NULL, 0);
}

void cli_order_exit(struct buf *out, int status)
{
    put32(out, 12);
    put32(out, TAG_ORDER);
    put32(out, ORDER_EXIT);
    put32(out, (uint32_t)status);
}

void cli_order_text(struct buf *out, enum cli_order order, const char *text)
{
    order_with(out, order, &text, 1);
}

void cli_order_http(struct buf *out, enum cli_order order, const char *file,
                    const char *path)
{
    const char *texts[] = {file, path};

    order_with(out, order, texts, 2);
}

void cli_order_error(struct buf *out, const char *code,
                     const char *const *params, size_t nr)
{
    size_t len = 4 + 4 + 4 + strlen(code) + 4;

    for (size_t i = 0; i < nr; i++)
        len += 4 + strlen(params[i]);
    put32(out, (uint32_t)len);
    put32(out, TAG_ORDER);
    put32(out, ORDER_ERROR);
    put_text(out, code);
    put32(out, (uint32_t)nr);
    for (size_t i = 0; i < nr; i++)
        put_text(out, params[i]);
}

int cli_answer_decode(const void *data, size_t len, struct cli_answer *answer)
{
    const char *bytes = data;
    uint32_t word;

    if (len < 8)
        return -EPROTO;
    word = cli_get32(bytes + 4);
    *answer = (struct cli_answer){.reply = (enum cli_reply)word};
    switch (cli_get32(bytes)) {
    case TAG_REPLY:
        return word == REPLY_OK || word == REPLY_FAILED || word == REPLY_WAIT
                   ? 0
                   : -EPROTO;
    case TAG_BLOB:
        if (word == REPLY_END)
            return 0;
        if (word != REPLY_CHUNK || len < 12)
            return -EPROTO;
        answer->chunk_bytes = cli_get32(bytes + 8);
        return 0;
    default:
        return -EPROTO;
    }
}

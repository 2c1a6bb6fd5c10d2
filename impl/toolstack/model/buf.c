/* Growing byte buffers. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum {
    FIRST_BYTES = 512,
    PRINTF_BYTES = 512,
};

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_room(struct buf *b, size_t more)
{
    size_t room = b->room ? b->room : FIRST_BYTES;

    if (b->room - b->len >= more)
        return;
    while (room - b->len < more)
        room *= 2;
    b->data = must_realloc(b->data, room);
    b->room = room;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    buf_room(b, len);
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

/* For short texts: what does not fit into PRINTF_BYTES is cut off. */
void buf_printf(struct buf *b, const char *format, ...)
{
    char text[PRINTF_BYTES];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0)
        buf_add(b, text,
                (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

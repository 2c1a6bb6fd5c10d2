/* A growing byte buffer on the heap: what replies are written into. */
#ifndef MODEL_BUF_H
#define MODEL_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* NULL while empty; owned until buf_take */
    size_t len;
    size_t room;
};

void buf_fini(struct buf *b);
/* Makes room for that many bytes more. */
void buf_room(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void buf_putc(struct buf *b, char c)
{
    if (b->len == b->room)
        buf_room(b, 1);
    b->data[b->len++] = c;
}

#endif

/* Reads chunked bodies, in pieces of any size. */
#include <errno.h>

#include "http_head.h"
#include "url.h"

enum chunk_where {
    CHUNK_SIZE,
    CHUNK_REST, /* of the line with the size: extensions */
    CHUNK_DATA,
    CHUNK_AFTER, /* the end of line behind the data */
    CHUNK_TRAILER,
};

static void next_line(struct http_chunks *c, enum chunk_where where)
{
    c->where = where;
    c->line = 0;
    c->cr = false;
}

static int take_size(struct http_chunks *c, char ch)
{
    int digit = hex_digit(ch);

    if (digit >= 0) {
        if (c->left >> 58)
            return -EINVAL;
        c->left = c->left << 4 | (unsigned)digit;
        return 0;
    }
    if (c->line == 1) /* no digit at all */
        return -EINVAL;
    c->where = CHUNK_REST;
    return ch == ';' || ch == '\r' || ch == ' ' || ch == '\t' ? 0 : -EINVAL;
}

/* One character that is not content. CR and LF come together or not at all. */
static int take_char(struct http_chunks *c, char ch)
{
    bool cr = c->cr;

    c->cr = ch == '\r';
    if (++c->line > HTTP_LINE_MAX || cr != (ch == '\n'))
        return -EINVAL;
    switch (c->where) {
    case CHUNK_SIZE:
        return take_size(c, ch);
    case CHUNK_REST:
        if (ch == '\n')
            next_line(c, c->left ? CHUNK_DATA : CHUNK_TRAILER);
        return 0;
    case CHUNK_AFTER:
        if (ch == '\n')
            next_line(c, CHUNK_SIZE);
        return ch == '\r' || ch == '\n' ? 0 : -EINVAL;
    default: /* an empty line ends the trailer, of which nothing is kept */
        c->done = ch == '\n' && c->line == 2;
        if (ch == '\n')
            next_line(c, CHUNK_TRAILER);
        return 0;
    }
}

int http_chunks_next(struct http_chunks *c, const char *data, size_t len,
                     size_t *used, const char **run, size_t *run_len)
{
    size_t i = 0;

    *run = data;
    *run_len = 0;
    while (i < len && !c->done && c->where != CHUNK_DATA)
        if (take_char(c, data[i++]))
            return -EINVAL;
    if (!c->done && c->where == CHUNK_DATA && i < len) {
        *run = data + i;
        *run_len = len - i < c->left ? len - i : (size_t)c->left;
        c->left -= *run_len;
        i += *run_len;
        if (!c->left)
            next_line(c, CHUNK_AFTER);
    }
    *used = i;
    return 0;
}

void http_chunks_undo(struct http_chunks *c, size_t n)
{
    if (!n)
        return;
    c->left += n;
    next_line(c, CHUNK_DATA);
}

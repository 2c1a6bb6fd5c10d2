/*
 * The head of an HTTP/1.x request, and chunked bodies: pure parsers.
 *
 * Follows RFC 9112. Strict where leniency lets two readers disagree: no folded
 * headers, no two lengths, no control characters.
 */
#ifndef WIRE_HTTP_HEAD_H
#define WIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = 32 << 10,
    HTTP_HEADERS_MAX = 64,
    HTTP_LINE_MAX = 64, /* of a chunk: its size and extensions */
};

#define HTTP_LENGTH_CHUNKED INT64_C(-1)

struct http_header {
    const char *name, *value;
};

struct http_head {
    const char *method, *target;
    int minor; /* of the version 1.x */
    int64_t length;
    bool keep_alive, expect_continue;
    int headers_nr;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/* Bytes of the head with its closing empty line; 0: more must come. */
size_t http_head_len(const char *data, size_t len);

/*
 * Parses a whole head in place: `head` points into `text`, which is changed.
 * 0, or the HTTP status to refuse it with.
 */
int http_head_parse(char *text, size_t len, struct http_head *head);

/* The first header of that name, in any case; NULL: none. */
const char *http_header_find(const struct http_head *head, const char *name);

/* Whether a header's list has the word, in any case. */
bool http_list_has(const char *list, const char *word);

struct http_chunks {
    uint64_t left;  /* of the chunk that is read */
    unsigned where; /* an enum of http_chunk.c */
    unsigned line;  /* bytes of the line that is read */
    bool cr;        /* the last of them */
    bool done;
};

/*
 * Goes over `len` bytes of a chunked body until a run of content, its end or
 * the end of the bytes. *used: how far it went; *run, *run_len: that content,
 * maybe empty. 0, or -EINVAL.
 */
int http_chunks_next(struct http_chunks *c, const char *data, size_t len,
                     size_t *used, const char **run, size_t *run_len);

/* The last `n` bytes of a run were not used, and come again. */
void http_chunks_undo(struct http_chunks *c, size_t n);

#endif

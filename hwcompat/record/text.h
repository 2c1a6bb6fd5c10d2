/*
 * Reading text that others wrote: lines, numbers, words.
 *
 * Cursors are pointers into terminated strings and move only on success.
 */
#ifndef RECORD_TEXT_H
#define RECORD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_LINE_BYTES = 1024, /* longer ones are cut */
};

struct text_lines {
    const char *text;
    size_t size;
    size_t next; /* offset of the next line */
    size_t line; /* offset of the last one */
};

/* The next line without its end, terminated; control characters but tabs become
   blanks. False: there is none. */
bool text_line(struct text_lines *t, char line[TEXT_LINE_BYTES]);

/* Moves past `word` if it is there. */
bool text_skip(const char **p, const char *word);
void text_blanks(const char **p);
/* Digits of that base, no sign and no prefix, at most `max`. */
bool text_number(const char **p, int base, uint64_t max, uint64_t *out);
/* As text_number() with base 16, and "0x" in front is fine. */
bool text_hex(const char **p, uint64_t max, uint64_t *out);
/* The first place of `word` in `text`, in any case; NULL. */
const char *text_find(const char *text, const char *word);
/* Mostly printable, no zeros: text, in whatever encoding. */
bool text_like(const void *data, size_t size);

#endif

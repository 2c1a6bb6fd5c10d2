/*
 * A region of memory that is freed as a whole: one per request.
 *
 * Nothing allocated here is freed alone. Running out of memory ends the
 * process: a daemon that cannot hold one bounded request cannot go on.
 */
#ifndef MODEL_ARENA_H
#define MODEL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; all are freed by arena_fini */
    size_t used;                /* bytes of the newest block */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* Frees all but one block, which is used again. */
void arena_reset(struct arena *a);

/* Zeroed, aligned to 16 bytes; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Like malloc and realloc, but never NULL. */
void *must_alloc(size_t size);
void *must_realloc(void *old, size_t size);

#endif

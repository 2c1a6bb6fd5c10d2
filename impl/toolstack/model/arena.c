/* Arenas: a list of blocks, the newest one being filled. */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BLOCK_BYTES = 4 << 10, /* calls that wait hold on to it */
    BLOCK_BYTES = 16 << 10,
    ALIGN_BYTES = 16,
};

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(ALIGN_BYTES) char data[];
};

void *must_alloc(size_t size)
{
    return must_realloc(NULL, size);
}

void *must_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p) {
        fputs("touchstone: out of memory\n", stderr);
        abort();
    }
    return p;
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
    struct arena_block *block = a->blocks;

    while (block) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
    arena_init(a);
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept = a->blocks;

    if (!kept)
        return;
    while (kept->next) {
        struct arena_block *next = kept->next;

        free(kept);
        kept = next;
    }
    *a = (struct arena){.blocks = kept};
    if (kept->size > BLOCK_BYTES)
        arena_fini(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p;

    size = (size + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    if (!a->blocks || a->blocks->size - a->used < size) {
        size_t usual = a->blocks ? BLOCK_BYTES : FIRST_BLOCK_BYTES;
        size_t room = size > usual ? size : usual;
        struct arena_block *block = must_alloc(sizeof(*block) + room);

        block->next = a->blocks;
        block->size = room;
        a->blocks = block;
        a->used = 0;
    }
    p = a->blocks->data + a->used;
    a->used += size;
    return memset(p, 0, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = arena_alloc(a, len + 1);

    memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return arena_strdup(a, "");
    text = arena_alloc(a, (size_t)len + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args); /* measured above */
    va_end(args);
    return text;
}

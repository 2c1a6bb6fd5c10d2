/* Memory of a running command. */
#include <stdarg.h>
#include <stdlib.h>

#include "cli_run.h"

struct arena *cli_arena(struct cli *c)
{
    return &c->memory->arena;
}

void cli_memory_init(struct cli_memory *m)
{
    *m = (struct cli_memory){0};
    arena_init(&m->arena);
}

void cli_memory_fini(struct cli_memory *m)
{
    for (size_t i = 0; i < m->blocks_nr; i++)
        free(m->blocks[i]);
    free(m->blocks);
    arena_fini(&m->arena);
}

struct value cli_keep(struct cli *c, const struct value *v)
{
    struct cli_memory *m = c->memory;
    void *block = NULL;
    struct value kept = value_pack(v, &block);

    if (!block)
        return kept;
    if (m->blocks_nr == m->blocks_room) {
        m->blocks_room = m->blocks_room ? 2 * m->blocks_room : 64;
        m->blocks =
            must_realloc(m->blocks, m->blocks_room * sizeof(*m->blocks));
    }
    m->blocks[m->blocks_nr++] = block;
    return kept;
}

int cli_scratch(struct cli *c, int (*fn)(struct cli *c, void *ctx), void *ctx)
{
    struct cli_memory *kept = c->memory, scratch;
    int rc;

    cli_memory_init(&scratch);
    c->memory = &scratch;
    rc = fn(c, ctx);
    c->memory = kept;
    if (rc && c->failure == FAILURE_API)
        c->words = cli_keep(c, &c->words);
    if (rc && c->failure != FAILURE_API && c->text)
        c->text = arena_strdup(cli_arena(c), c->text);
    cli_memory_fini(&scratch);
    return rc;
}

void cli_join(struct buf *out, ...)
{
    va_list args;

    va_start(args, out);
    for (const char *s = va_arg(args, const char *); s;
         s = va_arg(args, const char *))
        buf_puts(out, s);
    va_end(args);
}

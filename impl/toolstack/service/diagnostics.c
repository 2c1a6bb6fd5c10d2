/* What the daemon says of itself: memory, database, connections. */
#include <malloc.h>
#include <string.h>

#include "handlers.h"
#include "net.h"

/* What was freed goes back to the system. */
int diagnostics_gc_compact(struct request *r)
{
    (void)malloc_trim(0); /* whether there was any does not matter */
    return reply_void(r);
}

static struct member number(struct request *r, const char *key, uint64_t n)
{
    return (struct member){key, value_string(arena_printf(
                                    r->arena, "%llu", (unsigned long long)n))};
}

int diagnostics_gc_stats(struct request *r)
{
    struct mallinfo2 info = mallinfo2();
    struct member *m = arena_alloc(r->arena, sizeof(*m) * 4);

    m[0] = number(r, "heap_bytes", info.arena + info.hblkhd);
    m[1] = number(r, "live_bytes", info.uordblks + info.hblkhd);
    m[2] = number(r, "free_bytes", info.fordblks);
    m[3] = number(r, "free_blocks", info.ordblks);
    return reply(r, value_map(m, 4));
}

/* Objects of each class that has any, and how many changes there were. */
int diagnostics_db_stats(struct request *r)
{
    struct member *m =
        arena_alloc(r->arena, sizeof(*m) * (size_t)(class_count() + 1));
    size_t nr = 0;

    m[nr++] = number(r, "generation", r->db->generation);
    for (int i = 0; i < class_count(); i++) {
        const struct class *c = class_at(i);
        uint32_t objects = c->flags & CLASS_DB ? db_count(r->db, c) : 0;

        if (objects)
            m[nr++] = number(r, c->name, objects);
    }
    return reply(r, value_map(m, nr));
}

/* Rows of originator and user with a session, and when it was last used. */
int diagnostics_network_stats(struct request *r)
{
    struct objects all = objects_all(r, "session");
    struct value *rows = arena_alloc(r->arena, sizeof(*rows) * (all.nr + 1));

    for (uint32_t i = 0; i < all.nr; i++) {
        const char *row[] = {db_text(all.at[i], "originator"),
                             db_text(all.at[i], "auth_user_name"),
                             db_text(all.at[i], "last_active")};

        rows[i] = value_strings(r->arena, row, 3);
    }
    return reply(r, value_set(rows, all.nr));
}

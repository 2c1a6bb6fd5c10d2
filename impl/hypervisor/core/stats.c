/*
 * Debug key 'x': what each domain made the hypervisor do, one line per kind.
 */
#include "stats.h"

#include "hv/arch.h"
#include "hv/hypercall.h"
#include "hv/log.h"

#include "base/fmt.h"

/* A log line is short: a list goes on in another one. */
#define LINE_BYTES 200
#define WORD_BYTES 64

struct line {
    const char *what;
    domid_t id;
    size_t used;
    char text[LINE_BYTES + WORD_BYTES];
};

static void line_end(struct line *l)
{
    log_info("%s d%u%s", l->what, l->id, l->text);
    l->used = 0;
    l->text[0] = '\0';
}

static void line_add(struct line *l, const char *name, uint64_t count)
{
    int n;

    if (!count)
        return;
    n = fmt_print(l->text + l->used, WORD_BYTES, " %s=%lu", name,
                  (unsigned long)count);
    l->used += MIN((size_t)n, WORD_BYTES - 1);
    if (l->used >= LINE_BYTES)
        line_end(l);
}

static void exits_dump(const struct domain *d)
{
    struct line l = {.what = "exits", .id = d->id};

    for (unsigned int i = 0; i < arch_exit_reasons(); i++)
        line_add(&l, arch_exit_name(i), arch_exit_count(d, i));
    line_end(&l);
}

static void hypercalls_dump(const struct domain *d)
{
    struct line l = {.what = "hypercalls", .id = d->id};

    for (unsigned int i = 0; i < HYPERCALL_LIMIT; i++)
        if (hypercall_table[i].fn)
            line_add(&l, hypercall_table[i].name, d->hypercalls[i]);
    line_end(&l);
}

static void domain_stats(struct domain *d)
{
    exits_dump(d);
    hypercalls_dump(d);
}

void debug_key_exits(char key)
{
    domain_each(domain_stats);
    log_info("exits end"); /* Who collects them waits for this. */
}

/*
 * Debug key 'x': what each domain made the hypervisor do, one line per kind.
 */
#include "stats.h"

#include "hv/arch.h"
#include "hv/hypercall.h"
#include "hv/log.h"

#include "base/fmt.h"

#define LINE_BYTES 900

struct line {
    char text[LINE_BYTES];
    size_t used;
};

static void line_add(struct line *l, const char *name, uint64_t count)
{
    int n;

    if (!count || l->used >= sizeof(l->text))
        return;
    n = fmt_print(l->text + l->used, sizeof(l->text) - l->used, " %s=%lu", name,
                  (unsigned long)count);
    if (n > 0)
        l->used += (size_t)n;
}

static void exits_dump(const struct domain *d)
{
    struct line l = {.used = 0};

    for (unsigned int i = 0; i < arch_exit_reasons(); i++)
        line_add(&l, arch_exit_name(i), arch_exit_count(d, i));
    log_info("exits d%u%s", d->id, l.text);
}

static void hypercalls_dump(const struct domain *d)
{
    struct line l = {.used = 0};

    for (unsigned int i = 0; i < HYPERCALL_LIMIT; i++)
        if (hypercall_table[i].fn)
            line_add(&l, hypercall_table[i].name, d->hypercalls[i]);
    log_info("hypercalls d%u%s", d->id, l.text);
}

void debug_key_exits(char key)
{
    struct domain *next;

    (void)key;
    for (struct domain *d = domain_next_get(0); d; d = next) {
        domid_t after = (domid_t)(d->id + 1);

        exits_dump(d);
        hypercalls_dump(d);
        domain_put(d);
        next = domain_next_get(after);
    }
}

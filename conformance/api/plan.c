/* Rows from checks.def, for those that options leave. */
#include "plan.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *plan_item(const struct plan_row *row)
{
    return row->check->item ? row->check->item(row->nr) : "";
}

const char *plan_name(const struct plan_row *row, char name[PLAN_NAME_BYTES])
{
    const char *item = plan_item(row);

    (void)snprintf(name, PLAN_NAME_BYTES, "%s%s%s", row->check->name,
                   *item ? " " : "", item);
    return name;
}

static bool matches(const char *name, const char *pattern)
{
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, name, 0) == 0;
    return strstr(name, pattern) != NULL;
}

static bool is_wanted(const struct options *o, const struct plan_row *row)
{
    const struct check *c = row->check;
    char name[PLAN_NAME_BYTES];

    if (!claim_in_profile(c->claim, o->profile) ||
        (c->applies && !c->applies(row->nr)))
        return false;
    (void)plan_name(row, name);
    if ((o->replay != NULL) != (strcmp(name, "replay") == 0))
        return false; /* a replay is all that is run, or nothing of it */
    for (int i = 0; o->filters[i]; i++)
        if (matches(name, o->filters[i]))
            return true;
    return !o->filters[0];
}

void plan_init(struct plan *p, const struct options *o)
{
    *p = (struct plan){0};
    for (int i = 0; check_at(i); i++) {
        const struct check *c = check_at(i);
        int count = c->count ? c->count() : 1;

        p->rows =
            realloc(p->rows, (size_t)(p->nr + count + 1) * sizeof(*p->rows));
        if (!p->rows)
            abort();
        for (int nr = 0; nr < count; nr++) {
            struct plan_row row = {.check = c, .nr = nr, .wanted = true};

            if (is_wanted(o, &row))
                p->rows[p->nr++] = row;
        }
    }
}

void plan_fini(struct plan *p)
{
    free(p->rows);
    *p = (struct plan){0};
}

/* Mostly asked for one row after the other. */
struct plan_row *plan_find(struct plan *p, const char *check, const char *item)
{
    for (int i = 0; i < p->nr; i++) {
        int at = (p->found + i) % p->nr;

        if (strcmp(p->rows[at].check->name, check) == 0 &&
            strcmp(plan_item(&p->rows[at]), item) == 0) {
            p->found = at + 1;
            return &p->rows[at];
        }
    }
    return NULL;
}

void plan_list(const struct plan *p)
{
    char name[PLAN_NAME_BYTES];

    for (int i = 0; i < p->nr; i++)
        puts(plan_name(&p->rows[i], name));
}

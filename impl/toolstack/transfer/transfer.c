/* What transfers keep beside the database. */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "rrd.h"

enum {
    EXCEPTIONS_MAX = 4096,
    ARCHIVED_MAX = 64,
};

struct exception {
    char uuid[UUID_BYTES];
    char name[SOURCE_NAME_BYTES];
};

struct archived {
    char uuid[UUID_BYTES];
    struct buf rrd;
    struct archived *next;
};

struct transfer {
    struct buf audit;
    struct archived *archived; /* newest first */
    int archived_nr;
    struct exception *exceptions; /* the oldest goes when there are too many */
    int exceptions_nr;
};

static struct transfer *state(struct toolstack *ts)
{
    if (!ts->transfer) {
        ts->transfer = must_alloc(sizeof(*ts->transfer));
        *ts->transfer = (struct transfer){0};
    }
    return ts->transfer;
}

static void drop(struct transfer *t, struct archived **slot)
{
    struct archived *a = *slot;

    *slot = a->next;
    t->archived_nr--;
    buf_fini(&a->rrd);
    free(a);
}

void transfer_fini(struct toolstack *ts)
{
    if (!ts->transfer)
        return;
    while (ts->transfer->archived)
        drop(ts->transfer, &ts->transfer->archived);
    buf_fini(&ts->transfer->audit);
    free(ts->transfer->exceptions);
    free(ts->transfer);
    ts->transfer = NULL;
}

/* NULL: none. */
static struct exception *find(const struct transfer *t, const char *uuid,
                              const char *name)
{
    for (int i = 0; t && i < t->exceptions_nr; i++)
        if (strcmp(t->exceptions[i].uuid, uuid) == 0 &&
            strcmp(t->exceptions[i].name, name) == 0)
            return &t->exceptions[i];
    return NULL;
}

bool transfer_rrd_excepted(const struct toolstack *ts, const char *uuid,
                           const char *name)
{
    return find(ts->transfer, uuid, name) != NULL;
}

static void forget(struct transfer *t, struct exception *e)
{
    struct exception *end = t->exceptions + t->exceptions_nr--;

    memmove(e, e + 1, sizeof(*e) * (size_t)(end - e - 1));
}

void transfer_rrd_except(struct toolstack *ts, const char *uuid,
                         const char *name, bool excepted)
{
    struct transfer *t = state(ts);
    struct exception *e = find(t, uuid, name);

    if (e)
        forget(t, e);
    if (!excepted || strlen(uuid) >= UUID_BYTES ||
        strlen(name) >= SOURCE_NAME_BYTES)
        return;
    if (t->exceptions_nr == EXCEPTIONS_MAX)
        forget(t, t->exceptions);
    t->exceptions = must_realloc(t->exceptions, sizeof(*t->exceptions) *
                                                    (size_t)EXCEPTIONS_MAX);
    e = &t->exceptions[t->exceptions_nr++];
    memcpy(e->uuid, uuid, strlen(uuid) + 1);
    memcpy(e->name, name, strlen(name) + 1);
}

/* --- Archives ------------------------------------------------------------ */

const struct buf *transfer_archived(const struct toolstack *ts,
                                    const char *uuid)
{
    struct archived *a = ts->transfer ? ts->transfer->archived : NULL;

    while (a && strcmp(a->uuid, uuid) != 0)
        a = a->next;
    return a ? &a->rrd : NULL;
}

void transfer_archive(struct toolstack *ts, const char *uuid, const void *data,
                      size_t len)
{
    struct transfer *t = state(ts);
    struct archived *a, **slot = &t->archived;

    while (*slot && strcmp((*slot)->uuid, uuid) != 0 &&
           ((*slot)->next || t->archived_nr < ARCHIVED_MAX))
        slot = &(*slot)->next;
    if (*slot) /* the same machine's, or the oldest of too many */
        drop(t, slot);
    a = must_alloc(sizeof(*a));
    *a = (struct archived){.next = t->archived};
    memcpy(a->uuid, uuid, strnlen(uuid, UUID_BYTES - 1));
    buf_add(&a->rrd, data, len);
    t->archived = a;
    t->archived_nr++;
}

struct buf *transfer_audit(struct toolstack *ts)
{
    return &state(ts)->audit;
}

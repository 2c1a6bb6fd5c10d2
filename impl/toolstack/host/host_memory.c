/* How much memory of a host its machines have taken. */
#include "host_memory.h"

#include <stdlib.h>
#include <string.h>

#include "vm.h"

enum {
    MOVING_MAX = 4096,
};

struct sum {
    char host[REF_BYTES];
    int64_t bytes;
    bool valid;
};

struct host_memory {
    uint64_t seen; /* generation up to which changes were looked at */
    struct sum *sums;
    size_t sums_nr;
    char moving[MOVING_MAX][REF_BYTES]; /* machines on their way */
    size_t moving_nr;
};

int64_t vm_memory_needed(const struct object *vm)
{
    return db_int(vm, "memory_dynamic_min") + vm_memory_overhead(vm);
}

static struct sum *sum_find(struct host_memory *m, const char *host)
{
    for (size_t i = 0; i < m->sums_nr; i++)
        if (strcmp(m->sums[i].host, host) == 0)
            return &m->sums[i];
    return NULL;
}

static struct sum *sum_make(struct host_memory *m, const char *host)
{
    struct sum *s;

    m->sums = must_realloc(m->sums, sizeof(*m->sums) * (m->sums_nr + 1));
    s = &m->sums[m->sums_nr++];
    *s = (struct sum){0};
    memcpy(s->host, host, strlen(host) + 1); /* as long as any reference */
    return s;
}

static void forget(struct host_memory *m, const char *host)
{
    struct sum *s = sum_find(m, host);

    if (s)
        s->valid = false;
}

static void note_moving(struct host_memory *m, const struct object *vm)
{
    for (size_t i = 0; i < m->moving_nr; i++)
        if (strcmp(m->moving[i], vm->ref) == 0)
            return;
    if (m->moving_nr < MOVING_MAX)
        memcpy(m->moving[m->moving_nr++], vm->ref, REF_BYTES);
}

static void note_change(struct host_memory *m, const struct object *o)
{
    if (strcmp(o->class->name, "host") == 0) {
        forget(m, o->ref);
        return;
    }
    if (strcmp(o->class->name, "VM") != 0)
        return;
    forget(m, db_text(o, "resident_on"));
    if (strcmp(db_text(o, "scheduled_to_be_resident_on"), REF_NULL) != 0)
        note_moving(m, o);
}

static struct host_memory *catch_up(struct toolstack *ts)
{
    struct host_memory *m = ts->memory;

    if (!m) {
        m = ts->memory = must_alloc(sizeof(*m));
        memset(m, 0, sizeof(*m));
    }
    for (struct object *o = ts->db.newest; o && o->changed > m->seen;
         o = o->older)
        note_change(m, o);
    m->seen = ts->db.generation - 1;
    return m;
}

static int64_t residents_bytes(struct db *db, const struct object *host)
{
    const struct value *vms = db_get(host, "resident_VMs");
    int64_t bytes = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(db, vms->items[i].s);

        if (vm && db_int(vm, "domid") > 0)
            bytes += vm_memory_needed(vm);
    }
    return bytes;
}

/* Those that have arrived, or gave up, are forgotten. */
static int64_t arriving_bytes(struct host_memory *m, struct db *db,
                              const struct object *host)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < m->moving_nr; i++) {
        const struct object *vm = db_find(db, "VM", m->moving[i]);
        const char *to =
            vm ? db_text(vm, "scheduled_to_be_resident_on") : REF_NULL;

        if (strcmp(to, REF_NULL) == 0)
            memcpy(m->moving[i--], m->moving[--m->moving_nr], REF_BYTES);
        else if (strcmp(to, host->ref) == 0 &&
                 strcmp(db_text(vm, "resident_on"), host->ref) != 0)
            bytes += vm_memory_needed(vm);
    }
    return bytes;
}

int64_t host_memory_available(struct toolstack *ts, const struct object *host)
{
    struct host_memory *m = catch_up(ts);
    struct object *metrics = db_ref(&ts->db, host, "metrics");
    struct sum *s = sum_find(m, host->ref);

    if (!s)
        s = sum_make(m, host->ref);
    if (!s->valid)
        s->bytes = residents_bytes(&ts->db, host);
    s->valid = true;
    return (metrics ? db_int(metrics, "memory_free") : 0) - s->bytes -
           arriving_bytes(m, &ts->db, host);
}

void host_memory_fini(struct toolstack *ts)
{
    if (ts->memory)
        free(ts->memory->sums);
    free(ts->memory);
}

/* Counts the memory of hosts, and shares it among their machines. */
#include "host_memory.h"

#include <stdlib.h>
#include <string.h>

#include "vm.h"

enum {
    SLOTS = 1 << 12,
};

struct host_sum;

struct vm_sum {
    char ref[REF_BYTES];
    struct host_sum *host;
    int64_t min, max, overhead, target;
    struct vm_sum *same_slot;     /* found by ref */
    struct vm_sum *older, *newer; /* of the host */
};

struct host_sum {
    char ref[REF_BYTES];
    int64_t bytes;          /* for machines */
    int64_t min, max, used; /* sums of the machines', with overhead */
    struct vm_sum *newest;
    struct host_sum *next;
};

#define MACHINE_BYTES_MAX (INT64_C(1) << 46)

struct host_memory {
    struct host_sum *hosts;
    struct vm_sum *slots[SLOTS];
};

static struct host_memory *memory_of(struct toolstack *ts)
{
    if (!ts->memory) {
        ts->memory = must_alloc(sizeof(*ts->memory));
        *ts->memory = (struct host_memory){0};
    }
    return ts->memory;
}

/* Sums of nonsense that setters let pass must not overflow. */
static int64_t bounded(int64_t bytes)
{
    return bytes < 0                   ? 0
           : bytes > MACHINE_BYTES_MAX ? MACHINE_BYTES_MAX
                                       : bytes;
}

int64_t vm_memory_needed(const struct object *vm)
{
    return bounded(db_int(vm, "memory_dynamic_min")) +
           bounded(vm_memory_overhead(vm));
}

static struct vm_sum **slot_find(struct host_memory *m, const char *ref)
{
    uint32_t hash = 2166136261u;
    struct vm_sum **slot;

    for (const char *p = ref; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    slot = &m->slots[hash % SLOTS];
    while (*slot && strcmp((*slot)->ref, ref) != 0)
        slot = &(*slot)->same_slot;
    return slot;
}

static struct host_sum *host_find(struct toolstack *ts,
                                  const struct object *host)
{
    struct host_memory *m = memory_of(ts);
    struct object *metrics = db_ref(&ts->db, host, "metrics");
    struct host_sum *h = m->hosts;

    while (h && strcmp(h->ref, host->ref) != 0)
        h = h->next;
    if (h)
        return h;
    h = must_alloc(sizeof(*h));
    *h = (struct host_sum){.next = m->hosts};
    memcpy(h->ref, host->ref, sizeof(h->ref));
    h->bytes = metrics ? db_int(metrics, "memory_free") : 0;
    m->hosts = h;
    return h;
}

static void leave(struct host_sum *h, struct vm_sum *v)
{
    h->min -= v->min + v->overhead;
    h->max -= v->max + v->overhead;
    h->used -= v->target + v->overhead;
    if (v->newer)
        v->newer->older = v->older;
    else
        h->newest = v->older;
    if (v->older)
        v->older->newer = v->newer;
}

static void enter(struct host_sum *h, struct vm_sum *v)
{
    v->host = h;
    v->older = h->newest;
    v->newer = NULL;
    if (h->newest)
        h->newest->newer = v;
    h->newest = v;
    h->min += v->min + v->overhead;
    h->max += v->max + v->overhead;
    h->used += v->target + v->overhead;
}

/* Where the machine takes memory: it runs there, or is on its way. */
static struct object *host_of(struct toolstack *ts, const struct object *vm)
{
    struct object *to = db_ref(&ts->db, vm, "scheduled_to_be_resident_on");

    if (db_bool(vm, "is_control_domain"))
        return NULL;
    return vm_is_live(vm) && !to ? db_ref(&ts->db, vm, "resident_on") : to;
}

/* A target that is not the machine's ceiling is shown; so is going back. */
static void target_set(struct toolstack *ts, struct vm_sum *v, int64_t target)
{
    struct object *vm = db_find(&ts->db, "VM", v->ref), *metrics, *host;
    const struct domain_driver *driver = &ts->domains;

    if (!vm || v->target == target)
        return;
    v->host->used += target - v->target;
    v->target = bounded(target);
    /* The balloon may lag behind; what was decided is counted on. */
    host = db_find(&ts->db, "host", v->host->ref);
    (void)driver->set_memory(driver->ctx, host ? db_text(host, "uuid") : "",
                             db_text(vm, "uuid"), target / 1024);
    db_set_int(&ts->db, vm, "memory_target", target);
    metrics = db_ref(&ts->db, vm, "metrics");
    if (metrics)
        db_set_int(&ts->db, metrics, "memory_actual", target);
}

static void show_free(struct toolstack *ts, const struct host_sum *h)
{
    struct object *host = db_find(&ts->db, "host", h->ref);
    struct object *metrics = host ? db_ref(&ts->db, host, "metrics") : NULL;

    if (metrics)
        db_set_int(&ts->db, metrics, "memory_free",
                   h->bytes > h->used ? h->bytes - h->used : 0);
}

/* The same part of what each could have above its minimum. */
static int64_t share(const struct host_sum *h, const struct vm_sum *v)
{
    double wish = (double)(h->max - h->min);
    double spare = (double)(h->bytes - h->min);
    double part = wish > 0 ? spare / wish : 1.0;

    if (part >= 1.0)
        return v->max;
    if (part < 0)
        part = 0;
    return v->min + (int64_t)((double)(v->max - v->min) * part) / MIB * MIB;
}

static void balance(struct toolstack *ts, struct host_sum *h)
{
    bool squeezed = h->used != h->max;

    if (squeezed || h->max > h->bytes)
        for (struct vm_sum *v = h->newest; v; v = v->older)
            target_set(ts, v, share(h, v));
    show_free(ts, h);
}

static void vm_count(struct toolstack *ts, struct object *vm,
                     struct object *host, struct vm_sum **slot)
{
    struct vm_sum *v = *slot;

    if (!v) {
        v = must_alloc(sizeof(*v));
        *v = (struct vm_sum){0};
        memcpy(v->ref, vm->ref, sizeof(v->ref));
        *slot = v;
    }
    v->min = bounded(db_int(vm, "memory_dynamic_min"));
    v->max = v->target = bounded(db_int(vm, "memory_dynamic_max"));
    v->overhead = bounded(vm_memory_overhead(vm));
    enter(host_find(ts, host), v);
}

void host_memory_account(struct toolstack *ts, struct object *vm)
{
    struct vm_sum **slot = slot_find(memory_of(ts), vm->ref), *v = *slot;
    struct host_sum *before = v ? v->host : NULL;
    struct object *host = host_of(ts, vm);

    if (v)
        leave(before, v);
    if (host) {
        vm_count(ts, vm, host, slot);
    } else if (v) {
        *slot = v->same_slot;
        free(v);
    }
    v = *slot;
    if (before)
        balance(ts, before);
    if (v && strcmp(v->ref, vm->ref) == 0 && v->host != before)
        balance(ts, v->host);
}

/* The metrics that were loaded are those with all these machines. */
void host_memory_recover(struct toolstack *ts)
{
    for (struct object *o = db_first(&ts->db, "VM"); o; o = o->next) {
        struct vm_sum **slot = slot_find(memory_of(ts), o->ref);

        struct object *host = host_of(ts, o);

        if (*slot || !host)
            continue;
        vm_count(ts, o, host, slot);
        (*slot)->host->bytes += (*slot)->target + (*slot)->overhead;
    }
}

void host_memory_fini(struct toolstack *ts)
{
    struct host_memory *m = ts->memory;

    if (!m)
        return;
    while (m->hosts) {
        struct host_sum *h = m->hosts;

        m->hosts = h->next;
        while (h->newest) {
            struct vm_sum *v = h->newest;

            h->newest = v->older;
            free(v);
        }
        free(h);
    }
    free(m);
    ts->memory = NULL;
}

int64_t host_memory_available(struct toolstack *ts, const struct object *host)
{
    const struct host_sum *h = host_find(ts, host);

    return h->bytes - h->min;
}

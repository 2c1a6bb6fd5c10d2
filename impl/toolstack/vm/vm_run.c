/* Operations of machines that take their time. */
#include <string.h>

#include "host_memory.h"
#include "vm.h"
#include "wait.h"

enum {
    DELAY_MAX_S = 365 * 24 * 3600,
};

struct vm_wait {
    struct wait wait; /* first: found by it */
    const char *op, *vm, *key;
    bool force;
    int (*finish)(struct request *r, struct object *vm);
};

static int64_t pace_ms(const struct request *r, const char *op)
{
    const struct domain_driver *driver = &r->ts->domains;

    return driver->pace_ms ? driver->pace_ms(driver->ctx, op) : 0;
}

static bool is_cancelled(const struct request *r)
{
    const struct value *now =
        r->task ? db_get(r->task, "current_operations") : NULL;

    for (uint32_t i = 0; now && i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "cancel") == 0)
            return true;
    return false;
}

static int check(struct request *r, struct object *vm, const char *op,
                 bool force)
{
    return force ? vm_check_loosely(r, vm, op) : vm_check(r, vm, op);
}

/* Memory on a host for a machine that will come; NULL: no more. */
static void reserve(struct request *r, struct object *vm,
                    const struct object *host)
{
    const char *ref = host ? host->ref : REF_NULL;

    if (strcmp(db_text(vm, "scheduled_to_be_resident_on"), ref) == 0)
        return;
    db_set_text(r->db, vm, "scheduled_to_be_resident_on", ref);
    host_memory_account(r->ts, vm);
}

/* The operation is no longer current. The machine; NULL: it is gone. */
static struct object *linger_end(struct request *r)
{
    const struct vm_wait *w = (const struct vm_wait *)r->wait;
    struct object *vm = db_find(r->db, "VM", w->vm);

    if (!vm)
        return NULL;
    db_map_del(r->db, vm, "current_operations", w->key);
    reserve(r, vm, NULL);
    vm_refresh(r, vm);
    return vm;
}

static void linger_cancel(struct request *r)
{
    (void)linger_end(r); /* nothing has been done to it yet */
}

static int go_on(struct request *r)
{
    const struct vm_wait *w = (const struct vm_wait *)r->wait;
    struct object *vm = linger_end(r);

    if (!vm)
        return request_bad_handle(r, "VM", w->vm);
    r->self = vm;
    if (is_cancelled(r))
        return request_fail(r, "TASK_CANCELLED", r->task->ref, NULL);
    return check(r, vm, w->op, w->force) ? API_FAILED : w->finish(r, vm);
}

/* Shows the operation under its task's reference, or one like it. */
static int linger(struct request *r, const char *op, int64_t ms, bool force,
                  int (*finish)(struct request *r, struct object *vm))
{
    struct vm_wait *w = arena_alloc(r->arena, sizeof(*w));
    char uuid[UUID_BYTES];

    db_uuid(r->db, uuid);
    *w = (struct vm_wait){.op = op, .force = force, .finish = finish};
    w->vm = arena_strdup(r->arena, r->self->ref);
    w->key = r->task ? arena_strdup(r->arena, r->task->ref)
                     : arena_printf(r->arena, "DummyRef:|%s|%s", uuid,
                                    r->message->name);
    w->wait.resume = go_on;
    w->wait.cancellable = true;
    w->wait.cancel = linger_cancel;
    w->wait.deadline_ms = r->ts->env.now_ms(r->ts->env.ctx) + ms;
    db_map_put(r->db, r->self, "current_operations", w->key, op);
    vm_refresh(r, r->self);
    r->wait = &w->wait;
    return API_WAITING;
}

int vm_run(struct request *r, const char *op,
           int (*finish)(struct request *r, struct object *vm))
{
    return vm_run_towards(r, op, NULL, false, finish);
}

int vm_run_towards(struct request *r, const char *op, struct object *host,
                   bool force,
                   int (*finish)(struct request *r, struct object *vm))
{
    int64_t ms = pace_ms(r, op);

    if (check(r, r->self, op, force))
        return API_FAILED;
    if (ms <= 0)
        return finish(r, r->self);
    if (host)
        reserve(r, r->self, host);
    return linger(r, op, ms, force, finish);
}

int vm_delay(struct request *r, const struct object *vm, const char *field)
{
    int64_t seconds = db_int(vm, field);

    if (seconds <= 0)
        return reply_void(r);
    return wait_for_ms(
        r, (seconds < DELAY_MAX_S ? seconds : DELAY_MAX_S) * 1000, reply_void);
}

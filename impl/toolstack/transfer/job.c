/* What exports and imports share. */
#include "job.h"

#include <string.h>

#include "placement.h"
#include "pool.h"
#include "vm.h"

bool job_flag(const struct route_call *c, const char *name)
{
    const char *text = route_param(c, name);

    return text && strcmp(text, "true") == 0;
}

struct object *job_machine(struct route_call *c)
{
    const char *ref = route_param(c, "ref"), *uuid = route_param(c, "uuid");
    struct object *vm;

    if (!ref && !uuid) {
        (void)request_fail(&c->request, "FIELD_TYPE_ERROR", "uuid", NULL);
        return NULL;
    }
    vm = ref ? db_find(c->request.db, "VM", ref)
             : db_find_uuid(c->request.db, "VM", uuid);
    if (!vm && ref)
        (void)request_bad_handle(&c->request, "VM", ref);
    else if (!vm)
        (void)request_fail(&c->request, "UUID_INVALID", "VM", uuid, NULL);
    return vm;
}

struct object *job_repository(struct route_call *c)
{
    const char *ref = route_param(c, "sr_id"),
               *uuid = route_param(c, "sr_uuid");
    struct request *r = &c->request;
    struct object *sr = NULL, *pool = toolstack_pool(r->ts);

    if (ref && strcmp(ref, REF_NULL) != 0) {
        sr = db_find(r->db, "SR", ref);
        if (!sr)
            (void)request_bad_handle(r, "SR", ref);
    } else if (uuid) {
        sr = db_find_uuid(r->db, "SR", uuid);
        if (!sr)
            (void)request_fail(r, "UUID_INVALID", "SR", uuid, NULL);
    } else {
        sr = db_ref(r->db, pool, "default_SR");
        if (!sr)
            (void)request_fail(r, "DEFAULT_SR_NOT_FOUND",
                               db_text(pool, "default_SR"), NULL);
    }
    return sr;
}

int job_greet(struct route_call *c)
{
    if (!route_param(c, "task_id"))
        return 0;
    return route_begin(c, 200, "text/html", ROUTE_LENGTH_UNKNOWN);
}

int job_answer(struct route_call *c)
{
    if (route_param(c, "task_id"))
        return 0; /* it has its status, and ends here */
    return route_answer(c, 200, "text/html", "", 0);
}

static bool can_do(struct request *r, struct object *vm,
                   const struct object *sr, struct object *host)
{
    return vm ? !placement_missing_sr(r, vm, host) : host_sees_sr(r, host, sr);
}

struct object *job_host(struct route_call *c, struct object *vm,
                        const struct object *sr)
{
    struct request *r = &c->request;
    struct object *here = pool_here(r);

    if (here && can_do(r, vm, sr, here))
        return here;
    for (struct object *o = db_first(r->db, "host"); o; o = o->next)
        if (host_live(r, o) && can_do(r, vm, sr, o))
            return o;
    if (vm)
        sr = placement_missing_sr(r, vm, here ? here : toolstack_master(r->ts));
    (void)request_fail(r, vm ? "VM_REQUIRES_SR" : "SR_HAS_NO_PBDS",
                       vm ? vm->ref : sr->ref, vm ? sr->ref : NULL, NULL);
    return NULL;
}

int job_check(struct route_call *c)
{
    struct object *task = c->request.task;
    const struct value *now = task ? db_get(task, "current_operations") : NULL;

    for (uint32_t i = 0; now && i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "cancel") == 0)
            return request_fail(&c->request, "TASK_CANCELLED", task->ref, NULL);
    return 0;
}

void job_progress(struct route_call *c, uint64_t done, uint64_t total)
{
    struct object *task = c->request.task;
    double now = total ? (double)done / (double)total : 0;

    if (task && (now - db_get(task, "progress")->f >= 0.01 || !done))
        db_set(c->request.db, task, "progress", value_float(now));
}

void job_lock(struct route_call *c, struct object *vm, const char *op)
{
    if (c->request.task)
        db_map_put(c->request.db, vm, "current_operations",
                   c->request.task->ref, op);
    vm_refresh(&c->request, vm);
}

void job_unlock(struct route_call *c, const char *vm_ref, const char *task_ref)
{
    struct object *vm = db_find(c->request.db, "VM", vm_ref);

    if (!vm)
        return;
    db_map_del(c->request.db, vm, "current_operations", task_ref);
    vm_refresh(&c->request, vm);
}

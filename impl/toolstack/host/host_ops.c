/* What a host allows, from host_ops.def, and what it does now. */
#include <string.h>

#include "handlers.h"
#include "host.h"
#include "placement.h"
#include "vm.h"

enum {
    BRINGS = 1 << 0,         /* brings machines */
    TAKES = 1 << 1,          /* takes them away */
    WANTS_DISABLED = 1 << 2, /* of a host that is disabled */
    WANTS_DEAD = 1 << 3,     /* of a host that does not answer */
    ENDS = 1 << 4,           /* one of these at a time */
};

struct host_op {
    const char *name;
    unsigned flags;
};

static const struct host_op ops[] = {
#define HOST_OP(name, flags) {#name, flags},
#include "host_ops.def"
#undef HOST_OP
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

static const struct host_op *op_find(const char *name)
{
    for (int i = 0; i < OPS_NR; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

static bool excludes(const struct host_op *running, const struct host_op *op)
{
    if (op->flags & WANTS_DEAD)
        return false;
    if ((running->flags & TAKES) && (op->flags & BRINGS))
        return true;
    if ((running->flags & BRINGS) && (op->flags & TAKES))
        return true;
    if ((running->flags & ENDS) && (op->flags & ENDS))
        return running != op;
    return running == op && strcmp(op->name, "provision") == 0;
}

static int check_running(struct request *r, const struct object *host,
                         const struct host_op *op)
{
    const struct value *now = db_get(host, "current_operations");

    for (uint32_t i = 0; i < now->nr; i++) {
        const struct host_op *running = op_find(now->members[i].value.s);

        if (running && excludes(running, op))
            return request_fail(r, "OTHER_OPERATION_IN_PROGRESS", "host",
                                host->ref, running->name, now->members[i].key,
                                NULL);
    }
    return 0;
}

static int check_op(struct request *r, const struct object *host,
                    const struct host_op *op)
{
    if (check_running(r, host, op))
        return API_FAILED;
    if ((op->flags & WANTS_DISABLED) && db_bool(host, "enabled"))
        return request_fail(r, "HOST_NOT_DISABLED", NULL);
    if (!(op->flags & WANTS_DEAD))
        return 0;
    if (host_live(r, host))
        return request_fail(r, "HOST_IS_LIVE", host->ref, NULL);
    if (!*db_text(host, "power_on_mode"))
        return request_fail(r, "HOST_POWER_ON_MODE_DISABLED", NULL);
    return 0;
}

int host_check(struct request *r, const struct object *host, const char *op)
{
    return check_op(r, host, op_find(op));
}

void host_refresh(struct request *r, struct object *host)
{
    struct value names[OPS_NR], error = r->error;
    size_t nr = 0;

    for (int i = 0; i < OPS_NR; i++)
        if (check_op(r, host, &ops[i]) == 0)
            names[nr++] = value_string(ops[i].name);
    r->error = error; /* of the caller, not of what is refused here */
    db_set(r->db, host, "allowed_operations", value_set(names, nr));
}

/* The task that goes on, or something that looks like one. */
static const char *op_key(struct request *r)
{
    return r->task ? r->task->ref
                   : arena_printf(r->arena, "DummyRef:|%s", r->message->name);
}

void host_op_begin(struct request *r, struct object *host, const char *op)
{
    db_map_put(r->db, host, "current_operations", op_key(r), op);
    host_refresh(r, host);
}

void host_op_end(struct request *r, struct object *host)
{
    db_map_del(r->db, host, "current_operations", op_key(r));
    host_refresh(r, host);
}

bool host_answers(struct request *r, const struct object *host)
{
    const struct host_driver *d = &r->ts->hosts;

    return !d->alive || d->alive(d->ctx, db_text(host, "uuid"));
}

const char *host_local_get(struct toolstack *ts, const struct object *host,
                           const char *key)
{
    const struct host_driver *d = &ts->hosts;

    return d->local_get ? d->local_get(d->ctx, db_text(host, "uuid"), key)
                        : NULL;
}

void host_local_put(struct toolstack *ts, const struct object *host,
                    const char *key, const char *value)
{
    const struct host_driver *d = &ts->hosts;

    if (d->local_put)
        d->local_put(d->ctx, db_text(host, "uuid"), key, value);
}

struct value host_machines(struct request *r, const struct object *host)
{
    const struct value *vms = db_get(host, "resident_VMs");
    const char **refs = arena_alloc(r->arena, sizeof(*refs) * (vms->nr + 1));
    size_t nr = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (vm && !db_bool(vm, "is_control_domain"))
            refs[nr++] = arena_strdup(r->arena, vm->ref);
    }
    return value_strings(r->arena, refs, nr);
}

/* Nobody asked for it to stop: HA may still want it to run. */
static void lose(struct request *r, struct object *vm)
{
    bool wanted = db_bool(vm, "ha_always_run");

    vm_set_power(r, vm, "Halted");
    db_set_bool(r->db, vm, "ha_always_run", wanted);
}

void host_lose_machines(struct request *r, struct object *host)
{
    struct value vms = host_machines(r, host);

    for (uint32_t i = 0; i < vms.nr; i++)
        lose(r, db_find(r->db, "VM", vms.items[i].s));
}

static const char *alert_class(const struct object *o)
{
    if (strcmp(o->class->name, "host") == 0)
        return "Host";
    return strcmp(o->class->name, "VM") == 0 ? "VM" : "Pool";
}

void host_alert(struct request *r, const struct object *o, const char *name,
                int priority, const char *body)
{
    struct object *m = db_create(r->db, "message");

    db_set_text(r->db, m, "name", name);
    db_set_int(r->db, m, "priority", priority);
    db_set_text(r->db, m, "cls", alert_class(o));
    db_set_text(r->db, m, "obj_uuid", db_text(o, "uuid"));
    db_set_text(r->db, m, "timestamp", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, m, "body", body);
}

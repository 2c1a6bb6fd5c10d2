/* Appliances: machines that start one after the other, and end in reverse. */
#include "appliance.h"

#include <string.h>

#include "handlers.h"
#include "vm.h"
#include "wait.h"

enum {
    DELAY_MAX_S = 365 * 24 * 3600,
};

struct appliance_op {
    const char *name, *state; /* state: what its machines are in afterwards */
    const char *possible; /* first letters of states that it makes sense in */
    const char *refusal, *delay; /* delay: the machines' field */
    bool reverse;
    int (*each)(struct request *r, struct object *vm);
};

/* A call on its way through the orders. */
struct walk {
    struct wait wait; /* first: found by it */
    const struct appliance_op *op;
    const char *appliance, *key;
    int64_t order; /* whose turn it is */
    bool any;      /* some order had its turn */
};

static int start_one(struct request *r, struct object *vm)
{
    return vm_check(r, vm, "start") || vm_boot(r, vm, NULL, arg_bool(r, 1));
}

static int stop_one(struct request *r, struct object *vm)
{
    return vm_check(r, vm, "hard_shutdown") || vm_stop(r, vm, VM_STOP_HARD);
}

static int clean_stop_one(struct request *r, struct object *vm)
{
    return vm_check(r, vm, "clean_shutdown") || vm_stop(r, vm, VM_STOP_CLEAN);
}

static int any_stop_one(struct request *r, struct object *vm)
{
    return vm_check(r, vm, "shutdown") || vm_stop(r, vm, VM_STOP_ANY);
}

static const struct appliance_op ops[] = {
    {"start", "Running", "H", "There are no halted VMs in this appliance.",
     "start_delay", false, start_one},
    {"clean_shutdown", "Halted", "R",
     "There are no running VMs in this appliance.", "shutdown_delay", true,
     clean_stop_one},
    {"hard_shutdown", "Halted", "RPS", "All VMs in this appliance are halted.",
     "shutdown_delay", true, stop_one},
    {"shutdown", "Halted", "RPS", "All VMs in this appliance are halted.",
     "shutdown_delay", true, any_stop_one},
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

/* NULL when the operation makes sense now. */
static const char *refusal(struct request *r, const struct object *appliance,
                           const struct appliance_op *op)
{
    const struct value *vms = db_get(appliance, "VMs");

    if (!vms->nr)
        return "Appliance has no VMs.";
    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (strchr(op->possible, db_text(vm, "power_state")[0]))
            return NULL;
    }
    return op->refusal;
}

void appliance_refresh(struct request *r, struct object *appliance)
{
    const char *names[OPS_NR];
    size_t nr = 0;

    for (int i = 0; i < OPS_NR; i++)
        if (!db_get(appliance, "current_operations")->nr &&
            !refusal(r, appliance, &ops[i]))
            names[nr++] = ops[i].name;
    db_set(r->db, appliance, "allowed_operations",
           value_strings(r->arena, names, nr));
}

static bool is_done(const struct walk *w, const struct request *r,
                    const struct object *vm)
{
    const char *wanted = w->op->state;

    if (strcmp(w->op->name, "start") == 0 && arg_bool(r, 1))
        wanted = "Paused";
    return strcmp(db_text(vm, "power_state"), wanted) == 0;
}

/* The next order with machines that are not where they should be. */
static bool next_order(struct request *r, struct walk *w,
                       const struct object *appliance)
{
    const struct value *vms = db_get(appliance, "VMs");
    bool found = false;
    int64_t best = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(r->db, vms->items[i].s);
        int64_t order = db_int(vm, "order");
        bool later = w->op->reverse ? order < w->order : order > w->order;
        bool sooner = w->op->reverse ? order > best : order < best;

        if (is_done(w, r, vm) || (w->any && !later) || (found && !sooner))
            continue;
        best = order;
        found = true;
    }
    w->order = best;
    return found;
}

/* All machines of one order; the longest delay that one of them asks for. */
static int64_t take_order(struct request *r, struct walk *w,
                          const struct object *appliance)
{
    const struct value *vms = db_get(appliance, "VMs");
    int64_t delay = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (db_int(vm, "order") != w->order || is_done(w, r, vm))
            continue;
        if (w->op->each(r, vm) == 0 && db_int(vm, w->op->delay) > delay)
            delay = db_int(vm, w->op->delay);
    }
    return (delay < DELAY_MAX_S ? delay : DELAY_MAX_S) * 1000;
}

/* Machines that are not where they should be are told. */
static int finish(struct request *r, struct walk *w, struct object *appliance)
{
    const struct value *vms = db_get(appliance, "VMs");
    struct value *items = arena_alloc(r->arena, sizeof(*items) * (vms->nr + 2));
    size_t nr = 2;

    db_map_del(r->db, appliance, "current_operations", w->key);
    appliance_refresh(r, appliance);
    items[0] = value_string("OPERATION_PARTIALLY_FAILED");
    items[1] =
        value_string(arena_printf(r->arena, "VM_appliance.%s", w->op->name));
    for (uint32_t i = 0; i < vms->nr; i++)
        if (!is_done(w, r, db_find_any(r->db, vms->items[i].s)))
            items[nr++] = vms->items[i];
    if (nr == 2)
        return reply_void(r);
    r->error = value_set(items, nr);
    return API_FAILED;
}

static int walk_on(struct request *r)
{
    struct walk *w = (struct walk *)r->wait;
    struct object *appliance = db_find(r->db, "VM_appliance", w->appliance);

    if (!appliance)
        return request_bad_handle(r, "VM_appliance", w->appliance);
    while (next_order(r, w, appliance)) {
        int64_t ms = take_order(r, w, appliance);

        w->any = true;
        if (ms > 0) {
            w->wait.deadline_ms = r->ts->env.now_ms(r->ts->env.ctx) + ms;
            return API_WAITING;
        }
    }
    return finish(r, w, appliance);
}

static int walk(struct request *r, const char *name)
{
    struct walk *w = arena_alloc(r->arena, sizeof(*w));
    const char *why;
    char uuid[UUID_BYTES];

    w->op = ops;
    while (strcmp(w->op->name, name) != 0)
        w->op++;
    why = refusal(r, r->self, w->op);
    if (why)
        return request_fail(r, "OPERATION_NOT_ALLOWED", why, NULL);
    db_uuid(r->db, uuid);
    w->appliance = arena_strdup(r->arena, r->self->ref);
    w->key = arena_printf(r->arena, "DummyRef:|%s|%s", uuid, r->message->name);
    w->wait.resume = walk_on;
    r->wait = &w->wait;
    db_map_put(r->db, r->self, "current_operations", w->key, name);
    return walk_on(r);
}

int appliance_start(struct request *r)
{
    return walk(r, "start");
}

int appliance_clean_shutdown(struct request *r)
{
    return walk(r, "clean_shutdown");
}

int appliance_hard_shutdown(struct request *r)
{
    return walk(r, "hard_shutdown");
}

int appliance_shutdown(struct request *r)
{
    return walk(r, "shutdown");
}

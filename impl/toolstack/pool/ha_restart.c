/* Machines that should run and do not: started again, in their order. */
#include <stdlib.h>
#include <string.h>

#include "ha_state.h"
#include "handlers.h"
#include "host.h"
#include "placement.h"
#include "vm.h"

static bool is_wanted(const struct object *vm)
{
    return db_bool(vm, "ha_always_run") && !db_bool(vm, "is_a_template") &&
           *db_text(vm, "ha_restart_priority") &&
           strcmp(db_text(vm, "power_state"), "Halted") == 0;
}

static bool best_effort(const struct object *vm)
{
    return strcmp(db_text(vm, "ha_restart_priority"), "restart") != 0;
}

/* The first to start: protected before best-effort, then by order. */
static int by_order(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;
    int64_t p = db_int(x, "order"), q = db_int(y, "order");

    if (best_effort(x) != best_effort(y))
        return best_effort(x) ? 1 : -1;
    if (p != q)
        return p < q ? -1 : 1;
    return strcmp(db_text(x, "uuid"), db_text(y, "uuid"));
}

static struct ha_restart *restart_of(struct ha *ha, const struct object *vm)
{
    struct ha_restart *one;

    for (size_t i = 0; i < ha->restarts_nr; i++)
        if (strcmp(ha->restarts[i].vm, vm->ref) == 0)
            return &ha->restarts[i];
    ha->restarts = must_realloc(ha->restarts,
                                sizeof(*ha->restarts) * (ha->restarts_nr + 1));
    one = &ha->restarts[ha->restarts_nr++];
    *one = (struct ha_restart){0};
    memcpy(one->vm, vm->ref, REF_BYTES);
    return one;
}

static void forget_restart(struct ha *ha, struct ha_restart *one)
{
    *one = ha->restarts[--ha->restarts_nr];
}

static void give_up(struct request *r, struct object *vm,
                    struct ha_restart *one, int64_t now)
{
    if (best_effort(vm))
        db_set_bool(r->db, vm, "ha_always_run", false);
    else if (!one->failed)
        host_alert(r, vm, "HA_PROTECTED_VM_RESTART_FAILED", 2,
                   arena_printf(r->arena, "VM '%s' could not be restarted",
                                db_text(vm, "name_label")));
    one->failed = true;
    one->due_ms = now + HA_RETRY_MS;
}

/* As VM.start does it, but at once: nobody waits for an answer. */
static int boot(struct request *r, struct object *vm)
{
    struct request start = *r;

    start.message = message_find("VM.start");
    start.self = vm;
    return vm_check(&start, vm, "start") || vm_boot(&start, vm, NULL, false)
               ? API_FAILED
               : 0;
}

/* Whether the next order must wait for what this one's start delay says. */
static int64_t start(struct request *r, struct object *vm, int64_t now)
{
    struct ha *ha = ha_state(r->ts);
    struct ha_restart *one = restart_of(ha, vm);

    if (now < one->due_ms)
        return 0;
    if (boot(r, vm)) {
        give_up(r, vm, one, now);
        return 0;
    }
    forget_restart(ha, one);
    return db_int(vm, "start_delay") * 1000;
}

void ha_restart_machines(struct request *r, int64_t now_ms)
{
    size_t max = db_count(r->db, class_find("VM")), nr = 0;
    struct object **wanted = arena_alloc(r->arena, sizeof(*wanted) * (max + 1));
    struct ha *ha = ha_state(r->ts);

    if (now_ms < ha->prevented_until_ms)
        return;
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (is_wanted(vm))
            wanted[nr++] = vm;
    if (!nr)
        return;
    qsort(wanted, nr, sizeof(struct object *), by_order);
    for (size_t i = 0; i < nr; i++) {
        int64_t wait = start(r, wanted[i], now_ms);

        if (!wait)
            continue;
        ha->prevented_until_ms = now_ms + wait;
        return; /* the others when its delay is over */
    }
}

int pool_ha_prevent_restarts_for(struct request *r)
{
    int64_t seconds = arg_int(r, 0);

    if (!ha_enabled(r))
        return request_fail(r, "HA_NOT_ENABLED", NULL);
    if (seconds < 0)
        seconds = 0;
    if (seconds > INT32_MAX)
        seconds = INT32_MAX;
    ha_state(r->ts)->prevented_until_ms =
        r->ts->env.now_ms(r->ts->env.ctx) + seconds * 1000;
    return reply_void(r);
}

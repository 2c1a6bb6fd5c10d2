/* What guests do by themselves: they end, and they crash. */
#include <string.h>

#include "handlers.h"
#include "vm.h"
#include "vm_domain.h"

/* A crash that is to be kept has a record; its memory has no disk. */
static void note_crash(struct request *r, struct object *vm)
{
    struct object *o = db_create(r->db, "crashdump");

    db_set_text(r->db, o, "VM", vm->ref);
}

static void go_again(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;

    if (driver->reboot(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid")))
        (void)vm_halt(r, vm); /* a domain that cannot go on */
}

/* What a machine's field says of each end. */
static void act(struct request *r, struct object *vm, const char *action)
{
    if (strncmp(action, "coredump", 8) == 0)
        note_crash(r, vm);
    if (strstr(action, "restart"))
        go_again(r, vm);
    else if (strcmp(action, "preserve") != 0)
        (void)vm_halt(r, vm); /* it has ended; stopping it says no more */
}

void vm_sync(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_state state;

    if (!vm_is_live(vm) || driver->query(driver->ctx, vm_host_uuid(r, vm),
                                         db_text(vm, "uuid"), &state))
        return;
    if (state.condition == DOMAIN_ABSENT)
        vm_lost(r, vm);
    else if (state.condition == DOMAIN_SHUTDOWN)
        act(r, vm, db_text(vm, "actions_after_shutdown"));
    else if (state.condition == DOMAIN_CRASHED)
        act(r, vm, db_text(vm, "actions_after_crash"));
}

int crashdump_destroy(struct request *r)
{
    struct object *vdi = db_ref(r->db, r->self, "VDI");

    if (vdi)
        db_destroy(r->db, vdi);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/*
 * Objects that exist in the database only: their constructors take a value per
 * field, by the field's name, and their destructors just remove them.
 */
#include <string.h>

#include "generic.h"
#include "handlers.h"

int any_introduce(struct request *r)
{
    const struct message *m = r->message;
    struct object *o = db_create(r->db, m->class->name);

    for (int i = 0; i < m->params_nr; i++) {
        int index = field_index(o->class, m->params[i].name);

        if (index >= 0)
            db_set_at(r->db, o, index, r->args[i]);
    }
    return reply_ref(r, o);
}

/* The same, when the client chooses the uuid. */
int any_introduce_uuid(struct request *r)
{
    const char *class_name = r->message->class->name, *uuid = arg_text(r, 0);

    if (db_find_uuid(r->db, class_name, uuid))
        return request_internal(
            r, arena_printf(r->arena,
                            "Db_exn.Uniqueness_constraint_violation(\"%s\", "
                            "\"uuid\", \"%s\")",
                            class_name, uuid));
    return any_introduce(r);
}

int any_forget(struct request *r)
{
    db_destroy(r->db, r->self);
    return reply_void(r);
}

enum {
    VTPMS_MAX = 1,
};

static const char *const vtpm_operations[] = {"destroy"};

int vtpm_create(struct request *r)
{
    struct object *vm = r->self, *o;

    if (db_get(vm, "VTPMs")->nr >= VTPMS_MAX)
        return request_fail(r, "VTPM_MAX_AMOUNT_REACHED", "1", NULL);
    if (db_text(vm, "power_state")[0] != 'H')
        return request_fail(r, "VM_BAD_POWER_STATE", vm->ref, "halted",
                            "running", NULL);
    o = db_create(r->db, "VTPM");
    db_set_text(r->db, o, "VM", vm->ref);
    db_set_bool(r->db, o, "is_unique", arg_bool(r, 1));
    db_set(r->db, o, "allowed_operations",
           value_strings(r->arena, vtpm_operations, 1));
    return reply_ref(r, o);
}

/* What the TPM holds is a secret of its own. */
int vtpm_set_contents(struct request *r)
{
    struct object *secret = db_ref(r->db, r->self, "contents");

    if (!secret) {
        secret = db_create(r->db, "secret");
        db_set_text(r->db, r->self, "contents", secret->ref);
    }
    db_set_text(r->db, secret, "value", arg_text(r, 1));
    return reply_void(r);
}

int vtpm_get_contents(struct request *r)
{
    struct object *secret = db_ref(r->db, r->self, "contents");

    return reply_text(r, secret ? db_text(secret, "value") : "");
}

/* Console objects: where to connect to see what a machine shows. */
#include "console.h"

#include <string.h>

void consoles_close(struct request *r, struct object *vm)
{
    const struct value *set = db_get(vm, "consoles");

    while (set->nr)
        db_destroy(r->db, db_find_any(r->db, set->items[0].s));
}

void console_locate(struct toolstack *ts, struct object *console)
{
    struct object *vm = db_ref(&ts->db, console, "VM");
    struct object *host = vm ? db_ref(&ts->db, vm, "resident_on") : NULL;
    struct arena a;

    if (!host)
        return;
    arena_init(&a);
    db_set_text(&ts->db, console, "location",
                arena_printf(&a, "https://%s/console?uuid=%s",
                             db_text(host, "address"),
                             db_text(console, "uuid")));
    arena_fini(&a);
}

/* A machine with firmware has a screen, another a serial line. */
void console_open(struct request *r, struct object *vm)
{
    const struct object *host = db_ref(r->db, vm, "resident_on");
    bool screen = strcmp(db_text(vm, "domain_type"), "hvm") == 0 ||
                  db_bool(vm, "is_control_domain");
    struct object *o;

    if (!host || db_get(vm, "consoles")->nr)
        return;
    o = db_create(r->db, "console");
    db_set_text(r->db, o, "protocol", screen ? "rfb" : "vt100");
    db_set_text(r->db, o, "VM", vm->ref);
    console_locate(r->ts, o);
}

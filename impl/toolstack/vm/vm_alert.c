/* Writes alerts of machines. */
#include "vm_alert.h"

#include "message.h"

enum {
    PRIORITY = 5, /* for information */
};

void vm_alert(struct request *r, const struct object *vm, const char *name,
              const char *what, const struct object *host)
{
    const char *body =
        arena_printf(r->arena, "VM '%s' (uuid: %s) %s",
                     db_text(vm, "name_label"), db_text(vm, "uuid"), what);

    if (host)
        body = arena_printf(r->arena, "%s: %s (uuid: %s)", body,
                            db_text(host, "name_label"), db_text(host, "uuid"));
    (void)message_make(r, name, PRIORITY, "VM", db_text(vm, "uuid"), body);
}

/* Operations that take their time, as their disks show them. */
#include "mark.h"

#include <string.h>

#include "vdi.h"

const char *vdi_mark_key(struct request *r)
{
    char uuid[UUID_BYTES];

    if (r->task)
        return arena_strdup(r->arena, r->task->ref);
    db_uuid(r->db, uuid);
    return arena_printf(r->arena, "OpaqueRef:%s", uuid);
}

void vdi_unmark(struct request *r, const char *ref, const char *key)
{
    struct object *o = db_find(r->db, "VDI", ref);

    if (!o)
        return;
    db_map_del(r->db, o, "current_operations", key);
    vdi_refresh(r, o);
}

void vdi_mark(struct request *r, struct object *o, const char *key,
              const char *op)
{
    db_map_put(r->db, o, "current_operations", key, op);
    vdi_refresh(r, o);
}

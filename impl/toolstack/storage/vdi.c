/* What belongs to networks and hosts, and has no file there yet. */
#include "handlers.h"
#include "request.h"

int host_enable(struct request *r)
{
    db_set_bool(r->db, r->self, "enabled", true);
    return reply_void(r);
}

int host_disable(struct request *r)
{
    db_set_bool(r->db, r->self, "enabled", false);
    return reply_void(r);
}

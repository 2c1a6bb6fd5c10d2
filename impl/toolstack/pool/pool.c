/* Pools: who is who. */
#include "pool.h"

struct object *pool_here(struct request *r)
{
    if (!r->at || !*r->at->host)
        return toolstack_master(r->ts);
    return db_find_uuid(r->db, "host", r->at->host);
}

bool pool_at_supporter(struct request *r)
{
    return pool_here(r) != toolstack_master(r->ts);
}

bool pool_upgrades(struct request *r)
{
    return value_find(db_get(toolstack_pool(r->ts), "other_config"),
                      "rolling_upgrade_in_progress") != NULL;
}

int pool_is_slave_error(struct request *r)
{
    return request_fail(r, "HOST_IS_SLAVE",
                        db_text(toolstack_master(r->ts), "address"), NULL);
}

/* The redo log: a volume that the database's changes go to as well. */
#include <string.h>

#include "ha_state.h"
#include "handlers.h"
#include "storage.h"

enum {
    REDO_LOG_BYTES = 256 << 20,
};

int pool_enable_redo_log(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts);
    struct object *sr = arg_object(r, 0, "SR"), *vdi;

    if (!sr)
        return API_FAILED;
    if (db_bool(pool, "redo_log_enabled"))
        return request_fail(r, "REDO_LOG_IS_ENABLED", NULL);
    vdi = ha_volume(r, sr, "redo_log", "Metadata redo-log", REDO_LOG_BYTES);
    if (!vdi)
        return request_fail(r, "CANNOT_ENABLE_REDO_LOG",
                            "failed to create a VDI for the redo log on the "
                            "SR with the given UUID.",
                            NULL);
    db_set_text(r->db, pool, "redo_log_vdi", vdi->ref);
    db_set_bool(r->db, pool, "redo_log_enabled", true);
    return reply_void(r);
}

int pool_disable_redo_log(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts);

    db_set_bool(r->db, pool, "redo_log_enabled", false);
    return reply_void(r);
}

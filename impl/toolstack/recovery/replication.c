/* The database goes to volumes as it changes. */
#include "replication.h"

#include <string.h>

#include "handlers.h"
#include "metadata.h"
#include "placement.h"
#include "sm.h"
#include "storage.h"

enum {
    VOLUME_BYTES = 256 << 20,
    VOLUMES_MAX = 8,
};

static bool of_this_pool(struct toolstack *ts, const struct object *vdi)
{
    return strcmp(db_text(vdi, "type"), "metadata") == 0 &&
           strcmp(db_text(vdi, "metadata_of_pool"), toolstack_pool(ts)->ref) ==
               0;
}

static int volumes(struct toolstack *ts)
{
    const struct value *vdis = db_get(toolstack_pool(ts), "metadata_VDIs");
    int nr = 0;

    for (uint32_t i = 0; i < vdis->nr; i++)
        nr += of_this_pool(ts, db_find_any(&ts->db, vdis->items[i].s));
    return nr;
}

void replication_recover(struct toolstack *ts)
{
    if (toolstack_pool(ts))
        ts->replicas = volumes(ts);
}

static void write_all(struct toolstack *ts)
{
    const struct value *vdis = db_get(toolstack_pool(ts), "metadata_VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        const struct object *vdi = db_find_any(&ts->db, vdis->items[i].s);

        if (vdi && of_this_pool(ts, vdi))
            (void)metadata_write(ts, vdi); /* tried again with what is next */
    }
}

int64_t replication_step(struct toolstack *ts)
{
    int64_t now;

    if (!ts->replicas || ts->replicated == ts->db.generation)
        return INT64_MAX;
    now = ts->env.now_ms(ts->env.ctx);
    if (now >= ts->replicated_ms && now - ts->replicated_ms < REPLICATION_MS)
        return ts->replicated_ms + REPLICATION_MS;
    write_all(ts);
    ts->replicated = ts->db.generation;
    ts->replicated_ms = now;
    return INT64_MAX;
}

/* --- Switching it on and off -------------------------------------------------- */

static int check_supports(struct request *r, const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");

    if (!pbds->nr)
        return request_fail(r, "SR_HAS_NO_PBDS", sr->ref, NULL);
    if (!sm_has(db_text(sr, "type"), "SR_METADATA"))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (!host_sees_sr(r, toolstack_master(r->ts), sr))
        return request_fail(r, "SR_NOT_ATTACHED", sr->ref, NULL);
    return 0;
}

int sr_assert_supports_database_replication(struct request *r)
{
    return check_supports(r, r->self) ? API_FAILED : reply_void(r);
}

static struct object *replica_on(struct request *r, const struct object *sr)
{
    const struct value *vdis = db_get(sr, "VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        struct object *vdi = db_find_any(r->db, vdis->items[i].s);

        if (vdi && of_this_pool(r->ts, vdi))
            return vdi;
    }
    return NULL;
}

int sr_enable_database_replication(struct request *r)
{
    struct object *vdi;
    int rc;

    if (check_supports(r, r->self))
        return API_FAILED;
    if (replica_on(r, r->self))
        return reply_void(r);
    if (volumes(r->ts) >= VOLUMES_MAX)
        return request_fail(r, "NO_MORE_REDO_LOGS_ALLOWED", NULL);
    vdi = vdi_make(r, r->self, "metadata", "Metadata for DR", VOLUME_BYTES);
    if (!vdi)
        return API_FAILED;
    db_set_text(r->db, vdi, "metadata_of_pool", toolstack_pool(r->ts)->ref);
    db_set_bool(r->db, vdi, "metadata_latest", true);
    rc = metadata_write(r->ts, vdi);
    if (rc) {
        (void)vdi_unmake(r, vdi); /* the first error is told */
        return vdi_fail(r, vdi, rc);
    }
    r->ts->replicas = volumes(r->ts);
    return reply_void(r);
}

int sr_disable_database_replication(struct request *r)
{
    struct object *vdi = replica_on(r, r->self);

    if (vdi && vdi_unmake(r, vdi))
        return API_FAILED;
    r->ts->replicas = volumes(r->ts);
    return reply_void(r);
}

/* --- Databases of others -------------------------------------------------------- */

/* The newest of each pool is marked. */
static void mark_latest(struct request *r, const struct object *vdi,
                        const struct metadata_info *info)
{
    bool latest = true;

    for (struct object *o = db_first(r->db, "VDI"); o; o = o->next) {
        struct metadata_info other;

        if (o == vdi || strcmp(db_text(o, "type"), "metadata") != 0 ||
            metadata_info(r->ts, o, &other) ||
            strcmp(other.pool, info->pool) != 0)
            continue;
        if (other.generation > info->generation)
            latest = false;
        else
            db_set_bool(r->db, o, "metadata_latest", false);
    }
    db_set_bool(r->db, db_find_any(r->db, vdi->ref), "metadata_latest", latest);
}

void metadata_discover(struct request *r, const struct object *sr)
{
    const struct value *vdis = db_get(sr, "VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        struct object *vdi = db_find_any(r->db, vdis->items[i].s);
        struct metadata_info info;

        if (!vdi || metadata_info(r->ts, vdi, &info) ||
            strcmp(info.pool, db_text(toolstack_pool(r->ts), "uuid")) == 0)
            continue;
        db_set_text(r->db, vdi, "type", "metadata");
        db_set_text(r->db, vdi, "name_label", "Metadata for DR");
        mark_latest(r, vdi, &info);
    }
}

int vdi_read_database_pool_uuid(struct request *r)
{
    const struct object *vdi = db_find(r->db, "VDI", arg_text(r, 0));
    struct metadata_info info;

    if (!vdi || strcmp(db_text(vdi, "type"), "metadata") != 0 ||
        metadata_info(r->ts, vdi, &info))
        return reply_text(r, "");
    return reply_text(r, arena_strdup(r->arena, info.pool));
}

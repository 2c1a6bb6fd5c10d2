/* Which host reaches which repository. */
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "sm.h"
#include "storage.h"
#include "vdi.h"

static const char *host_uuid(struct request *r, const struct object *pbd)
{
    const struct object *host = db_ref(r->db, pbd, "host");

    return host ? db_text(host, "uuid") : "";
}

static int check_config(struct request *r, const struct value *config)
{
    const char *key = "SRmaster";

    if (!value_find(config, key))
        return 0;
    return request_fail(r, "VALUE_NOT_SUPPORTED", key,
                        value_text(config, key, ""),
                        "This key is for internal use only", NULL);
}

struct object *pbd_make(struct request *r, struct object *sr,
                        struct object *host, const struct value *config)
{
    const struct value *pbds = db_get(sr, "PBDs");
    struct object *o;

    for (uint32_t i = 0; i < pbds->nr; i++)
        if (strcmp(db_text(db_find_any(r->db, pbds->items[i].s), "host"),
                   host->ref) == 0) {
            (void)request_fail(r, "PBD_EXISTS", sr->ref, host->ref,
                               pbds->items[i].s, NULL);
            return NULL;
        }
    if (check_config(r, config))
        return NULL;
    o = db_create(r->db, "PBD");
    db_set_text(r->db, o, "host", host->ref);
    db_set_text(r->db, o, "SR", sr->ref);
    db_set(r->db, o, "device_config", *config);
    return o;
}

int pbd_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *host_ref = value_text(args, "host", "");
    const char *sr_ref = value_text(args, "SR", "");
    struct object *host = db_find(r->db, "host", host_ref);
    struct object *sr = db_find(r->db, "SR", sr_ref), *o;

    if (!sr)
        return request_bad_handle(r, "SR", sr_ref);
    if (!host)
        return request_bad_handle(r, "host", host_ref);
    o = pbd_make(r, sr, host, value_find(args, "device_config"));
    if (!o)
        return API_FAILED;
    db_set(r->db, o, "other_config", *value_find(args, "other_config"));
    return reply_ref(r, o);
}

int pbd_destroy(struct request *r)
{
    if (db_bool(r->self, "currently_attached"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "PBD is currently attached", NULL);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int pbd_set_device_config(struct request *r)
{
    if (check_config(r, &r->args[1]))
        return API_FAILED;
    return generic_set(r, r->self, field_index(r->self->class, "device_config"),
                       r->args[1]);
}

/* One host at a time, unless the repository is shared. */
static int check_shared(struct request *r, const struct object *sr,
                        const struct object *pbd)
{
    const struct value *pbds = db_get(sr, "PBDs");

    if (db_bool(sr, "shared"))
        return 0;
    for (uint32_t i = 0; i < pbds->nr; i++) {
        const struct object *o = db_find_any(r->db, pbds->items[i].s);

        if (o != pbd && db_bool(o, "currently_attached"))
            return request_fail(r, "SR_NOT_SHARABLE", sr->ref,
                                db_text(o, "host"), NULL);
    }
    return 0;
}

int pbd_attach(struct request *r, struct object *pbd)
{
    struct storage_driver *driver = &r->ts->storage;
    struct object *sr = db_ref(r->db, pbd, "SR");
    int rc;

    if (!sr)
        return request_bad_handle(r, "SR", db_text(pbd, "SR"));
    if (db_bool(pbd, "currently_attached"))
        return 0;
    if (!sm_object(r, db_text(sr, "type")))
        return request_fail(r, "SR_UNKNOWN_DRIVER", db_text(sr, "type"), NULL);
    if (check_shared(r, sr, pbd))
        return API_FAILED;
    rc = driver->sr_attach(driver->ctx, host_uuid(r, pbd), db_text(sr, "uuid"),
                           db_text(sr, "type"), db_get(pbd, "device_config"));
    if (rc)
        return sr_fail(r, sr, rc);
    db_set_bool(r->db, pbd, "currently_attached", true);
    sr_refresh_size(r->ts, sr);
    sr_refresh(r, sr);
    return 0;
}

int pbd_plug(struct request *r)
{
    return pbd_attach(r, r->self) ? API_FAILED : reply_void(r);
}

/* Disks of the repository that machines on the host use; NULL: none. */
static struct object *busy_disk(struct request *r, const struct object *pbd)
{
    const struct object *sr = db_ref(r->db, pbd, "SR");
    const struct value *vdis = sr ? db_get(sr, "VDIs") : NULL;

    for (uint32_t i = 0; vdis && i < vdis->nr; i++) {
        struct object *vdi = db_find_any(r->db, vdis->items[i].s);
        const struct value *vbds = db_get(vdi, "VBDs");

        for (uint32_t k = 0; k < vbds->nr; k++) {
            const struct object *vbd = db_find_any(r->db, vbds->items[k].s);
            const struct object *vm = db_ref(r->db, vbd, "VM");

            if (db_bool(vbd, "currently_attached") && vm &&
                strcmp(db_text(vm, "resident_on"), db_text(pbd, "host")) == 0)
                return vdi;
        }
    }
    return NULL;
}

/* Machines that HA restarts must find their disks wherever they go. */
static int check_protected(struct request *r, const struct object *sr)
{
    const struct object *pool = toolstack_pool(r->ts);
    const struct value *vdis = db_get(sr, "VDIs");

    if (!db_bool(pool, "ha_enabled"))
        return 0;
    for (uint32_t i = 0; i < vdis->nr; i++)
        if (value_has(db_get(pool, "ha_statefiles"), vdis->items[i].s))
            return request_fail(r, "HA_IS_ENABLED", NULL);
    if (db_bool(pool, "ha_allow_overcommit"))
        return 0;
    for (uint32_t i = 0; i < vdis->nr; i++) {
        const struct value *vbds =
            db_get(db_find_any(r->db, vdis->items[i].s), "VBDs");

        for (uint32_t k = 0; k < vbds->nr; k++) {
            const struct object *vm =
                db_ref(r->db, db_find_any(r->db, vbds->items[k].s), "VM");

            if (vm &&
                strcmp(db_text(vm, "ha_restart_priority"), "restart") == 0)
                return request_fail(r, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED",
                                    sr->ref, NULL);
        }
    }
    return 0;
}

int pbd_detach(struct request *r, struct object *pbd)
{
    struct storage_driver *driver = &r->ts->storage;
    struct object *sr = db_ref(r->db, pbd, "SR"), *busy;
    int rc;

    if (!db_bool(pbd, "currently_attached"))
        return 0;
    if (sr && check_protected(r, sr))
        return API_FAILED;
    busy = busy_disk(r, pbd);
    if (busy)
        return request_fail(r, "VDI_IN_USE", busy->ref, NULL);
    rc = sr ? driver->sr_detach(driver->ctx, host_uuid(r, pbd),
                                db_text(sr, "uuid"))
            : 0;
    if (rc && rc != -ENOENT)
        return sr_fail(r, sr, rc);
    db_set_bool(r->db, pbd, "currently_attached", false);
    if (sr)
        sr_refresh(r, sr);
    return 0;
}

int pbd_unplug(struct request *r)
{
    return pbd_detach(r, r->self) ? API_FAILED : reply_void(r);
}

/* From disk objects to the driver that keeps their contents, and back. */
#include "storage.h"

#include <errno.h>
#include <string.h>

#include "request.h"
#include "vdi.h"

const char *vdi_sr_uuid(struct toolstack *ts, const struct object *vdi)
{
    const struct object *sr = db_ref(&ts->db, vdi, "SR");

    return sr ? db_text(sr, "uuid") : "";
}

const char *vdi_volume(const struct object *vdi)
{
    return db_text(vdi, "location");
}

int vdi_read(struct toolstack *ts, const struct object *vdi, int64_t offset,
             void *data, size_t len)
{
    return ts->storage.read(ts->storage.ctx, vdi_sr_uuid(ts, vdi),
                            vdi_volume(vdi), offset, data, len);
}

int vdi_write(struct toolstack *ts, const struct object *vdi, int64_t offset,
              const void *data, size_t len)
{
    return ts->storage.write(ts->storage.ctx, vdi_sr_uuid(ts, vdi),
                             vdi_volume(vdi), offset, data, len);
}

int vdi_extent(struct toolstack *ts, const struct object *vdi,
               const struct object *base, int64_t *offset, int64_t *len)
{
    const char *sr = vdi_sr_uuid(ts, vdi);

    if (!base)
        return ts->storage.extent(ts->storage.ctx, sr, vdi_volume(vdi), offset,
                                  len);
    if (strcmp(sr, vdi_sr_uuid(ts, base)) != 0)
        return -EXDEV;
    return ts->storage.changed(ts->storage.ctx, sr, vdi_volume(base),
                               vdi_volume(vdi), offset, len);
}

/* --- Errors ---------------------------------------------------------------- */

/* What drivers return, and what clients are told of it. */
static const struct {
    int rc;
    const char *code, *text;
} failures[] = {
    {-EIO, "VDI_IO_ERROR", "Device I/O error"},
    {-ENXIO, "VDI_IO_ERROR", "The path to the device is lost"},
    {-EINVAL, "SR_BACKEND_FAILURE_79", "VDI Invalid size"},
    {-EEXIST, "SR_BACKEND_FAILURE_16", "The SR is in use"},
};

static int fail_full(struct request *r, const struct object *sr)
{
    struct storage_sr_stat stat = {0};
    const char *size;

    (void)r->ts->storage.sr_stat(r->ts->storage.ctx, db_text(sr, "uuid"),
                                 &stat); /* zeros will do */
    size =
        arena_printf(r->arena, "%lld", (long long)(stat.used + STORAGE_BLOCK));
    return request_fail(r, "SR_FULL", size,
                        arena_printf(r->arena, "%lld", (long long)stat.size),
                        NULL);
}

int storage_fail(struct request *r, const struct object *sr, int rc)
{
    if (rc == -ENOSPC)
        return fail_full(r, sr);
    if (rc == -ENOENT || rc == -ENODEV)
        return request_fail(r, "SR_NOT_ATTACHED", sr->ref, NULL);
    if (rc == -ENOTSUP)
        return request_fail(r, "UNIMPLEMENTED_IN_SM_BACKEND", sr->ref, NULL);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].rc == rc && strncmp(failures[i].code, "SR_", 3) == 0)
            return request_fail(r, failures[i].code, "", failures[i].text, "",
                                NULL);
        else if (failures[i].rc == rc)
            return request_fail(r, failures[i].code, failures[i].text, NULL);
    return request_fail(r, "SR_BACKEND_FAILURE",
                        arena_printf(r->arena, "%d", -rc), "", strerror(-rc),
                        NULL);
}

int vdi_fail(struct request *r, const struct object *vdi, int rc)
{
    const struct object *sr = db_ref(r->db, vdi, "SR");

    if (rc == -ENOENT)
        return request_fail(r, "VDI_MISSING", db_text(vdi, "SR"), vdi->ref,
                            NULL);
    return storage_fail(r, sr ? sr : vdi, rc);
}

/* --- Sizes ----------------------------------------------------------------- */

void sr_refresh_size(struct toolstack *ts, struct object *sr)
{
    const struct value *vdis = db_get(sr, "VDIs");
    struct storage_sr_stat stat;
    int64_t virtual = 0;

    if (ts->storage.sr_stat(ts->storage.ctx, db_text(sr, "uuid"), &stat))
        return;
    for (uint32_t i = 0; i < vdis->nr; i++)
        virtual +=
            db_int(db_find_any(&ts->db, vdis->items[i].s), "virtual_size");
    db_set_int(&ts->db, sr, "physical_size", stat.size);
    db_set_int(&ts->db, sr, "physical_utilisation", stat.used);
    db_set_int(&ts->db, sr, "virtual_allocation", virtual);
    db_set_bool(&ts->db, sr, "clustered", stat.clustered);
}

void vdi_refresh_size(struct toolstack *ts, struct object *vdi)
{
    struct object *sr = db_ref(&ts->db, vdi, "SR");
    struct storage_volume_stat stat;

    if (ts->storage.stat(ts->storage.ctx, vdi_sr_uuid(ts, vdi), vdi_volume(vdi),
                         &stat) == 0) {
        db_set_int(&ts->db, vdi, "virtual_size", stat.size);
        db_set_int(&ts->db, vdi, "physical_utilisation", stat.used);
    }
    if (sr)
        sr_refresh_size(ts, sr);
}

/* --- Making and removing --------------------------------------------------- */

struct object *vdi_record(struct request *r, struct object *sr,
                          const char *type, const char *label, int64_t size)
{
    struct object *o = db_create(r->db, "VDI");

    db_set_text(r->db, o, "SR", sr->ref);
    db_set_text(r->db, o, "name_label", label);
    db_set_text(r->db, o, "type", type);
    db_set_int(r->db, o, "virtual_size", size);
    db_set_text(r->db, o, "location", db_text(o, "uuid"));
    db_set_bool(r->db, o, "managed", true);
    return o;
}

struct object *vdi_make(struct request *r, struct object *sr, const char *type,
                        const char *label, int64_t size)
{
    struct object *o;
    int rc;

    if (sr_check_plugged(r, sr))
        return NULL;
    o = vdi_record(r, sr, type, label, size);
    rc = r->ts->storage.create(r->ts->storage.ctx, db_text(sr, "uuid"),
                               vdi_volume(o), size);
    if (rc) {
        db_destroy(r->db, o);
        (void)storage_fail(r, sr, rc);
        return NULL;
    }
    vdi_refresh_size(r->ts, o);
    vdi_refresh(r, o);
    return o;
}

static void forget_suspended(struct request *r, const struct object *vdi)
{
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (strcmp(db_text(vm, "suspend_VDI"), vdi->ref) == 0)
            db_set_text(r->db, vm, "suspend_VDI", REF_NULL);
}

void vdi_remove(struct request *r, struct object *vdi)
{
    const struct value *vbds = db_get(vdi, "VBDs");

    while (vbds->nr) {
        struct object *vbd = db_find_any(r->db, vbds->items[0].s);
        struct object *metrics = db_ref(r->db, vbd, "metrics");

        if (metrics)
            db_destroy(r->db, metrics);
        db_destroy(r->db, vbd);
    }
    if (strcmp(db_text(vdi, "type"), "suspend") == 0)
        forget_suspended(r, vdi);
    db_destroy(r->db, vdi);
}

int vdi_unmake(struct request *r, struct object *vdi)
{
    struct object *sr = db_ref(r->db, vdi, "SR");
    int rc = r->ts->storage.destroy(r->ts->storage.ctx, vdi_sr_uuid(r->ts, vdi),
                                    vdi_volume(vdi));

    if (rc && rc != -ENOENT)
        return vdi_fail(r, vdi, rc);
    vdi_remove(r, vdi);
    if (sr)
        sr_refresh_size(r->ts, sr);
    return 0;
}

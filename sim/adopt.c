/*
 * Repositories and volumes that a pool has records of, but that nobody made:
 * of seeds and pool files. They are made, empty, when somebody asks for them.
 */
#include <string.h>

#include "pools.h"
#include "volumes_priv.h"

static bool plugged(const struct toolstack *ts, const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++)
        if (db_bool(db_find_any(&ts->db, pbds->items[i].s),
                    "currently_attached"))
            return true;
    return false;
}

/* What the pool's own host would have been told when it made it. */
static const char *place(struct arena *a, const struct toolstack *ts,
                         const struct object *sr)
{
    const struct object *pbd =
        db_find_any(&ts->db, db_get(sr, "PBDs")->items[0].s);
    const struct object *host = db_ref(&ts->db, pbd, "host");

    return sim_sr_place(a, host ? db_text(host, "uuid") : "",
                        db_text(sr, "type"), db_get(pbd, "device_config"));
}

static struct toolstack *first(const struct sim_volumes *s)
{
    return s->sim && s->sim->world ? s->sim->world->pools : NULL;
}

struct sim_sr *sim_sr_adopt(struct sim_volumes *s, const char *uuid)
{
    for (struct toolstack *ts = first(s); ts; ts = ts->next) {
        const struct object *o = db_find_uuid(&ts->db, "SR", uuid);
        struct sim_sr *sr;
        struct arena a;

        if (!o || !plugged(ts, o))
            continue;
        arena_init(&a);
        sr = sim_sr_make(s, uuid, db_text(o, "type"), place(&a, ts, o),
                         db_int(o, "physical_size"));
        arena_fini(&a);
        if (strcmp(sr->type, "iso") == 0)
            isos_make(s, sr);
        return sr;
    }
    return NULL;
}

static struct volume *make(struct sim_volumes *s, struct sim_sr *sr,
                           const struct object *vdi)
{
    int64_t size = db_int(vdi, "virtual_size");
    struct volume *v;

    if (strlen(db_text(vdi, "location")) >= NAME_BYTES || size < 0 ||
        size > STORAGE_VOLUME_MAX)
        return NULL;
    v = volume_make(s, sr, db_text(vdi, "location"), size);
    v->node = node_create(s, sr, 0);
    return v;
}

struct volume *volume_adopt(struct sim_volumes *s, struct sim_sr *sr,
                            const char *name)
{
    for (struct toolstack *ts = first(s); ts; ts = ts->next) {
        const struct object *o = db_find_uuid(&ts->db, "SR", sr->uuid);
        const struct value *vdis = o ? db_get(o, "VDIs") : NULL;

        for (uint32_t i = 0; vdis && i < vdis->nr; i++) {
            const struct object *vdi = db_find_any(&ts->db, vdis->items[i].s);

            if (strcmp(db_text(vdi, "location"), name) == 0)
                return make(s, sr, vdi);
        }
    }
    return NULL;
}

void volumes_adopt(struct sim_volumes *s, struct sim_sr *sr)
{
    for (struct toolstack *ts = first(s); ts; ts = ts->next) {
        const struct object *o = db_find_uuid(&ts->db, "SR", sr->uuid);
        const struct value *vdis = o ? db_get(o, "VDIs") : NULL;

        for (uint32_t i = 0; vdis && i < vdis->nr; i++) {
            const struct object *vdi = db_find_any(&ts->db, vdis->items[i].s);

            if (!volume_find(s, sr->uuid, db_text(vdi, "location")))
                (void)make(s, sr, vdi); /* what cannot be is missing */
        }
    }
}

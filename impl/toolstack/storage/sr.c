/* Repositories: made, found again, forgotten, destroyed. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "generic.h"
#include "handlers.h"
#include "probe.h"
#include "sm.h"
#include "storage.h"
#include "vdi.h"

enum {
    UUID_LENGTH = UUID_BYTES - 1,
};

/* What drivers return, and the numbers that clients know from such plugins. */
static const struct {
    int rc;
    const char *code, *text;
} failures[] = {
    {-EIO, "SR_BACKEND_FAILURE_5", "I/O error"},
    {-ENXIO, "SR_BACKEND_FAILURE_47",
     "The SR is not available [opterr=the path is lost]"},
    {-ENOENT, "SR_BACKEND_FAILURE_47",
     "The SR is not available [opterr=no such repository there]"},
    {-EINVAL, "SR_BACKEND_FAILURE_90",
     "The request is missing the device parameters"},
    {-EBUSY, "SR_BACKEND_FAILURE_16", "The SR is currently in use"},
    {-EEXIST, "SR_BACKEND_FAILURE_16", "The SR is currently in use"},
};

int sr_fail(struct request *r, const struct object *sr, int rc)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].rc == rc)
            return request_fail(r, failures[i].code, "", failures[i].text, "",
                                NULL);
    return storage_fail(r, sr, rc);
}

/* --- Records ---------------------------------------------------------------- */

static const char *lower_case(struct request *r, const char *text)
{
    char *copy = arena_strdup(r->arena, text);

    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

struct sr_texts {
    const char *label, *description, *type, *content_type;
    bool shared;
    const struct value *sm_config;
};

static struct object *sr_record(struct request *r, const struct sr_texts *t)
{
    struct object *o = db_create(r->db, "SR");

    db_set_text(r->db, o, "name_label", t->label);
    db_set_text(r->db, o, "name_description", t->description);
    db_set_text(r->db, o, "type", lower_case(r, t->type));
    db_set_text(r->db, o, "content_type", t->content_type);
    db_set_bool(r->db, o, "shared", t->shared);
    db_set(r->db, o, "sm_config", *t->sm_config);
    db_set_int(r->db, o, "physical_size", -1);
    db_set_int(r->db, o, "physical_utilisation", -1);
    sr_refresh(r, o);
    return o;
}

/* A record of something that is there already; it has no other effect. */
int sr_introduce(struct request *r)
{
    const char *uuid = arg_text(r, 0);
    struct sr_texts t = {arg_text(r, 1), arg_text(r, 2), arg_text(r, 3),
                         arg_text(r, 4), arg_bool(r, 5), &r->args[6]};
    struct object *o;

    if (*uuid && db_find_uuid(r->db, "SR", uuid))
        return request_fail(r, "SR_UUID_EXISTS", uuid, NULL);
    o = sr_record(r, &t);
    if (*uuid)
        db_set_text(r->db, o, "uuid", uuid);
    return reply_ref(r, o);
}

static void sr_remove(struct request *r, struct object *sr)
{
    const struct value *vdis = db_get(sr, "VDIs"), *pbds = db_get(sr, "PBDs");

    while (vdis->nr)
        vdi_remove(r, db_find_any(r->db, vdis->items[0].s));
    while (pbds->nr)
        db_destroy(r->db, db_find_any(r->db, pbds->items[0].s));
    db_destroy(r->db, sr);
}

int sr_forget(struct request *r)
{
    if (sr_check(r, r->self, "forget"))
        return API_FAILED;
    sr_remove(r, r->self);
    return reply_void(r);
}

/* --- Making and destroying --------------------------------------------------- */

static int plug_all(struct request *r, struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");
    int rc = 0;

    for (uint32_t i = 0; !rc && i < pbds->nr; i++)
        rc = pbd_attach(r, db_find_any(r->db, pbds->items[i].s));
    return rc;
}

static int make_pbds(struct request *r, struct object *sr, struct object *host,
                     const struct value *config)
{
    if (!db_bool(sr, "shared"))
        return pbd_make(r, sr, host, config) ? 0 : API_FAILED;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!pbd_make(r, sr, h, config))
            return API_FAILED;
    return 0;
}

int sr_create(struct request *r)
{
    struct storage_driver *driver = &r->ts->storage;
    const struct value *config = &r->args[1];
    struct sr_texts t = {arg_text(r, 3), arg_text(r, 4), arg_text(r, 5),
                         arg_text(r, 6), arg_bool(r, 7), &r->args[8]};
    const struct sm_driver *d = sm_find(t.type);
    struct object *sr;
    int rc;

    if (!d)
        return request_fail(r, "SR_UNKNOWN_DRIVER", t.type, NULL);
    if (sm_missing_key(r, d, config))
        return probe_missing(r, d, config, sm_missing_key(r, d, config));
    (void)sm_object(r, d->type); /* made by now */
    sr = sr_record(r, &t);
    if (make_pbds(r, sr, r->self, config)) {
        sr_remove(r, sr);
        return API_FAILED;
    }
    rc = driver->sr_create(driver->ctx, db_text(r->self, "uuid"),
                           db_text(sr, "uuid"), db_text(sr, "type"), config,
                           arg_int(r, 2));
    if (rc)
        (void)sr_fail(r, sr, rc);
    if (rc || plug_all(r, sr) || sr_rescan(r, sr)) {
        sr_remove(r, sr);
        return API_FAILED;
    }
    sr_refresh(r, sr);
    return reply_ref(r, sr);
}

int sr_make(struct request *r)
{
    return request_fail(r, "MESSAGE_DEPRECATED", NULL);
}

static int check_wanted(struct request *r, const struct object *sr)
{
    const struct value *other = db_get(sr, "other_config");

    if (strcmp(value_text(other, "indestructible", ""), "true") == 0)
        return request_fail(r, "SR_INDESTRUCTIBLE", sr->ref, NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (strcmp(db_text(h, "local_cache_sr"), sr->ref) == 0)
            return request_fail(r, "SR_IS_CACHE_SR", h->ref, NULL);
    return 0;
}

int sr_destroy(struct request *r)
{
    struct storage_driver *driver = &r->ts->storage;
    int rc;

    if (sr_check(r, r->self, "destroy") || check_wanted(r, r->self))
        return API_FAILED;
    rc = driver->sr_destroy(driver->ctx, db_text(r->self, "uuid"));
    if (rc && rc != -ENOENT)
        return sr_fail(r, r->self, rc);
    sr_remove(r, r->self);
    return reply_void(r);
}

/* --- Looking at it again ------------------------------------------------------ */

/* A disk that there is a record of. */
struct known {
    const char *location;
    struct object *vdi;
    bool seen;
};

struct scan {
    struct request *r;
    struct object *sr;
    struct known *known; /* by location */
    uint32_t nr;
    bool introduced; /* there was something new */
};

static int by_location(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->location,
                  ((const struct known *)b)->location);
}

static void scan_begin(struct scan *s)
{
    const struct value *vdis = db_get(s->sr, "VDIs");

    s->known = arena_alloc(s->r->arena, (vdis->nr + 1) * sizeof(*s->known));
    for (; s->nr < vdis->nr; s->nr++) {
        struct object *o = db_find_any(s->r->db, vdis->items[s->nr].s);

        s->known[s->nr] = (struct known){db_text(o, "location"), o, false};
    }
    qsort(s->known, s->nr, sizeof(*s->known), by_location);
}

/* A volume that nobody has a record of: introduced under the uuid it has. */
static struct object *introduce(struct scan *s,
                                const struct storage_volume_stat *stat)
{
    bool iso = strcmp(db_text(s->sr, "type"), "iso") == 0;
    struct object *o =
        vdi_record(s->r, s->sr, "user", iso ? stat->name : "", stat->size);

    if (strlen(stat->name) == UUID_LENGTH && stat->name[8] == '-' &&
        !db_find_uuid(s->r->db, "VDI", stat->name))
        db_set_text(s->r->db, o, "uuid", stat->name);
    db_set_text(s->r->db, o, "location", stat->name);
    db_set_bool(s->r->db, o, "read_only", iso);
    if (*stat->about)
        vdi_recall(s->r, o, stat->about);
    vdi_refresh(s->r, o);
    return o;
}

static int scan_volume(void *arg, const struct storage_volume_stat *stat)
{
    struct scan *s = arg;
    struct known key = {.location = stat->name}, *k;
    struct object *o;

    if (stat->hidden || *stat->name == '.')
        return 0;
    k = bsearch(&key, s->known, s->nr, sizeof(key), by_location);
    if (k)
        k->seen = true;
    o = k ? k->vdi : introduce(s, stat);
    s->introduced |= !k;
    db_set_int(s->r->db, o, "virtual_size", stat->size);
    db_set_int(s->r->db, o, "physical_utilisation", stat->used);
    return 0;
}

/* Snapshots may have come before what they are of. */
static int link_volume(void *arg, const struct storage_volume_stat *stat)
{
    struct scan *s = arg;
    struct known key = {.location = stat->name}, *k;

    k = bsearch(&key, s->known, s->nr, sizeof(key), by_location);
    if (k && *stat->about && !db_ref(s->r->db, k->vdi, "snapshot_of"))
        vdi_recall_origin(s->r, k->vdi, stat->about);
    return 0;
}

static int link_snapshots(struct request *r, struct object *sr)
{
    struct scan s = {.r = r, .sr = sr};

    scan_begin(&s);
    return r->ts->storage.sr_scan(r->ts->storage.ctx, db_text(sr, "uuid"),
                                  link_volume, &s);
}

int sr_rescan(struct request *r, struct object *sr)
{
    struct scan s = {.r = r, .sr = sr};
    int rc;

    scan_begin(&s);
    rc = r->ts->storage.sr_scan(r->ts->storage.ctx, db_text(sr, "uuid"),
                                scan_volume, &s);
    if (!rc && s.introduced)
        rc = link_snapshots(r, sr);
    if (rc)
        return sr_fail(r, sr, rc);
    for (uint32_t i = 0; i < s.nr; i++)
        if (!s.known[i].seen)
            vdi_remove(r, s.known[i].vdi);
    sr_refresh_size(r->ts, sr);
    sr_refresh(r, sr);
    db_map_del(r->db, sr, "other_config", "dirty");
    return 0;
}

int sr_scan(struct request *r)
{
    if (sr_check(r, r->self, "scan") || sr_check_plugged(r, r->self) ||
        sr_rescan(r, r->self))
        return API_FAILED;
    return reply_void(r);
}

int sr_update(struct request *r)
{
    if (sr_check(r, r->self, "update") || sr_check_plugged(r, r->self))
        return API_FAILED;
    sr_refresh_size(r->ts, r->self);
    return reply_void(r);
}

int sr_set_shared(struct request *r)
{
    const struct value *pbds = db_get(r->self, "PBDs");

    if (!arg_bool(r, 1) && pbds->nr > 1) {
        struct value *words =
            arena_alloc(r->arena, (pbds->nr + 1) * sizeof(*words));

        words[0] = value_string("SR_HAS_MULTIPLE_PBDS");
        memcpy(words + 1, pbds->items, pbds->nr * sizeof(*words));
        r->error = value_set(words, pbds->nr + 1);
        return API_FAILED;
    }
    db_set_bool(r->db, r->self, "shared", arg_bool(r, 1));
    return reply_void(r);
}

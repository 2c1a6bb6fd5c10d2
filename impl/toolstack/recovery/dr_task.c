/* DR_task: repositories of a lost pool, brought in from their devices. */
#include <string.h>

#include "foreign.h"
#include "handlers.h"
#include "inner.h"
#include "metadata.h"
#include "replication.h"
#include "sm.h"
#include "storage.h"
#include "store.h"

enum {
    FOUND_MAX = 256,
};

struct finds {
    struct request *r;
    const char *uuids[FOUND_MAX];
    size_t nr;
};

static int collect(void *arg, const struct storage_found *found)
{
    struct finds *f = arg;

    if (f->nr == FOUND_MAX)
        return -E2BIG;
    if (*found->sr)
        f->uuids[f->nr++] = arena_strdup(f->r->arena, found->sr);
    return 0;
}

static int probe(struct finds *f, const char *type, const struct value *config)
{
    const struct storage_driver *d = &f->r->ts->storage;
    int rc = -ENOSYS;

    if (d->probe)
        rc = d->probe(d->ctx, f->r->arena,
                      db_text(toolstack_master(f->r->ts), "uuid"), type, config,
                      collect, f);
    if (!rc)
        return 0;
    return request_fail(f->r, "SR_BACKEND_FAILURE", "probe", strerror(-rc),
                        NULL);
}

/* A PBD for each host, plugged. 0 or API_FAILED. */
static int attach(struct request *r, const char *sr, const struct value *config)
{
    struct request *waits;
    struct value pbd;

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        struct member record[] = {{"host", value_string(h->ref)},
                                  {"SR", value_string(sr)},
                                  {"device_config", *config}};
        struct value args = value_map(record, 3);

        if (inner_call(r, "PBD.create", &args, 1, &pbd, &waits) ||
            inner_call(r, "PBD.plug", &pbd, 1, NULL, &waits))
            return API_FAILED;
    }
    return 0;
}

static void forget(struct request *r, struct object *sr)
{
    struct value pbds = value_copy(r->arena, db_get(sr, "PBDs"));
    struct value ref = value_string(sr->ref);
    struct request *waits;

    for (uint32_t i = 0; i < pbds.nr; i++)
        if (db_find(r->db, "PBD", pbds.items[i].s))
            (void)inner_call(r, "PBD.unplug", &pbds.items[i], 1, NULL, &waits);
    (void)inner_call(r, "SR.forget", &ref, 1, NULL, &waits);
    /* both as far as they go: the caller looks whether the SR is gone */
}

static int introduce(struct request *r, const char *uuid, const char *type,
                     const struct value *config, const struct object *task)
{
    struct value args[] = {value_string(uuid),
                           value_string(arena_printf(r->arena, "SR %s", uuid)),
                           value_string("Brought in for disaster recovery"),
                           value_string(type),
                           value_string(""),
                           value_bool(true),
                           value_map(NULL, 0)};
    struct value sr, scan;
    struct request *waits;
    struct object *o;

    if (inner_call(r, "SR.introduce", args, 7, &sr, &waits))
        return API_FAILED;
    o = db_find(r->db, "SR", sr.s);
    scan = value_string(o->ref);
    if (attach(r, o->ref, config) ||
        inner_call(r, "SR.scan", &scan, 1, NULL, &waits)) {
        forget(r, o);
        return API_FAILED;
    }
    db_set_text(r->db, o, "introduced_by", task->ref);
    metadata_discover(r, o);
    return 0;
}

int dr_task_create(struct request *r)
{
    const char *type = arg_text(r, 0);
    struct finds f = {.r = r};
    struct object *task;

    if (!sm_has(type, "SR_METADATA"))
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena,
                         "Disaster recovery not supported on SRs of type %s",
                         type),
            NULL);
    if (probe(&f, type, &r->args[1]))
        return API_FAILED;
    task = db_create(r->db, "DR_task");
    for (size_t i = 0; i < f.nr; i++) {
        if (!value_has(&r->args[2], f.uuids[i]) ||
            db_find_uuid(r->db, "SR", f.uuids[i]))
            continue;
        if (introduce(r, f.uuids[i], type, &r->args[1], task)) {
            if (!db_get(task, "introduced_SRs")->nr)
                db_destroy(r->db, task);
            return API_FAILED;
        }
    }
    return reply_ref(r, task);
}

int dr_task_destroy(struct request *r)
{
    struct value srs = value_copy(r->arena, db_get(r->self, "introduced_SRs"));

    for (uint32_t i = 0; i < srs.nr; i++) {
        struct object *sr = db_find(r->db, "SR", srs.items[i].s);

        if (!sr)
            continue;
        forget(r, sr);
        if (db_find(r->db, "SR", srs.items[i].s))
            return request_fail(r, "CANNOT_DESTROY_DISASTER_RECOVERY_TASK",
                                "a repository is in use", NULL);
    }
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* --- Sessions in other databases ------------------------------------------------------ */

static int opened(struct request *r, struct toolstack *ts,
                  struct object *session, int rc)
{
    if (!rc && toolstack_pool(ts))
        return reply_text(r, arena_strdup(r->arena, session->ref));
    db_destroy(&ts->db, session); /* and the database at the next look */
    return request_fail(r, "COULD_NOT_IMPORT_DATABASE",
                        rc ? strerror(-rc) : "it has no pool", NULL);
}

int vdi_open_database(struct request *r)
{
    struct object *session;
    struct toolstack *ts;

    if (strcmp(db_text(r->self, "type"), "metadata") != 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", r->self->ref,
                            db_text(r->self, "type"), NULL);
    ts = foreign_open(r, &session);
    return opened(r, ts, session, metadata_read(r->ts, r->self, &ts->db));
}

/* A file that a pool was kept in. */
int session_create_from_db_file(struct request *r)
{
    struct object *session;
    struct toolstack *ts = foreign_open(r, &session);
    int nr;

    return opened(r, ts, session, store_read(arg_text(r, 0), &ts->db, &nr));
}

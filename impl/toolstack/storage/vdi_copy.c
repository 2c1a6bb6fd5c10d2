/* VDI.copy: contents into another disk, with progress. */
#include <string.h>

#include "copy.h"
#include "handlers.h"
#include "mark.h"
#include "storage.h"
#include "vdi.h"
#include "wait.h"

/* A copy that is under way: the request's wait, with more behind it. */
struct copying {
    struct wait wait; /* first: found again from r->wait */
    struct copy copy;
    const char *mark; /* key in current_operations */
    const char *sr;   /* of the target */
    bool made;        /* the target is ours to remove */
};

static int copy_end(struct request *r, struct copying *c, int rc)
{
    struct object *to = db_find(r->db, "VDI", c->copy.to);
    struct value error = r->error;

    vdi_unmark(r, c->copy.from, c->mark);
    vdi_unmark(r, c->copy.to, c->mark);
    if (rc) {
        if (to && c->made)
            (void)vdi_unmake(r, to); /* the first error counts */
        r->error = error;
        return rc;
    }
    if (!to)
        return request_bad_handle(r, "VDI", c->copy.to);
    vdi_refresh_size(r->ts, to);
    return reply_ref(r, to);
}

static int copy_continue(struct request *r)
{
    struct copying *c = (struct copying *)r->wait;
    struct object *task = db_find(r->db, "task", c->mark);
    int rc;

    rc = copy_step(r, &c->copy);
    if (task)
        db_set(r->db, task, "progress", value_float(copy_progress(&c->copy)));
    if (rc != API_WAITING)
        return copy_end(r, c, rc);
    r->wait = &c->wait;
    return API_WAITING;
}

/* Nobody waits for it any more. */
static void copy_cancel(struct request *r)
{
    (void)copy_end(r, (struct copying *)r->wait, API_FAILED); /* as it is */
}

/* A disk in the repository that is like the one that is copied. */
static struct object *target_make(struct request *r, const struct object *from,
                                  struct object *sr)
{
    static const char *const same[] = {
        "name_label", "name_description", "sharable",      "other_config",
        "tags",       "xenstore_data",    "allow_caching",
    };
    struct object *to;

    if (sr_check(r, sr, "vdi_create"))
        return NULL;
    to = vdi_make(r, sr, db_text(from, "type"), "",
                  db_int(from, "virtual_size"));
    for (size_t i = 0; to && i < sizeof(same) / sizeof(same[0]); i++)
        db_set(r->db, to, same[i], *db_get(from, same[i]));
    return to;
}

/* Volumes that keep what was on them before: all of one must be written. */
static bool is_thick(struct request *r, const struct object *vdi)
{
    const struct object *sr = db_ref(r->db, vdi, "SR");

    return sr && strncmp(db_text(sr, "type"), "lvm", 3) == 0 &&
           strcmp(value_text(db_get(vdi, "sm_config"), "type", ""), "raw") == 0;
}

static int check_target(struct request *r, const struct object *from,
                        const struct object *into, const struct object *base)
{
    long long size = (long long)db_int(from, "virtual_size");

    if (db_bool(into, "read_only"))
        return request_fail(r, "VDI_READONLY", into->ref, NULL);
    if (db_int(into, "virtual_size") < size)
        return request_fail(r, "VDI_TOO_SMALL", into->ref,
                            arena_printf(r->arena, "%lld", size), NULL);
    if (vdi_in_use(r, into, false))
        return request_fail(r, "VDI_IN_USE", into->ref, "copy", NULL);
    if (base && is_thick(r, into))
        return request_fail(r, "VDI_NOT_SPARSE", into->ref, NULL);
    return 0;
}

/* An argument that may be absent or null. 0, or API_FAILED. */
static int optional(struct request *r, int nr, const char *class_name,
                    struct object **o)
{
    *o = NULL;
    if (strcmp(arg_text(r, nr), REF_NULL) == 0)
        return 0;
    *o = arg_object(r, nr, class_name);
    return *o ? 0 : API_FAILED;
}

int vdi_copy(struct request *r)
{
    struct object *sr, *base, *into, *from = r->self;
    struct copying *c = arena_alloc(r->arena, sizeof(*c));

    if (optional(r, 1, "SR", &sr) || optional(r, 2, "VDI", &base) ||
        optional(r, 3, "VDI", &into) || vdi_check(r, from, "copy") ||
        vdi_check_managed(r, from) ||
        sr_check_plugged(r, db_ref(r->db, from, "SR")))
        return API_FAILED;
    if (into && check_target(r, from, into, base))
        return API_FAILED;
    c->made = !into;
    if (!into)
        into = target_make(r, from, sr ? sr : db_ref(r->db, from, "SR"));
    if (!into)
        return API_FAILED;
    copy_init(&c->copy, r, from, into, base, c->made);
    c->mark = vdi_mark_key(r);
    vdi_mark(r, from, c->mark, "copy");
    if (into != from)
        vdi_mark(r, into, c->mark, "copy");
    c->wait = (struct wait){
        .resume = copy_continue, .cancellable = true, .cancel = copy_cancel};
    r->wait = &c->wait;
    return copy_continue(r);
}

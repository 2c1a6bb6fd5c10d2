/*
 * VDI.pool_migrate: a disk and its snapshots into another repository, while
 * machines go on using it.
 *
 * The target grows through the states of the snapshots, oldest first: what
 * changed since the one before is copied, and the target cloned, so that the
 * new snapshots share what the old ones shared.
 */
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "handlers.h"
#include "mark.h"
#include "storage.h"
#include "vdi.h"
#include "vm.h"
#include "wait.h"

struct moving {
    struct wait wait; /* first: found again from r->wait */
    struct copy copy;
    const char *vdi, *target, *sr, *vm, *mark;
    const char **snapshots, **moved; /* references: old ones, new ones */
    uint32_t nr, step;               /* of the snapshots; step nr: the disk */
};

/* --- Beginning of a step ----------------------------------------------------- */

static int step_begin(struct request *r, struct moving *m)
{
    const char *ref = m->step < m->nr ? m->snapshots[m->step] : m->vdi;
    struct object *from = db_find(r->db, "VDI", ref), *base = NULL;
    struct object *target = db_find(r->db, "VDI", m->target);

    if (m->step)
        base = db_find(r->db, "VDI", m->snapshots[m->step - 1]);
    if (!from || (m->step && !base) || !target)
        return request_bad_handle(r, "VDI", from ? m->target : ref);
    copy_init(&m->copy, r, from, target, base, m->step == 0);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;
    int order =
        strcmp(db_text(x, "snapshot_time"), db_text(y, "snapshot_time"));

    return order ? order : x->created < y->created ? -1 : 1;
}

/* Snapshots of the disk that lie in the same repository, oldest first. */
static void find_snapshots(struct request *r, struct moving *m,
                           const struct object *vdi)
{
    const struct value *all = db_get(vdi, "snapshots");
    struct object **found =
        arena_alloc(r->arena, (all->nr + 1) * sizeof(struct object *));

    for (uint32_t i = 0; i < all->nr; i++) {
        struct object *o = db_find_any(r->db, all->items[i].s);

        if (strcmp(db_text(o, "SR"), db_text(vdi, "SR")) == 0 &&
            strcmp(db_text(o, "type"), "cbt_metadata") != 0)
            found[m->nr++] = o;
    }
    qsort(found, m->nr, sizeof(struct object *), by_time);
    m->snapshots = arena_alloc(r->arena, (m->nr + 1) * sizeof(char *));
    m->moved = arena_alloc(r->arena, (m->nr + 1) * sizeof(char *));
    for (uint32_t i = 0; i < m->nr; i++)
        m->snapshots[i] = arena_strdup(r->arena, found[i]->ref);
}

/* --- End of a step ------------------------------------------------------------- */

static void copy_fields(struct request *r, const struct object *from,
                        struct object *to)
{
    static const char *const same[] = {
        "name_label",    "name_description", "type",          "sharable",
        "read_only",     "other_config",     "xenstore_data", "tags",
        "allow_caching", "is_a_snapshot",    "snapshot_time",
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        db_set(r->db, to, same[i], *db_get(from, same[i]));
}

/* The target has the contents of the snapshot now: so will its clone. */
static int snapshot_made(struct request *r, struct moving *m)
{
    struct object *old = db_find(r->db, "VDI", m->snapshots[m->step]);
    struct object *target = db_find(r->db, "VDI", m->target), *new;

    if (!old || !target)
        return request_bad_handle(r, "VDI", m->snapshots[m->step]);
    new = vdi_duplicate(r, target, true);
    if (!new)
        return API_FAILED;
    copy_fields(r, old, new);
    m->moved[m->step] = arena_strdup(r->arena, new->ref);
    return 0;
}

/* Block devices use the new disk from now on; the old one goes. */
static int replace(struct request *r, const char *old_ref, const char *new_ref)
{
    struct object *old = db_find(r->db, "VDI", old_ref);
    struct object *new = db_find(r->db, "VDI", new_ref);
    const struct value *vbds = old ? db_get(old, "VBDs") : NULL;

    if (!old || !new)
        return request_bad_handle(r, "VDI", old ? new_ref : old_ref);
    while (vbds->nr)
        db_set_text(r->db, db_find_any(r->db, vbds->items[0].s), "VDI",
                    new_ref);
    if (vdi_unmake(r, old))
        return API_FAILED;
    vdi_refresh_size(r->ts, new);
    vdi_refresh(r, new);
    return 0;
}

static void unmark_vm(struct request *r, const struct moving *m)
{
    struct object *vm = db_find(r->db, "VM", m->vm);

    if (!vm)
        return;
    db_map_del(r->db, vm, "current_operations", m->mark);
    vm_refresh(r, vm);
}

static int finish(struct request *r, struct moving *m)
{
    struct object *vdi = db_find(r->db, "VDI", m->vdi);
    struct object *target = db_find(r->db, "VDI", m->target);
    int rc = 0;

    if (!vdi || !target)
        return request_bad_handle(r, "VDI", m->vdi);
    copy_fields(r, vdi, target);
    for (uint32_t i = 0; !rc && i < m->nr; i++)
        rc = replace(r, m->snapshots[i], m->moved[i]);
    return rc ? rc : replace(r, m->vdi, m->target);
}

static void undo(struct request *r, const struct moving *m)
{
    struct value error = r->error;

    for (uint32_t i = 0; i < m->nr; i++) {
        struct object *o =
            m->moved[i] ? db_find(r->db, "VDI", m->moved[i]) : NULL;

        if (o)
            (void)vdi_unmake(r, o); /* the first error counts */
    }
    if (db_find(r->db, "VDI", m->target))
        (void)vdi_unmake(r, db_find(r->db, "VDI", m->target));
    r->error = error;
}

static int move_end(struct request *r, struct moving *m, int rc)
{
    vdi_unmark(r, m->vdi, m->mark);
    if (!rc)
        rc = finish(r, m);
    else
        undo(r, m);
    unmark_vm(r, m);
    return rc ? rc : reply_text(r, m->target);
}

/* --- The call -------------------------------------------------------------------- */

static void note_progress(struct request *r, const struct moving *m)
{
    struct object *task = db_find(r->db, "task", m->mark);
    double done = (double)m->step + copy_progress(&m->copy);

    if (task)
        db_set(r->db, task, "progress", value_float(done / (m->nr + 1)));
}

static int move_continue(struct request *r)
{
    struct moving *m = (struct moving *)r->wait;
    int rc;

    rc = copy_step(r, &m->copy);
    note_progress(r, m);
    if (rc == API_WAITING)
        return rc;
    if (!rc && m->step == m->nr)
        return move_end(r, m, 0);
    if (!rc)
        rc = snapshot_made(r, m);
    m->step++;
    if (!rc)
        rc = step_begin(r, m);
    return rc ? move_end(r, m, rc) : API_WAITING;
}

/* Nobody waits for it any more: all is as it was. */
static void move_cancel(struct request *r)
{
    (void)move_end(r, (struct moving *)r->wait, API_FAILED); /* as it is */
}

/* The host of the machine reaches the repository; any, while none runs. */
static int check_reach(struct request *r, const struct object *vm,
                       const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");
    const char *host = db_text(vm, "resident_on");

    for (uint32_t i = 0; vm_is_live(vm) && i < pbds->nr; i++) {
        const struct object *pbd = db_find_any(r->db, pbds->items[i].s);

        if (strcmp(db_text(pbd, "host"), host) == 0 &&
            db_bool(pbd, "currently_attached"))
            return 0;
    }
    return vm_is_live(vm)
               ? request_fail(r, "VM_REQUIRES_SR", vm->ref, sr->ref, NULL)
               : sr_check_plugged(r, sr);
}

static int check(struct request *r, struct object *vdi, struct object *vm,
                 struct object *sr)
{
    if (vm_check_loosely(r, vm, "migrate_send") || vdi_check_managed(r, vdi) ||
        sr_check(r, sr, "vdi_create"))
        return API_FAILED;
    if (db_bool(vdi, "cbt_enabled"))
        return request_fail(r, "VDI_CBT_ENABLED", vdi->ref, NULL);
    if (db_get(vdi, "current_operations")->nr)
        return vdi_check(r, vdi, "update");
    return check_reach(r, vm, sr);
}

static int move_begin(struct request *r, struct object *vdi, struct object *vm,
                      struct object *sr)
{
    struct moving *m = arena_alloc(r->arena, sizeof(*m));
    struct object *target =
        vdi_make(r, sr, db_text(vdi, "type"), "", db_int(vdi, "virtual_size"));

    if (!target)
        return API_FAILED;
    m->vdi = arena_strdup(r->arena, vdi->ref);
    m->vm = arena_strdup(r->arena, vm->ref);
    m->target = arena_strdup(r->arena, target->ref);
    m->mark = vdi_mark_key(r);
    find_snapshots(r, m, vdi);
    vdi_mark(r, vdi, m->mark, "mirror");
    db_map_put(r->db, vm, "current_operations", m->mark, "migrate_send");
    vm_refresh(r, vm);
    m->wait = (struct wait){
        .resume = move_continue, .cancellable = true, .cancel = move_cancel};
    r->wait = &m->wait;
    return step_begin(r, m) ? move_end(r, m, API_FAILED) : move_continue(r);
}

int vdi_pool_migrate(struct request *r)
{
    struct object *vdi = db_find(r->db, "VDI", arg_text(r, 0)), *sr, *vbd, *vm;

    if (!vdi || db_get(vdi, "VBDs")->nr == 0)
        return request_fail(r, "VDI_NEEDS_VM_FOR_MIGRATE", arg_text(r, 0),
                            NULL);
    sr = arg_object(r, 1, "SR");
    vbd = db_find_any(r->db, db_get(vdi, "VBDs")->items[0].s);
    vm = db_ref(r->db, vbd, "VM");
    if (!sr)
        return API_FAILED;
    if (!vm)
        return request_bad_handle(r, "VM", db_text(vbd, "VM"));
    if (strcmp(db_text(vdi, "SR"), sr->ref) == 0)
        return reply_ref(r, vdi);
    return check(r, vdi, vm, sr) ? API_FAILED : move_begin(r, vdi, vm, sr);
}

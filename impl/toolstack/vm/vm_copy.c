/* Clones, snapshots and checkpoints of machines, and the way back. */
#include "vm_copy.h"

#include <inttypes.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "disk_job.h"
#include "handlers.h"
#include "storage.h"
#include "vdi.h"
#include "vm.h"
#include "vm_alert.h"
#include "vm_guest.h"
#include "vm_suspend.h"

/* Fields that a copy does not take over. */
static const char *const own_fields[] = {
    "uuid",
    "allowed_operations",
    "current_operations",
    "power_state",
    "resident_on",
    "consoles",
    "VIFs",
    "VBDs",
    "VUSBs",
    "crash_dumps",
    "VTPMs",
    "domid",
    "metrics",
    "guest_metrics",
    "snapshot_of",
    "snapshots",
    "snapshot_time",
    "parent",
    "children",
    "blobs",
    "is_a_snapshot",
    "attached_PCIs",
    "VGPUs",
    "is_default_template",
    "suspend_VDI",
    "snapshot_info",
    "snapshot_metadata",
    "generation_id",
    "last_booted_record",
    "blocked_operations",
    "appliance",
    "is_vmss_snapshot",
    "snapshot_schedule",
    "groups",
    "order",
    "start_delay",
    "shutdown_delay",
    "scheduled_to_be_resident_on",
};

bool vm_field_is_own(const char *name)
{
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        if (strcmp(own_fields[i], name) == 0)
            return true;
    return false;
}

static void copy_fields(struct request *r, const struct object *from,
                        struct object *to)
{
    for (int i = 0; i < from->class->fields_nr; i++)
        if (!vm_field_is_own(from->class->fields[i]->name))
            db_set_at(r->db, to, i, from->cells[i].value);
}

static struct object *fields_copy(struct request *r, struct object *from,
                                  const char *vm)
{
    struct object *o = db_create(r->db, from->class->name);
    int uuid = field_index(o->class, "uuid");

    for (int i = 0; i < o->class->fields_nr; i++)
        if (i != uuid)
            db_set_at(r->db, o, i, from->cells[i].value);
    db_set_text(r->db, o, "VM", vm);
    return o;
}

/* A TPM that must stay unique starts empty in the copy. */
static void vtpm_copy(struct request *r, struct object *from, struct object *vm)
{
    struct object *o = fields_copy(r, from, vm->ref);
    struct object *old = db_ref(r->db, from, "contents"), *secret;

    if (!old)
        return;
    secret = db_create(r->db, "secret");
    if (!db_bool(from, "is_unique"))
        db_set_text(r->db, secret, "value", db_text(old, "value"));
    db_set_text(r->db, o, "contents", secret->ref);
}

static void vgpu_copy(struct request *r, struct object *from, struct object *vm)
{
    struct object *o = fields_copy(r, from, vm->ref);

    db_set_text(r->db, o, "resident_on", REF_NULL);
    db_set_text(r->db, o, "PCI", REF_NULL);
    db_set_bool(r->db, o, "currently_attached", false);
}

static void parts_copy(struct request *r, struct object *from,
                       struct object *to)
{
    const struct value *vtpms = db_get(from, "VTPMs");
    const struct value *vgpus = db_get(from, "VGPUs");

    for (uint32_t i = 0; i < vtpms->nr; i++)
        vtpm_copy(r, db_find_any(r->db, vtpms->items[i].s), to);
    for (uint32_t i = 0; i < vgpus->nr; i++)
        vgpu_copy(r, db_find_any(r->db, vgpus->items[i].s), to);
}

void vm_parts_destroy(struct request *r, struct object *vm)
{
    static const char *const sets[] = {"VTPMs", "VGPUs", "VUSBs", "consoles",
                                       "crash_dumps"};

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        const struct value *set = db_get(vm, sets[i]);

        while (set->nr) {
            struct object *o = db_find_any(r->db, set->items[0].s);
            struct object *secret = strcmp(sets[i], "VTPMs") == 0
                                        ? db_ref(r->db, o, "contents")
                                        : NULL;

            if (secret)
                db_destroy(r->db, secret);
            db_destroy(r->db, o);
        }
    }
}

static void disks_unmake(struct request *r, struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");
    struct value error = r->error;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        struct object *vdi = db_ref(r->db, vbd, "VDI");

        if (!vdi || strcmp(db_text(vbd, "type"), "Disk") != 0 ||
            db_get(vdi, "VBDs")->nr > 1)
            continue;
        db_set_text(r->db, vbd, "VDI", REF_NULL);
        (void)vdi_unmake(r, vdi); /* one that stays is in nobody's way */
    }
    r->error = error;
}

void vm_unmake(struct request *r, struct object *vm, bool disks)
{
    struct object *metrics = db_ref(r->db, vm, "metrics");

    if (disks)
        disks_unmake(r, vm);
    if (db_ref(r->db, vm, "suspend_VDI"))
        vm_image_drop(r, vm);
    vm_guest_end(r, vm);
    devices_destroy(r, vm);
    vm_parts_destroy(r, vm);
    if (metrics)
        db_destroy(r->db, metrics);
    db_destroy(r->db, vm);
}

static int image_copy(struct request *r, struct object *from, struct object *to)
{
    struct object *vdi = db_ref(r->db, from, "suspend_VDI"), *copy;

    if (!vdi)
        return 0;
    copy = vdi_duplicate(r, vdi, false);
    if (!copy)
        return API_FAILED;
    db_set_text(r->db, to, "suspend_VDI", copy->ref);
    db_set_text(r->db, to, "power_state", "Suspended");
    vm_guest_copy(r, from, to);
    return 0;
}

int vm_duplicate(struct request *r, struct object *from,
                 const struct vm_copy *how, struct object **copy)
{
    struct object *to = db_create(r->db, "VM");
    int rc = 0;

    copy_fields(r, from, to);
    db_set_text(r->db, to, "name_label", how->label);
    db_set_text(r->db, to, "power_state", "Halted");
    db_set_int(r->db, to, "domid", -1);
    db_set_text(r->db, to, "generation_id", db_text(from, "generation_id"));
    vm_metrics_make(r, to);
    rc = devices_clone(r, from, to, how);
    parts_copy(r, from, to);
    if (!rc && how->image)
        rc = image_copy(r, from, to);
    if (rc) {
        vm_unmake(r, to, true);
        return API_FAILED;
    }
    *copy = to;
    return 0;
}

/* A guest that notices a copy of itself by this gets another one. */
static void generation_renew(struct request *r, struct object *vm)
{
    const struct environment *env = &r->ts->env;

    if (*db_text(vm, "generation_id"))
        db_set_text(r->db, vm, "generation_id",
                    arena_printf(r->arena, "%" PRId64 ":%" PRId64,
                                 (int64_t)env->random(env->ctx),
                                 (int64_t)env->random(env->ctx)));
}

void vm_copy_settle(struct request *r, struct object *from, struct object *to)
{
    db_touch(r->db, from); /* an operation came and went */
    vm_mac_seed(r, to);
    generation_renew(r, to);
    if (vm_is_default_template(from) || db_bool(from, "is_a_template"))
        db_map_put(r->db, to, "other_config", "base_template_name",
                   db_text(from, "name_label"));
    db_map_del(r->db, to, "other_config", "default_template");
    vm_refresh(r, to);
}

static int clone_as(struct request *r, struct object *from, const char *label,
                    bool image)
{
    struct vm_copy how = {.label = label, .image = image};
    struct object *to;

    if (vm_duplicate(r, from, &how, &to))
        return API_FAILED;
    vm_copy_settle(r, from, to);
    return reply_ref(r, to);
}

static bool is_suspended(const struct object *vm)
{
    return db_text(vm, "power_state")[0] == 'S';
}

static int clone_now(struct request *r, struct object *vm)
{
    return clone_as(r, vm, arg_text(r, 1), is_suspended(vm));
}

int vm_clone(struct request *r)
{
    return vm_run(r, "clone", clone_now);
}

/* Of a time when suspended machines were cloned with their memory. */
static int csvm_now(struct request *r, struct object *vm)
{
    return clone_as(r, vm,
                    arena_printf(r->arena, "%s-cloned-suspended",
                                 db_text(vm, "name_label")),
                    true);
}

int vm_csvm(struct request *r)
{
    if (!db_find(r->db, "VDI", db_text(r->self, "suspend_VDI")))
        return request_bad_handle(r, "VDI", db_text(r->self, "suspend_VDI"));
    return vm_run(r, "csvm", csvm_now);
}

/* --- Snapshots ----------------------------------------------------------- */

static const struct value *ignored(const struct request *r)
{
    return r->args_nr > 2 ? &r->args[2] : NULL;
}

/* The part of snapshot_metadata that a revert needs: the machine's name, which
 * is not the snapshot's. Quotes in it are escaped. */
static const char metadata_head[] = "(('name__label' '";
static const char metadata_tail[] = "'))";

static const char *metadata_make(struct request *r, const char *label)
{
    struct buf text = {0};
    const char *made;

    for (const char *c = label; *c; c++) {
        if (*c == '\'' || *c == '\\')
            buf_putc(&text, '\\');
        buf_putc(&text, *c);
    }
    buf_putc(&text, '\0');
    made = arena_printf(r->arena, "%s%s%s", metadata_head, text.data,
                        metadata_tail);
    buf_fini(&text);
    return made;
}

/* The name in it; NULL: it holds none. */
static const char *metadata_label(struct request *r, const char *metadata)
{
    size_t head = sizeof(metadata_head) - 1, len = 0;
    char *label;

    if (strncmp(metadata, metadata_head, head) != 0)
        return NULL;
    label = arena_strdup(r->arena, metadata + head);
    for (const char *c = label; *c && *c != '\''; c++) {
        if (*c == '\\' && c[1])
            c++;
        label[len++] = *c;
    }
    label[len] = '\0';
    return label;
}

/* The tree: what the machine came from last is the snapshot's parent. */
static void snapshot_settle(struct request *r, struct object *vm,
                            struct object *o)
{
    db_set_bool(r->db, o, "is_a_snapshot", true);
    db_set_bool(r->db, o, "is_a_template", true);
    db_set_text(r->db, o, "snapshot_time", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "snapshot_of", vm->ref);
    db_set_text(r->db, o, "snapshot_metadata",
                metadata_make(r, db_text(vm, "name_label")));
    db_set_text(r->db, o, "parent", db_text(vm, "parent"));
    db_set_text(r->db, vm, "parent", o->ref);
    vm_refresh(r, o);
}

int vm_snapshot_make(struct request *r, struct object *vm, const char *label,
                     const struct value *ignore, struct object **snapshot)
{
    struct vm_copy how = {.label = label, .snapshot = true, .ignore = ignore};

    if (vm_duplicate(r, vm, &how, snapshot))
        return API_FAILED;
    snapshot_settle(r, vm, *snapshot);
    return 0;
}

static int snapshot_now(struct request *r, struct object *vm)
{
    struct object *o;

    if (vm_snapshot_make(r, vm, arg_text(r, 1), ignored(r), &o))
        return API_FAILED;
    vm_alert(r, vm, "VM_SNAPSHOTTED",
             arena_printf(r->arena, "snapshotted, snapshot name: %s",
                          arg_text(r, 1)),
             NULL);
    return reply_ref(r, o);
}

int vm_snapshot(struct request *r)
{
    return vm_run(r, "snapshot", snapshot_now);
}

/* A running machine stops for a moment, and goes on where it was. */
int vm_checkpoint_make(struct request *r, struct object *vm, const char *label,
                       struct object **snapshot)
{
    struct vm_copy how = {.label = label, .snapshot = true, .image = true};
    struct object *host = db_ref(r->db, vm, "resident_on");
    bool running = db_text(vm, "power_state")[0] == 'R';
    struct value error;
    int rc;

    if (running && vm_image_save(r, vm))
        return API_FAILED;
    rc = vm_duplicate(r, vm, &how, snapshot);
    error = r->error;
    if (running && vm_image_restore(r, vm, host, false))
        return API_FAILED;
    r->error = error;
    if (rc)
        return API_FAILED;
    snapshot_settle(r, vm, *snapshot);
    return 0;
}

static int checkpoint_now(struct request *r, struct object *vm)
{
    struct object *o;

    if (vm_checkpoint_make(r, vm, arg_text(r, 1), &o))
        return API_FAILED;
    vm_alert(r, vm, "VM_CHECKPOINTED",
             arena_printf(r->arena, "checkpointed, snapshot name: %s",
                          arg_text(r, 1)),
             NULL);
    return reply_ref(r, o);
}

int vm_checkpoint(struct request *r)
{
    return vm_run(r, "checkpoint", checkpoint_now);
}

/* --- The way back -------------------------------------------------------- */

/* Whether some snapshot of the machine has kept the disk. */
static bool is_kept(struct request *r, const struct object *snapshot,
                    const struct object *vdi)
{
    const struct value *vbds = db_get(snapshot, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        struct object *kept = db_ref(r->db, vbd, "VDI");

        if (kept && strcmp(db_text(kept, "snapshot_of"), vdi->ref) == 0)
            return true;
    }
    return false;
}

/* Disks that come back replace what they were; others are left alone. */
static void old_disks_drop(struct request *r, const struct object *snapshot,
                           struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");
    struct value error = r->error;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        struct object *vdi = db_ref(r->db, vbd, "VDI");

        if (!vdi || strcmp(db_text(vbd, "type"), "Disk") != 0 ||
            !is_kept(r, snapshot, vdi) || db_get(vdi, "VBDs")->nr > 1)
            continue;
        db_set_text(r->db, vbd, "VDI", REF_NULL);
        (void)vdi_unmake(r, vdi); /* its contents are in the snapshot */
    }
    r->error = error;
}

/* Snapshots of what a disk was are snapshots of what it is now. */
static void history_move(struct request *r, const char *was,
                         const struct object *now)
{
    for (struct object *o = db_first(r->db, "VDI"); o; o = o->next)
        if (strcmp(db_text(o, "snapshot_of"), was) == 0)
            db_set_text(r->db, o, "snapshot_of", now->ref);
}

/* The disk in the machine's drive of that place; NULL: none. */
static const struct object *disk_at(struct request *r, const struct object *vm,
                                    const char *userdevice)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);

        if (strcmp(db_text(vbd, "userdevice"), userdevice) == 0)
            return db_ref(r->db, vbd, "VDI");
    }
    return NULL;
}

/* The new disks are in the places of the snapshot's. */
static void histories_move(struct request *r, const struct object *snapshot,
                           const struct object *vm)
{
    const struct value *old = db_get(snapshot, "VBDs");

    for (uint32_t i = 0; i < old->nr; i++) {
        const struct object *vbd = db_find_any(r->db, old->items[i].s);
        const struct object *a = db_ref(r->db, vbd, "VDI");
        const struct object *b = disk_at(r, vm, db_text(vbd, "userdevice"));
        const char *was = a ? db_text(a, "snapshot_of") : REF_NULL;

        if (b && strcmp(was, REF_NULL) != 0)
            history_move(r, arena_strdup(r->arena, was), b);
    }
}

/* A machine that was destroyed comes back under the same name. */
static struct object *origin_make(struct request *r, struct object *snapshot)
{
    struct object *vm = db_create(r->db, "VM");

    copy_fields(r, snapshot, vm);
    db_set_text(r->db, vm, "power_state", "Halted");
    db_set_bool(r->db, vm, "is_a_template", false);
    db_set_int(r->db, vm, "domid", -1);
    db_set_text(r->db, snapshot, "snapshot_of", vm->ref);
    vm_metrics_make(r, vm);
    return vm;
}

/* What was in the way; full storage is told as it is. */
static int revert_failed(struct request *r, const struct object *snapshot,
                         const struct object *vm)
{
    const char *code = r->error.nr ? r->error.items[0].s : "";

    if (strcmp(code, "SR_FULL") == 0 ||
        strcmp(code, "VDI_INCOMPATIBLE_TYPE") == 0)
        return API_FAILED;
    return request_fail(r, "VM_REVERT_FAILED", snapshot->ref, vm->ref, NULL);
}

static int parts_revert(struct request *r, struct object *snapshot,
                        struct object *vm)
{
    struct vm_copy how = {.snapshot = true, .revert = true};

    old_disks_drop(r, snapshot, vm);
    devices_destroy(r, vm);
    vm_parts_destroy(r, vm);
    if (devices_clone(r, snapshot, vm, &how))
        return revert_failed(r, snapshot, vm);
    histories_move(r, snapshot, vm);
    parts_copy(r, snapshot, vm);
    return 0;
}

/* The machine takes over what the snapshot kept, under the name that it had
 * then; what says where it belongs stays. */
static void fields_revert(struct request *r, struct object *snapshot,
                          struct object *vm)
{
    static const char *const stay[] = {"tags", "affinity"};
    enum { STAY_NR = sizeof(stay) / sizeof(stay[0]) };
    struct value kept[STAY_NR];
    const char *now = arena_strdup(r->arena, db_text(vm, "name_label"));
    const char *then =
        metadata_label(r, db_text(snapshot, "snapshot_metadata"));

    for (int i = 0; i < STAY_NR; i++)
        kept[i] = value_copy(r->arena, db_get(vm, stay[i]));
    copy_fields(r, snapshot, vm);
    for (int i = 0; i < STAY_NR; i++)
        db_set(r->db, vm, stay[i], kept[i]);
    db_set_text(r->db, vm, "name_label", then ? then : now);
    db_set_bool(r->db, vm, "is_a_template", false);
    db_set_bool(r->db, vm, "ha_always_run", false);
    db_set_text(r->db, vm, "parent", snapshot->ref);
}

static int revert_now(struct request *r, struct object *snapshot)
{
    struct object *vm = db_ref(r->db, snapshot, "snapshot_of");

    if (!vm)
        vm = origin_make(r, snapshot);
    if (vm_check(r, vm, "reverting") || vm_halt(r, vm))
        return API_FAILED;
    if (db_ref(r->db, vm, "suspend_VDI"))
        vm_image_drop(r, vm);
    if (parts_revert(r, snapshot, vm))
        return API_FAILED;
    fields_revert(r, snapshot, vm);
    if (image_copy(r, snapshot, vm))
        return API_FAILED;
    vm_refresh(r, vm);
    vm_alert(r, vm, "VM_SNAPSHOT_REVERTED",
             arena_printf(r->arena, "reverted to snapshot: %s (uuid %s)",
                          db_text(snapshot, "name_label"),
                          db_text(snapshot, "uuid")),
             NULL);
    return reply_void(r);
}

int vm_revert(struct request *r)
{
    if (!db_bool(r->self, "is_a_snapshot") &&
        !db_ref(r->db, r->self, "snapshot_of"))
        return request_fail(r, "VM_REVERT_FAILED", r->self->ref,
                            db_text(r->self, "snapshot_of"), NULL);
    return vm_run(r, "revert", revert_now);
}

/* --- Copies to another repository ------------------------------------------ */

/* The copy has its devices already, and its disks get there one by one. */
struct copy_errand {
    const char *vm, *copy, *key;
};

static void copy_unmark(struct request *r, const struct copy_errand *e)
{
    struct object *vm = db_find(r->db, "VM", e->vm);

    if (!vm)
        return;
    db_map_del(r->db, vm, "current_operations", e->key);
    vm_refresh(r, vm);
}

static void copy_failed(struct request *r, struct disk_job *job)
{
    const struct copy_errand *e = job->blank;
    struct object *copy = db_find(r->db, "VM", e->copy);

    copy_unmark(r, e);
    if (copy)
        vm_unmake(r, copy, false);
}

static int copy_done(struct request *r, struct disk_job *job)
{
    const struct copy_errand *e = job->blank;
    struct object *vm = db_find(r->db, "VM", e->vm);
    struct object *copy = db_find(r->db, "VM", e->copy);

    if (!vm || !copy)
        return request_bad_handle(r, "VM", vm ? e->copy : e->vm);
    copy_unmark(r, e);
    vm_copy_settle(r, vm, copy);
    return reply_ref(r, copy);
}

/* Each device of the copy stands where the machine's own does. */
static int copy_add_disks(struct request *r, struct disk_job *job,
                          struct object *vm, struct object *copy,
                          const char *sr)
{
    const struct value *old = db_get(vm, "VBDs"), *new = db_get(copy, "VBDs");

    for (uint32_t i = 0; i < old->nr && i < new->nr; i++) {
        struct object *vbd = db_find_any(r->db, old->items[i].s);
        struct object *vdi = db_ref(r->db, vbd, "VDI"), *made;

        if (!vdi || strcmp(db_text(vbd, "type"), "Disk") != 0)
            continue;
        made = disk_job_add(r, job, vdi, sr);
        if (!made)
            return API_FAILED;
        db_set_text(r->db, db_find_any(r->db, new->items[i].s), "VDI",
                    made->ref);
    }
    return 0;
}

static int copy_to(struct request *r, struct object *vm, struct object *sr)
{
    struct vm_copy how = {
        .label = arg_text(r, 1), .no_disks = true, .image = is_suspended(vm)};
    struct disk_job *job =
        disk_job_create(r, r->ts, (int)db_get(vm, "VBDs")->nr);
    struct copy_errand *e = arena_alloc(r->arena, sizeof(*e));
    struct object *copy;
    char uuid[UUID_BYTES];

    if (vm_duplicate(r, vm, &how, &copy))
        return API_FAILED;
    db_uuid(r->db, uuid);
    e->vm = arena_strdup(r->arena, vm->ref);
    e->copy = arena_strdup(r->arena, copy->ref);
    e->key = arena_printf(r->arena, "DummyRef:|%s|VM.copy", uuid);
    job->blank = e;
    job->done = copy_done;
    job->failed = copy_failed;
    if (copy_add_disks(r, job, vm, copy, sr->ref))
        return disk_job_drop(r, job);
    db_map_put(r->db, vm, "current_operations", e->key, "copy");
    vm_refresh(r, vm);
    return disk_job_run(r, job);
}

static int copy_now(struct request *r, struct object *vm)
{
    struct object *sr = db_find(r->db, "SR", arg_text(r, 2));

    return sr ? copy_to(r, vm, sr)
              : clone_as(r, vm, arg_text(r, 1), is_suspended(vm));
}

int vm_copy(struct request *r)
{
    struct object *sr = db_find(r->db, "SR", arg_text(r, 2));

    if (vm_check(r, r->self, "copy"))
        return API_FAILED;
    if (strcmp(arg_text(r, 2), REF_NULL) != 0 && !arg_object(r, 2, "SR"))
        return API_FAILED;
    if (sr && strcmp(db_text(sr, "content_type"), "iso") == 0)
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Cannot copy a VM's disks to an ISO SR", NULL);
    return vm_run(r, "copy", copy_now);
}

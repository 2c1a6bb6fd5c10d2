/* VM.migrate_send: machines with their disks, within a pool or to another. */
#include <string.h>

#include "console.h"
#include "device.h"
#include "disk_job.h"
#include "handlers.h"
#include "host_memory.h"
#include "net.h"
#include "storage.h"
#include "vdi.h"
#include "vm.h"
#include "vm_copy.h"
#include "vm_domain.h"
#include "vm_guest.h"
#include "vm_motion.h"

enum {
    ARG_DEST = 1,
    ARG_VDI_MAP = 3,
    ARG_OPTIONS = 5,
};

/* What is remembered while disks travel. */
struct errand {
    const char *vm, *host, *key;
    bool copy;
};

/* The machine and its snapshots; the machine first. */
static struct value family(struct request *r, const struct object *vm)
{
    const struct value *snapshots = db_get(vm, "snapshots");
    struct value *items =
        arena_alloc(r->arena, sizeof(*items) * (snapshots->nr + 1));

    items[0] = value_string(arena_strdup(r->arena, vm->ref));
    for (uint32_t i = 0; i < snapshots->nr; i++)
        items[i + 1] =
            value_string(arena_strdup(r->arena, snapshots->items[i].s));
    return value_set(items, snapshots->nr + 1);
}

/* Where a disk shall be: by the map, as what it is a snapshot of, the default. */
static const char *target_sr(struct request *r, const struct object *vdi,
                             const struct destination *d)
{
    const struct value *map = &r->args[ARG_VDI_MAP];
    const char *sr = value_text(map, vdi->ref, NULL);

    if (!sr)
        sr = value_text(map, db_text(vdi, "snapshot_of"), NULL);
    if (!sr && d->within)
        return db_text(vdi, "SR");
    return sr ? sr : db_text(toolstack_pool(d->ts), "default_SR");
}

static int add_disk(struct request *r, struct disk_job *job,
                    const struct destination *d, struct object *vdi)
{
    const char *sr = target_sr(r, vdi, d);

    if (disk_job_find(job, vdi->ref) ||
        (d->within && strcmp(sr, db_text(vdi, "SR")) == 0))
        return 0;
    return disk_job_add(r, job, vdi, sr) ? 0 : API_FAILED;
}

static int add_disks(struct request *r, struct disk_job *job,
                     const struct destination *d, const struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");
    struct object *image = db_ref(r->db, vm, "suspend_VDI");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        struct object *vdi = db_ref(r->db, vbd, "VDI");

        if (vdi && strcmp(db_text(vbd, "type"), "Disk") == 0 &&
            add_disk(r, job, d, vdi))
            return API_FAILED;
    }
    return image && !d->within ? add_disk(r, job, d, image) : 0;
}

static int disks_nr(struct request *r, const struct value *vms)
{
    int nr = 0;

    for (uint32_t i = 0; i < vms->nr; i++)
        nr += (int)db_get(db_find_any(r->db, vms->items[i].s), "VBDs")->nr + 1;
    return nr;
}

/* --- Records in another pool ---------------------------------------------- */

static bool is_reference(const struct type *t)
{
    return t->elem.kind == BASE_REF || t->key.kind == BASE_REF;
}

/* Fields without references, which mean nothing there; and not its uuid. */
static void fields_send(const struct object *from, struct toolstack *ts,
                        struct object *to, bool own)
{
    for (int i = 0; i < from->class->fields_nr; i++) {
        const struct field *f = from->class->fields[i];

        if (!is_reference(&f->type) && strcmp(f->name, "uuid") != 0 &&
            (own || !vm_field_is_own(f->name)))
            db_set_at(&ts->db, to, i, from->cells[i].value);
    }
}

static const char *const device_fields_dropped[] = {"allowed_operations",
                                                    "current_operations"};

static struct object *device_send(struct request *there,
                                  const struct object *from,
                                  const struct object *vm)
{
    struct object *o = db_create(there->db, from->class->name);

    fields_send(from, there->ts, o, true);
    db_set(there->db, o, device_fields_dropped[0], value_set(NULL, 0));
    db_set(there->db, o, device_fields_dropped[1], value_map(NULL, 0));
    db_set_text(there->db, o, "VM", vm->ref);
    device_metrics(there, o);
    return o;
}

static int devices_send(struct request *r, struct request *there,
                        const struct object *vm, struct object *to,
                        const struct disk_job *job)
{
    const struct value *vbds = db_get(vm, "VBDs"), *vifs = db_get(vm, "VIFs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        const char *vdi = disk_job_find(job, db_text(vbd, "VDI"));
        struct object *o = device_send(there, vbd, to);

        if (vdi)
            db_set_text(there->db, o, "VDI", vdi);
        else /* a CD stays where it is */
            db_set_bool(there->db, o, "empty", true);
    }
    for (uint32_t i = 0; i < vifs->nr; i++) {
        const struct object *vif = db_find_any(r->db, vifs->items[i].s);
        const char *network = motion_network(r, vif);

        if (!network)
            return API_FAILED;
        db_set_text(there->db, device_send(there, vif, to), "network", network);
    }
    return 0;
}

struct object *motion_record(struct request *r, struct object *vm,
                             const struct destination *d,
                             const struct disk_job *job, bool copy)
{
    struct request there = disk_job_there(r, d->ts);
    struct object *to = db_create(there.db, "VM");
    const char *image = disk_job_find(job, db_text(vm, "suspend_VDI"));
    bool suspended = db_text(vm, "power_state")[0] == 'S';

    fields_send(vm, d->ts, to, false);
    if (!copy)
        db_set_text(there.db, to, "uuid", db_text(vm, "uuid"));
    db_set_bool(there.db, to, "is_a_snapshot", db_bool(vm, "is_a_snapshot"));
    db_set_bool(there.db, to, "is_default_template", false);
    db_set(there.db, to, "snapshot_time", *db_get(vm, "snapshot_time"));
    db_set_text(there.db, to, "power_state",
                suspended ? "Suspended" : "Halted");
    db_set_int(there.db, to, "domid", -1);
    vm_metrics_make(&there, to);
    if (image)
        db_set_text(there.db, to, "suspend_VDI", image);
    if (devices_send(r, &there, vm, to, job)) {
        vm_unmake(&there, to, false);
        return NULL;
    }
    vm_refresh(&there, to);
    return to;
}

/* The tree is the same over there: by the places in both families. */
static void tree_send(struct request *r, struct toolstack *ts,
                      const struct value *from, struct object *const *to)
{
    for (uint32_t i = 0; i < from->nr; i++) {
        const struct object *o = db_find_any(r->db, from->items[i].s);

        if (i)
            db_set_text(&ts->db, to[i], "snapshot_of", to[0]->ref);
        for (uint32_t k = 0; k < from->nr; k++)
            if (strcmp(db_text(o, "parent"), from->items[k].s) == 0)
                db_set_text(&ts->db, to[i], "parent", to[k]->ref);
    }
}

/* Snapshots of disks belong to the disks that came along. */
static void histories_send(struct request *r, const struct disk_job *job)
{
    for (int i = 0; i < job->nr; i++) {
        const struct object *from = db_find(r->db, "VDI", job->pairs[i].from);
        struct object *to = db_find(&job->to->db, "VDI", job->pairs[i].to);
        const char *of =
            from ? disk_job_find(job, db_text(from, "snapshot_of")) : NULL;

        if (to && of)
            db_set_text(&job->to->db, to, "snapshot_of", of);
    }
}

/* --- Arriving -------------------------------------------------------------- */

static struct object *vm_of(struct request *r, const struct errand *e)
{
    struct object *vm = db_find(r->db, "VM", e->vm);

    if (!vm) {
        (void)request_bad_handle(r, "VM", e->vm);
        return NULL;
    }
    if (e->key)
        db_map_del(r->db, vm, "current_operations", e->key);
    vm_refresh(r, vm);
    return vm;
}

static void send_failed(struct request *r, struct disk_job *job)
{
    const struct errand *e = job->blank;
    struct object *vm = db_find(r->db, "VM", e->vm);

    if (!vm || !e->key)
        return;
    db_map_del(r->db, vm, "current_operations", e->key);
    vm_refresh(r, vm);
}

/* Disks that moved within the pool take their old place; the old ones go. */
static void disks_swap(struct request *r, const struct disk_job *job)
{
    for (int i = 0; i < job->nr; i++) {
        struct object *old = db_find(r->db, "VDI", job->pairs[i].from);
        const struct value *vbds = old ? db_get(old, "VBDs") : NULL;

        while (vbds && vbds->nr)
            db_set_text(r->db, db_find_any(r->db, vbds->items[0].s), "VDI",
                        job->pairs[i].to);
        if (old)
            (void)vdi_unmake(r, old); /* its contents are elsewhere */
    }
}

static int arrive_within(struct request *r, struct disk_job *job)
{
    const struct errand *e = job->blank;
    struct object *vm = vm_of(r, e), *host = db_find(r->db, "host", e->host);

    if (!vm)
        return API_FAILED;
    if (!host)
        return request_bad_handle(r, "host", e->host);
    disks_swap(r, job);
    if (vm_is_live(vm) && vm_move(r, vm, host)) {
        job->nr = 0; /* disks that have arrived stay where they are */
        return API_FAILED;
    }
    vm_refresh(r, vm);
    return reply_ref(r, vm);
}

/* The domain follows its record; what fails leaves it where it was. */
static int domain_send(struct request *r, struct object *vm,
                       struct request *there, struct object *to,
                       struct object *host)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_spec spec = vm_spec(there, to, false);
    const char *state = arena_strdup(r->arena, db_text(vm, "power_state"));
    int rc;

    if (networks_attach(there, to, host)) {
        r->error = there->error;
        return API_FAILED;
    }
    rc = driver->migrate(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                         db_text(host, "uuid"), NULL, &spec);
    if (rc)
        return request_fail(r, "VM_MIGRATE_FAILED", vm->ref,
                            db_text(vm, "resident_on"), host->ref,
                            strerror(-rc), NULL);
    db_set_text(there->db, to, "resident_on", host->ref);
    vm_set_power(there, to, state);
    return 0;
}

/* Nothing is left here but what other machines use. */
static void leave(struct request *r, const struct value *vms)
{
    for (uint32_t i = vms->nr; i > 0; i--) {
        struct object *vm = db_find(r->db, "VM", vms->items[i - 1].s);

        if (!vm)
            continue;
        vm_lost(r, vm);
        vm_unmake(r, vm, true);
    }
}

static struct object *family_send(struct request *r, const struct value *vms,
                                  const struct destination *d,
                                  const struct disk_job *job, bool copy)
{
    struct object **to =
        arena_alloc(r->arena, sizeof(struct object *) * vms->nr);

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find_any(r->db, vms->items[i].s);

        to[i] = motion_record(r, vm, d, job, copy);
        if (!to[i])
            return NULL;
    }
    tree_send(r, d->ts, vms, to);
    histories_send(r, job);
    return to[0];
}

static int arrive_across(struct request *r, struct disk_job *job)
{
    const struct errand *e = job->blank;
    struct destination d = {.ts = job->to};
    struct request there = disk_job_there(r, job->to);
    struct object *vm = vm_of(r, e), *to;
    struct value vms;

    d.host = db_find(&job->to->db, "host", e->host);
    if (!vm)
        return API_FAILED;
    if (!d.host)
        return request_bad_handle(r, "host", e->host);
    vms = family(r, vm);
    to = family_send(r, &vms, &d, job, e->copy);
    if (!to)
        return API_FAILED;
    if (vm_is_live(vm) && domain_send(r, vm, &there, to, d.host)) {
        vm_unmake(&there, to, false);
        return API_FAILED;
    }
    if (!e->copy)
        leave(r, &vms);
    return reply_ref(r, to);
}

/* --- Sending --------------------------------------------------------------- */

static void mark(struct request *r, struct object *vm, struct errand *e)
{
    char uuid[UUID_BYTES];

    db_uuid(r->db, uuid);
    e->key = r->task
                 ? arena_strdup(r->arena, r->task->ref)
                 : arena_printf(r->arena, "DummyRef:|%s|VM.migrate_send", uuid);
    db_map_put(r->db, vm, "current_operations", e->key, "migrate_send");
    vm_refresh(r, vm);
}

static int send_now(struct request *r, struct object *vm)
{
    struct errand *e = arena_alloc(r->arena, sizeof(*e));
    struct destination d;
    struct disk_job *job;
    struct value vms;

    if (destination_find(r, &r->args[ARG_DEST], &d) || motion_check(r, vm, &d))
        return API_FAILED;
    vms = family(r, vm);
    job = disk_job_create(r, d.ts, disks_nr(r, &vms));
    e->vm = arena_strdup(r->arena, vm->ref);
    e->host = arena_strdup(r->arena, d.host->ref);
    e->copy =
        strcmp(value_text(&r->args[ARG_OPTIONS], "copy", ""), "true") == 0;
    job->blank = e;
    job->done = d.within ? arrive_within : arrive_across;
    job->failed = send_failed;
    for (uint32_t i = 0; i < (d.within ? 1 : vms.nr); i++)
        if (add_disks(r, job, &d, db_find_any(r->db, vms.items[i].s)))
            return disk_job_drop(r, job);
    mark(r, vm, e);
    return disk_job_run(r, job);
}

int vm_migrate_send(struct request *r)
{
    return vm_run(r, "migrate_send", send_now);
}

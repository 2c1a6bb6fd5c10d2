/* Machines of another pool's database come back in this one. */
#include "recover.h"

#include <string.h>

#include "foreign.h"
#include "handlers.h"
#include "inner.h"
#include "session.h"
#include "transplant.h"
#include "vm.h"

enum {
    PARTS_PER_DEVICE = 2,
    PARTS_FIXED = 64,
};

int recovery_target(struct request *r, const char *session,
                    struct toolstack **to)
{
    *to = foreign_owner(r->ts);
    if (session_find(*to, session))
        return 0;
    return request_bad_handle(r, "session", session);
}

static struct object *vdi_there(const struct recovery *c,
                                const struct object *vdi)
{
    for (struct object *o = db_first(&c->to->db, "VDI"); o; o = o->next)
        if (strcmp(db_text(o, "location"), db_text(vdi, "location")) == 0)
            return o;
    return NULL;
}

/* SRs of the machine's disks, by their records in its own database. */
static struct value srs_of(struct request *r, const struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");
    struct value set = value_set(NULL, 0);

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        const struct object *vdi = vbd ? db_ref(r->db, vbd, "VDI") : NULL;
        const struct object *sr = vdi ? db_ref(r->db, vdi, "SR") : NULL;

        if (sr && strcmp(db_text(vbd, "type"), "CD") != 0)
            set = value_set_with(r->arena, &set, sr->ref);
    }
    return set;
}

static struct object *sr_there(const struct recovery *c, const char *ref)
{
    const struct object *sr = db_find(c->r->db, "SR", ref);

    return db_find_uuid(&c->to->db, "SR", db_text(sr, "uuid"));
}

int recovery_check(const struct recovery *c, const struct object *vm)
{
    struct value srs = srs_of(c->r, vm);

    for (uint32_t i = 0; i < srs.nr; i++)
        if (!sr_there(c, srs.items[i].s))
            return request_fail(c->r, "VM_REQUIRES_SR", vm->ref, srs.items[i].s,
                                NULL);
    return 0;
}

/* --- Moving the records ----------------------------------------------------------- */

struct parts {
    struct object **items;
    struct transplant_pair *pairs;
    size_t nr, pairs_nr, max;
};

static void add(struct parts *p, struct object *o)
{
    for (size_t i = 0; i < p->nr; i++)
        if (p->items[i] == o)
            return;
    if (o && p->nr < p->max)
        p->items[p->nr++] = o;
}

static void map_to(struct parts *p, const char *from, const struct object *to)
{
    if (p->pairs_nr < p->max)
        p->pairs[p->pairs_nr++] =
            (struct transplant_pair){from, to ? to->ref : REF_NULL};
}

/* The network of that name, or the first that there is. */
static struct object *network_there(const struct recovery *c,
                                    const struct object *network)
{
    for (struct object *o = db_first(&c->to->db, "network"); o; o = o->next)
        if (strcmp(db_text(o, "name_label"), db_text(network, "name_label")) ==
            0)
            return o;
    return db_first(&c->to->db, "network");
}

static void add_device(const struct recovery *c, struct parts *p,
                       const char *ref, const char *points_to)
{
    struct object *device = db_find_any(c->r->db, ref), *of;

    if (!device)
        return;
    add(p, device);
    if (field_index(device->class, "metrics") >= 0)
        add(p, db_ref(c->r->db, device, "metrics"));
    of = db_ref(c->r->db, device, points_to);
    if (of)
        map_to(p, of->ref,
               strcmp(points_to, "VDI") == 0 ? vdi_there(c, of)
                                             : network_there(c, of));
}

static void add_machine(const struct recovery *c, struct parts *p,
                        struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs"), *vifs = db_get(vm, "VIFs");
    struct object *suspended = db_ref(c->r->db, vm, "suspend_VDI");

    add(p, vm);
    add(p, db_ref(c->r->db, vm, "metrics"));
    for (uint32_t i = 0; i < vbds->nr; i++)
        add_device(c, p, vbds->items[i].s, "VDI");
    for (uint32_t i = 0; i < vifs->nr; i++)
        add_device(c, p, vifs->items[i].s, "network");
    if (suspended)
        map_to(p, suspended->ref, vdi_there(c, suspended));
}

static size_t most_parts(const struct object *vm)
{
    return PARTS_FIXED +
           (db_get(vm, "snapshots")->nr + 1) *
               (PARTS_FIXED + PARTS_PER_DEVICE * (db_get(vm, "VBDs")->nr +
                                                  db_get(vm, "VIFs")->nr));
}

static struct parts gather(const struct recovery *c, struct object *vm)
{
    const struct value *snapshots = db_get(vm, "snapshots");
    struct parts p = {.max = most_parts(vm)};

    p.items = arena_alloc(c->r->arena, sizeof(*p.items) * p.max);
    p.pairs = arena_alloc(c->r->arena, sizeof(*p.pairs) * p.max);
    add_machine(c, &p, vm);
    for (uint32_t i = 0; i < snapshots->nr; i++) {
        struct object *s = db_find_any(c->r->db, snapshots->items[i].s);

        if (s)
            add_machine(c, &p, s);
    }
    return p;
}

/* Who has the uuid makes way, or is in the way. */
static int make_way(const struct recovery *c, struct request *there,
                    const struct object *vm)
{
    struct object *old = db_find_uuid(&c->to->db, "VM", db_text(vm, "uuid"));
    struct value ref;
    struct request *waits;

    if (!old)
        return 0;
    if (!c->force)
        return request_fail(c->r, "DUPLICATE_VM", old->ref, NULL);
    ref = value_string(old->ref);
    if (inner_call(there, "VM.destroy", &ref, 1, NULL, &waits)) {
        c->r->error = there->error;
        return API_FAILED;
    }
    return 0;
}

/* What ran there runs no more; suspended ones keep their memory. */
static void wake(struct request *there, struct object *vm)
{
    bool suspended = strcmp(db_text(vm, "power_state"), "Suspended") == 0;

    db_set_text(there->db, vm, "resident_on", REF_NULL);
    db_set_text(there->db, vm, "scheduled_to_be_resident_on", REF_NULL);
    db_set_text(there->db, vm, "affinity", REF_NULL);
    db_set_text(there->db, vm, "guest_metrics", REF_NULL);
    db_set_int(there->db, vm, "domid", -1);
    db_set(there->db, vm, "current_operations", value_map(NULL, 0));
    db_set_text(there->db, vm, "power_state",
                suspended && db_ref(there->db, vm, "suspend_VDI") ? "Suspended"
                                                                  : "Halted");
    vm_refresh(there, vm);
}

static void keep_srs(const struct recovery *c, const struct object *vm)
{
    struct value srs = srs_of(c->r, vm);

    for (uint32_t i = 0; i < srs.nr; i++)
        db_set_text(&c->to->db, sr_there(c, srs.items[i].s), "introduced_by",
                    REF_NULL);
}

int recovery_run(const struct recovery *c, struct object *vm)
{
    struct request there = *c->r;
    struct parts p;
    struct transplant t;

    there.ts = c->to;
    there.db = &c->to->db;
    if (recovery_check(c, vm) || make_way(c, &there, vm))
        return API_FAILED;
    if (c->r->ts == c->to)
        return 0; /* it is at home */
    p = gather(c, vm);
    t = (struct transplant){.from = c->r->db,
                            .to = there.db,
                            .arena = c->r->arena,
                            .moving = p.items,
                            .moving_nr = p.nr,
                            .mapped = p.pairs,
                            .mapped_nr = p.pairs_nr};
    transplant(&t);
    for (size_t i = 0; i < p.nr; i++) {
        struct object *o = db_find_any(there.db, p.items[i]->ref);

        if (strcmp(o->class->name, "VM") == 0)
            wake(&there, o);
        else if (field_index(o->class, "currently_attached") >= 0)
            db_set_bool(there.db, o, "currently_attached", false);
    }
    keep_srs(c, vm);
    return 0;
}

/* --- Messages of machines ----------------------------------------------------------- */

int vm_recover(struct request *r)
{
    struct recovery c = {.r = r, .force = arg_bool(r, 2)};

    if (recovery_target(r, arg_text(r, 1), &c.to) || recovery_run(&c, r->self))
        return API_FAILED;
    return reply_void(r);
}

/* A machine without disks can be recovered by anybody. */
int vm_assert_can_be_recovered(struct request *r)
{
    struct recovery c = {.r = r};

    if (!srs_of(r, r->self).nr)
        return reply_void(r);
    c.to = foreign_owner(r->ts);
    return recovery_check(&c, r->self) ? API_FAILED : reply_void(r);
}

static void add_srs(const struct recovery *c, const struct object *vm,
                    struct value *set)
{
    struct value srs = srs_of(c->r, vm);

    for (uint32_t i = 0; i < srs.nr; i++) {
        const struct object *sr = sr_there(c, srs.items[i].s);

        if (sr)
            *set = value_set_with(c->r->arena, set, sr->ref);
    }
}

int vm_get_srs_required_for_recovery(struct request *r)
{
    struct recovery c = {.r = r, .to = foreign_owner(r->ts)};
    struct value set = value_set(NULL, 0);

    add_srs(&c, r->self, &set);
    return reply(r, set);
}

/* --- Messages of appliances ---------------------------------------------------------- */

static struct object *member(struct request *r, const struct object *appliance,
                             uint32_t i)
{
    return db_find_any(r->db, db_get(appliance, "VMs")->items[i].s);
}

int appliance_assert_can_be_recovered(struct request *r)
{
    const struct object *appliance = arg_object(r, 0, "VM_appliance");
    struct recovery c = {.r = r, .to = foreign_owner(r->ts)};

    if (!appliance)
        return API_FAILED;
    for (uint32_t i = 0; i < db_get(appliance, "VMs")->nr; i++)
        if (recovery_check(&c, member(r, appliance, i)))
            return API_FAILED;
    return reply_void(r);
}

int appliance_get_srs_required_for_recovery(struct request *r)
{
    const struct object *appliance = arg_object(r, 0, "VM_appliance");
    struct recovery c = {.r = r, .to = foreign_owner(r->ts)};
    struct value set = value_set(NULL, 0);

    if (!appliance)
        return API_FAILED;
    for (uint32_t i = 0; i < db_get(appliance, "VMs")->nr; i++)
        add_srs(&c, member(r, appliance, i), &set);
    return reply(r, set);
}

/* The appliance of the same uuid there, or a new one. */
static struct object *appliance_there(const struct recovery *c,
                                      const struct object *appliance)
{
    struct db *db = &c->to->db;
    struct object *o =
        db_find_uuid(db, "VM_appliance", db_text(appliance, "uuid"));

    if (o)
        return o;
    o = db_create(db, "VM_appliance");
    db_set_text(db, o, "uuid", db_text(appliance, "uuid"));
    db_set_text(db, o, "name_label", db_text(appliance, "name_label"));
    db_set_text(db, o, "name_description",
                db_text(appliance, "name_description"));
    return o;
}

int appliance_recover(struct request *r)
{
    struct recovery c = {.r = r, .force = arg_bool(r, 2)};
    struct object *appliance, *there;

    if (recovery_target(r, arg_text(r, 1), &c.to))
        return API_FAILED;
    appliance = arg_object(r, 0, "VM_appliance");
    if (!appliance)
        return API_FAILED;
    for (uint32_t i = 0; i < db_get(appliance, "VMs")->nr; i++)
        if (recovery_check(&c, member(r, appliance, i)))
            return API_FAILED;
    there = appliance_there(&c, appliance);
    for (uint32_t i = 0; i < db_get(appliance, "VMs")->nr; i++) {
        struct object *vm = member(r, appliance, i);

        if (recovery_run(&c, vm))
            return API_FAILED;
        db_set_text(&c.to->db, db_find_any(&c.to->db, vm->ref), "appliance",
                    there->ref);
    }
    return reply_void(r);
}

/* Sorts what agents tell into the fields of VM_guest_metrics. */
#include "vm_guest.h"

#include <string.h>

#include "vm_domain.h"

/* Where paths go: what follows is the key. The first that matches counts. */
static const struct {
    const char *path, *field;
} places[] = {
    {"os/", "os_version"}, {"pv/", "PV_drivers_version"}, {"net/", "networks"},
    {"control/", "other"}, {"data/service/", "services"}, {"data/", "other"},
};

enum {
    PLACES_NR = sizeof(places) / sizeof(places[0]),
};

/* Which fields are written, each once. */
static const char *const fields[] = {"os_version", "PV_drivers_version",
                                     "networks", "other", "services"};

enum {
    FIELDS_NR = sizeof(fields) / sizeof(fields[0]),
};

/* Whether the path belongs to the field, and under which key. */
static bool belongs(struct arena *a, const struct member *m, const char *field,
                    struct member *out)
{
    for (int i = 0; i < PLACES_NR; i++) {
        size_t len = strlen(places[i].path);

        if (strncmp(m->key, places[i].path, len) != 0)
            continue;
        *out = (struct member){arena_strdup(a, m->key + len), m->value};
        return strcmp(places[i].field, field) == 0;
    }
    return false;
}

/* "0/ip" beside the first address of a NIC: what old clients read. */
static bool first_address(struct arena *a, const struct member *m,
                          struct member *out)
{
    const char *mark = strstr(m->key, "/ipv4/0");

    if (!mark || mark[7])
        return false;
    *out = (struct member){
        arena_printf(a, "%.*s/ip", (int)(mark - m->key), m->key), m->value};
    return true;
}

static struct value gather(struct arena *a, const struct value *told,
                           const char *field)
{
    struct member *m = arena_alloc(a, sizeof(*m) * 2 * ((size_t)told->nr + 1));
    size_t nr = 0;

    for (uint32_t i = 0; i < told->nr; i++) {
        if (!belongs(a, &told->members[i], field, &m[nr]))
            continue;
        nr++;
        if (strcmp(field, "networks") == 0 &&
            first_address(a, &m[nr - 1], &m[nr]))
            nr++;
    }
    return value_map(m, nr);
}

static void write_down(struct request *r, struct object *o,
                       const struct value *told)
{
    bool drivers;

    for (int i = 0; i < FIELDS_NR; i++)
        db_set(r->db, o, fields[i], gather(r->arena, told, fields[i]));
    drivers = db_get(o, "PV_drivers_version")->nr > 0;
    db_set_bool(r->db, o, "PV_drivers_detected", drivers);
    db_set_bool(r->db, o, "PV_drivers_up_to_date", drivers);
    db_set_text(r->db, o, "can_use_hotplug_vbd",
                drivers ? "yes" : "unspecified");
    db_set_text(r->db, o, "can_use_hotplug_vif",
                drivers ? "yes" : "unspecified");
    db_set_bool(r->db, o, "live", true);
    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
}

void vm_guest_update(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *o = db_ref(r->db, vm, "guest_metrics");
    struct value told;

    if (o && driver->guest(driver->ctx, vm_host_uuid(r, vm),
                           db_text(vm, "uuid"), r->arena, &told) == 0)
        write_down(r, o, &told);
}

void vm_guest_end(struct request *r, struct object *vm)
{
    struct object *o = db_ref(r->db, vm, "guest_metrics");

    if (!o)
        return;
    db_destroy(r->db, o);
    db_set_text(r->db, vm, "guest_metrics", REF_NULL);
}

void vm_guest_begin(struct request *r, struct object *vm)
{
    struct object *o;

    vm_guest_end(r, vm);
    o = db_create(r->db, "VM_guest_metrics");
    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, vm, "guest_metrics", o->ref);
    vm_guest_update(r, vm);
}

void vm_guest_copy(struct request *r, struct object *from, struct object *to)
{
    struct object *old = db_ref(r->db, from, "guest_metrics"), *o;
    int uuid;

    vm_guest_end(r, to);
    if (!old)
        return;
    o = db_create(r->db, "VM_guest_metrics");
    uuid = field_index(o->class, "uuid");
    for (int i = 0; i < o->class->fields_nr; i++)
        if (i != uuid)
            db_set_at(r->db, o, i, old->cells[i].value);
    db_set_text(r->db, to, "guest_metrics", o->ref);
}

bool vm_guest_has(struct request *r, const struct object *vm,
                  const char *feature)
{
    const struct object *o = db_ref(r->db, vm, "guest_metrics");

    return o && strcmp(value_text(db_get(o, "other"), feature, ""), "1") == 0;
}

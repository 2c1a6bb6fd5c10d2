/* What goes along with a host that joins or leaves a pool. */
#include "moving.h"

#include <string.h>

#include "transplant.h"

enum {
    OF_HOST = 1 << 0,
};

static const struct {
    const char *class_name;
    unsigned flags;
} classes[] = {
#define MOVES(class_name, flags) {#class_name, flags},
#include "moving.def"
#undef MOVES
};

enum {
    CLASSES_NR = sizeof(classes) / sizeof(classes[0]),
};

struct list {
    struct object **items;
    size_t nr;
};

static size_t count_all(const struct db *db)
{
    size_t nr = 0;

    for (int i = 0; i < CLASSES_NR; i++)
        nr += db_count(db, class_find(classes[i].class_name));
    return nr;
}

struct toolstack *r_find_pool(struct request *r, const struct object *host,
                              const char *address)
{
    const struct peer_driver *d = &r->ts->peers;

    return d->find ? d->find(d->ctx, db_text(host, "uuid"), address) : NULL;
}

/* --- Joining ----------------------------------------------------------------- */

/* The network behind the same NIC of the pool's master; NULL: none. */
static struct object *network_there(struct request *r,
                                    const struct object *network,
                                    struct toolstack *to)
{
    const struct value *pifs = db_get(network, "PIFs");
    const struct object *mine =
        pifs->nr ? db_find_any(r->db, pifs->items[0].s) : NULL;
    const struct object *master = toolstack_master(to);

    for (struct object *o = db_first(&to->db, "PIF"); mine && o; o = o->next)
        if (strcmp(db_text(o, "host"), master->ref) == 0 &&
            strcmp(db_text(o, "device"), db_text(mine, "device")) == 0 &&
            db_int(o, "VLAN") == db_int(mine, "VLAN"))
            return db_ref(&to->db, o, "network");
    for (struct object *o = db_first(&to->db, "network"); !mine && o;
         o = o->next)
        if (strcmp(db_text(o, "bridge"), db_text(network, "bridge")) == 0)
            return o;
    return NULL;
}

/* The same template of the other pool; its own reference when it has none. */
static const char *template_there(const struct object *vm, struct toolstack *to)
{
    for (struct object *o = db_first(&to->db, "VM"); o; o = o->next)
        if (db_bool(o, "is_default_template") &&
            strcmp(db_text(o, "name_label"), db_text(vm, "name_label")) == 0)
            return o->ref;
    return REF_NULL;
}

static bool is_template(const struct object *o)
{
    return strcmp(o->class->name, "VM") == 0 &&
           db_bool(o, "is_default_template");
}

static bool of_template(struct request *r, const struct object *o)
{
    if (strcmp(o->class->name, "VM_metrics") != 0)
        return false;
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (is_template(vm) && strcmp(db_text(vm, "metrics"), o->ref) == 0)
            return true;
    return false;
}

static void sort_out(struct request *r, struct toolstack *to,
                     struct transplant *t, struct transplant_pair *pairs)
{
    for (int i = 0; i < CLASSES_NR; i++)
        for (struct object *o = db_first(r->db, classes[i].class_name); o;
             o = o->next) {
            struct object *net = strcmp(o->class->name, "network") == 0
                                     ? network_there(r, o, to)
                                     : NULL;

            if (net)
                pairs[t->mapped_nr++] =
                    (struct transplant_pair){o->ref, net->ref};
            else if (is_template(o))
                pairs[t->mapped_nr++] =
                    (struct transplant_pair){o->ref, template_there(o, to)};
            else if (!of_template(r, o))
                t->moving[t->moving_nr++] = o;
        }
}

void moving_join(struct request *r, const struct object *host,
                 struct toolstack *to)
{
    size_t max = count_all(r->db) + 1;
    struct transplant_pair *pairs = arena_alloc(r->arena, sizeof(*pairs) * max);
    struct transplant t = {.from = r->db,
                           .to = &to->db,
                           .arena = r->arena,
                           .moving =
                               arena_alloc(r->arena, sizeof(*t.moving) * max),
                           .mapped = pairs};

    (void)host; /* the only one that there is */
    sort_out(r, to, &t, pairs);
    transplant(&t);
}

/* --- Leaving ------------------------------------------------------------------ */

/* An SR that no other host has. */
static bool sr_alone(struct request *r, const struct object *sr,
                     const struct object *host)
{
    const struct value *pbds = db_get(sr, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++)
        if (strcmp(db_text(db_find_any(r->db, pbds->items[i].s), "host"),
                   host->ref) != 0)
            return false;
    return pbds->nr > 0 && !db_bool(sr, "shared");
}

static bool refers(const struct object *o, const char *field, const char *ref)
{
    return field_index(o->class, field) >= 0 &&
           strcmp(db_text(o, field), ref) == 0;
}

static bool metrics_of_host(struct request *r, const struct object *o,
                            const struct object *host)
{
    for (struct object *pif = db_first(r->db, "PIF"); pif; pif = pif->next)
        if (refers(pif, "host", host->ref) && refers(pif, "metrics", o->ref))
            return true;
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (db_bool(vm, "is_control_domain") &&
            refers(vm, "resident_on", host->ref) &&
            refers(vm, "metrics", o->ref))
            return true;
    return refers(host, "metrics", o->ref);
}

static bool belongs(struct request *r, const struct object *o,
                    const struct object *host)
{
    const char *class_name = o->class->name;

    if (o == host || refers(o, "host", host->ref))
        return true;
    if (strcmp(class_name, "SR") == 0)
        return sr_alone(r, o, host);
    if (strcmp(class_name, "VM") == 0)
        return db_bool(o, "is_control_domain") &&
               refers(o, "resident_on", host->ref);
    return strstr(class_name, "_metrics") && metrics_of_host(r, o, host);
}

static struct list belongings(struct request *r, const struct object *host)
{
    struct list l = {.items = arena_alloc(
                         r->arena, sizeof(*l.items) * (count_all(r->db) + 1))};

    for (int i = 0; i < CLASSES_NR; i++)
        if (classes[i].flags & OF_HOST)
            for (struct object *o = db_first(r->db, classes[i].class_name); o;
                 o = o->next)
                if (belongs(r, o, host))
                    l.items[l.nr++] = o;
    return l;
}

/* Shared storage stays: so do its PBDs, and NICs that are made of others. */
static bool stays(struct request *r, const struct object *o,
                  const struct object *host)
{
    if (strcmp(o->class->name, "PBD") == 0) {
        const struct object *sr = db_ref(r->db, o, "SR");

        return !sr || !sr_alone(r, sr, host);
    }
    return strcmp(o->class->name, "PIF") == 0 && !db_bool(o, "physical");
}

void moving_eject(struct request *r, const struct object *host,
                  struct toolstack *to)
{
    struct list l = belongings(r, host);
    struct transplant t = {
        .from = r->db, .to = &to->db, .arena = r->arena, .moving = l.items};

    for (size_t i = 0; i < l.nr; i++)
        if (!stays(r, l.items[i], host))
            l.items[t.moving_nr++] = l.items[i];
    transplant(&t);
}

static void destroy_disks(struct request *r, const struct object *sr)
{
    /* Copies: the sets shrink while the disks go. */
    struct value vdis = value_copy(r->arena, db_get(sr, "VDIs"));

    for (uint32_t i = 0; i < vdis.nr; i++) {
        struct object *vdi = db_find(r->db, "VDI", vdis.items[i].s);
        struct value vbds = vdi ? value_copy(r->arena, db_get(vdi, "VBDs"))
                                : value_set(NULL, 0);

        for (uint32_t k = 0; k < vbds.nr; k++) {
            struct object *vbd = db_find(r->db, "VBD", vbds.items[k].s);

            if (vbd)
                db_destroy(r->db, vbd);
        }
        if (vdi)
            db_destroy(r->db, vdi);
    }
}

void moving_forget(struct request *r, struct object *host)
{
    struct list l = belongings(r, host);

    for (size_t i = 0; i < l.nr; i++)
        if (strcmp(l.items[i]->class->name, "SR") == 0)
            destroy_disks(r, l.items[i]);
    for (size_t i = l.nr; i-- > 0;)
        db_destroy(r->db, l.items[i]);
}

void moving_clear(struct toolstack *ts)
{
    for (int i = 0; i < class_count(); i++) {
        const char *name = class_at(i)->name;

        while (strcmp(name, "role") != 0 && db_first(&ts->db, name))
            db_destroy(&ts->db, db_first(&ts->db, name));
    }
    /* A file without anything would be taken for a new one. */
    db_set_text(&ts->db, db_create(&ts->db, "secret"), "value", "left");
}

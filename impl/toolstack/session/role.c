/*
 * Roles are objects, and so is each permission: a role without subroles. What a
 * message needs is its name in lower case.
 */
#include "role.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "md5.h"

/* From the most to the least powerful; each includes the ones after it. */
static const struct {
    const char *name, *description;
} roles[] = {
    {"pool-admin",
     "The Pool Administrator role has full access to all features and "
     "settings, including accessing Dom0 and managing subjects, roles and "
     "external authentication"},
    {"pool-operator",
     "The Pool Operator role manages host- and pool-wide resources, including "
     "setting up storage, creating resource pools and managing patches, high "
     "availability (HA) and workload balancing (WLB)"},
    {"vm-power-admin",
     "The VM Power Administrator role has full access to VM and template "
     "management and can choose where to start VMs and use the dynamic memory "
     "control and VM snapshot features"},
    {"vm-admin", "The VM Administrator role can manage VMs and templates"},
    {"vm-operator",
     "The VM Operator role can use VMs and interact with VM consoles"},
    {"read-only", "The Read-Only role can log in with basic read-only access"},
};

enum {
    ROLES_NR = sizeof(roles) / sizeof(roles[0]),
    CLIENT_CERT = ROLES_NR, /* beside the ladder: read-only and some more */
    ALL_ROLES_NR,
    PERMISSIONS_MAX = 3000,
};

static const struct {
    const char *name, *role;
} extras[] = {
#define EXTRA(name, role) {name, role},
#define CERTIFICATE(name)
#include "datamodel/permissions.def"
#undef EXTRA
#undef CERTIFICATE
};

static const char *const certificates[] = {
#define EXTRA(name, role)
#define CERTIFICATE(name) name,
#include "datamodel/permissions.def"
#undef EXTRA
#undef CERTIFICATE
};

struct role_sets {
    struct value *items[ALL_ROLES_NR];
    size_t nr[ALL_ROLES_NR];
};

static int rank_of(const char *role)
{
    for (int i = 0; i < ROLES_NR; i++)
        if (strcmp(roles[i].name, role) == 0)
            return i;
    return -EINVAL;
}

static bool by_certificate(const char *permission)
{
    for (size_t i = 0; i < sizeof(certificates) / sizeof(char *); i++)
        if (strcmp(certificates[i], permission) == 0)
            return true;
    return false;
}

/*
 * Roles keep their reference and uuid for ever, in every pool: the MD5 of their
 * name. Subjects refer to them across restarts.
 */
static struct object *named_role(struct toolstack *ts, const char *name)
{
    char uuid[UUID_BYTES], ref[REF_BYTES];
    struct object *o;
    struct arena a;
    const char *hex;

    arena_init(&a);
    hex = md5_text(&a, name);
    (void)snprintf(uuid, sizeof(uuid), "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
                   hex + 8, hex + 12, hex + 16, hex + 20); /* fits */
    arena_fini(&a);
    (void)snprintf(ref, sizeof(ref), "OpaqueRef:%s", uuid); /* fits */
    o = db_adopt(&ts->db, "role", ref);
    db_set_text(&ts->db, o, "uuid", uuid);
    db_set_text(&ts->db, o, "name_label", name);
    return o;
}

/* One permission, held by every role up to the least one. */
static void permission_make(struct toolstack *ts, struct role_sets *sets,
                            const char *name, const char *least)
{
    int rank = rank_of(least);
    struct object *o;

    if (rank < 0)
        return; /* of nobody: the pool itself */
    o = named_role(ts, name);
    db_set_text(&ts->db, o, "name_description", "A basic permission");
    for (int i = 0; i <= rank; i++)
        sets->items[i][sets->nr[i]++] = value_string(o->ref);
    if (rank == ROLES_NR - 1 || by_certificate(name))
        sets->items[CLIENT_CERT][sets->nr[CLIENT_CERT]++] =
            value_string(o->ref);
}

static void role_make(struct toolstack *ts, const struct role_sets *sets, int i,
                      const char *name, const char *description)
{
    struct object *o = named_role(ts, name);

    db_set_text(&ts->db, o, "name_description", description);
    db_set_bool(&ts->db, o, "is_internal", i == CLIENT_CERT);
    db_set(&ts->db, o, "subroles", value_set(sets->items[i], sets->nr[i]));
}

void roles_make(struct toolstack *ts)
{
    struct role_sets *sets;
    struct arena a;

    arena_init(&a);
    sets = arena_alloc(&a, sizeof(*sets));
    for (int i = 0; i < ALL_ROLES_NR; i++)
        sets->items[i] =
            arena_alloc(&a, sizeof(struct value) * PERMISSIONS_MAX);
    for (int i = 0; i < message_count(); i++) {
        char *name = arena_strdup(&a, message_at(i)->name);

        for (char *p = name; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        permission_make(ts, sets, name, message_at(i)->role);
    }
    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
        permission_make(ts, sets, extras[i].name, extras[i].role);
    for (int i = 0; i < ROLES_NR; i++)
        role_make(ts, sets, i, roles[i].name, roles[i].description);
    role_make(ts, sets, CLIENT_CERT, "client-cert",
              "The role of clients that show a certificate");
    arena_fini(&a);
}

bool role_is_assignable(const struct object *role)
{
    return role && rank_of(db_text(role, "name_label")) >= 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct value *)a)->s, ((const struct value *)b)->s);
}

struct value roles_permissions(struct request *r, const struct value *set,
                               bool own_names)
{
    struct value *items = arena_alloc(
        r->arena, sizeof(*items) * (ALL_ROLES_NR * PERMISSIONS_MAX + 1));
    size_t nr = 0, once = 0;

    for (uint32_t i = 0; i < set->nr && i < ALL_ROLES_NR; i++) {
        struct object *role = db_find(r->db, "role", set->items[i].s);
        const struct value *subs = role ? db_get(role, "subroles") : NULL;

        if (role && own_names)
            items[nr++] = *db_get(role, "name_label");
        for (uint32_t k = 0; subs && k < subs->nr; k++)
            items[nr++] =
                *db_get(db_find_any(r->db, subs->items[k].s), "name_label");
    }
    qsort(items, nr, sizeof(*items), by_text);
    for (size_t i = 0; i < nr; i++)
        if (!once || strcmp(items[once - 1].s, items[i].s) != 0)
            items[once++] = items[i];
    return value_set(items, once);
}

const char *roles_holding(struct request *r, const char *permission)
{
    const char *names = "";

    for (struct object *role = db_first(r->db, "role"); role;
         role = role->next) {
        const struct value *set = db_get(role, "subroles");
        bool holds = false;

        for (uint32_t i = 0; i < set->nr && !holds; i++)
            holds = strcmp(db_text(db_find_any(r->db, set->items[i].s),
                                   "name_label"),
                           permission) == 0;
        if (holds)
            names = arena_printf(r->arena, "%s%s%s", names, *names ? ", " : "",
                                 db_text(role, "name_label"));
    }
    return names;
}

int role_get_permissions(struct request *r)
{
    return reply(r, *db_get(r->self, "subroles"));
}

int role_get_permissions_name_label(struct request *r)
{
    const struct value *set = db_get(r->self, "subroles");
    struct value *names = arena_alloc(r->arena, sizeof(*names) * (set->nr + 1));

    for (uint32_t i = 0; i < set->nr; i++)
        names[i] = *db_get(db_find_any(r->db, set->items[i].s), "name_label");
    return reply(r, value_set(names, set->nr));
}

/* The roles that hold a permission; it may be NULL. */
static int holders(struct request *r, const struct object *permission)
{
    struct value *refs =
        arena_alloc(r->arena, sizeof(*refs) * (ALL_ROLES_NR + 1));
    size_t nr = 0;

    for (struct object *o = db_first(r->db, "role"); o; o = o->next)
        if (permission && nr < ALL_ROLES_NR &&
            value_has(db_get(o, "subroles"), permission->ref))
            refs[nr++] = value_string(o->ref);
    return reply(r, value_set(refs, nr));
}

int role_get_by_permission(struct request *r)
{
    return holders(r, db_find(r->db, "role", arg_text(r, 0)));
}

int role_get_by_permission_name_label(struct request *r)
{
    for (struct object *o = db_first(r->db, "role"); o; o = o->next)
        if (strcmp(db_text(o, "name_label"), arg_text(r, 0)) == 0)
            return holders(r, o);
    return holders(r, NULL);
}

/* Roles are not filtered: every one is listed, as clients are used to. */
int role_get_all_where(struct request *r)
{
    struct value *refs = arena_alloc(
        r->arena,
        sizeof(*refs) * (db_count(r->db, r->message->class) + (size_t)1));
    size_t nr = 0;

    for (struct object *o = db_first(r->db, "role"); o; o = o->next)
        refs[nr++] = value_string(o->ref);
    return reply(r, value_set(refs, nr));
}

int role_get_all_records_where(struct request *r)
{
    struct member *map = arena_alloc(
        r->arena,
        sizeof(*map) * (db_count(r->db, r->message->class) + (size_t)1));
    size_t nr = 0;

    for (struct object *o = db_first(r->db, "role"); o; o = o->next)
        map[nr++] = (struct member){o->ref, db_record(r->arena, o)};
    return reply(r, value_map(map, nr));
}

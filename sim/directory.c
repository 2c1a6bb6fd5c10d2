/* Users and groups out of a file. */
#include "directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

enum {
    CLOSURE_MAX = 256, /* groups that one user is in */
};

struct sim_directory {
    struct arena arena;
    struct value users, groups;
    const char *domain;
    const struct value *join; /* NULL: anybody may */
    struct auth_driver driver;
};

static const char *text_of(const struct value *entry, const char *key)
{
    return value_text(entry, key, "");
}

static const struct value *set_of(const struct value *entry, const char *key)
{
    static const struct value empty = {.kind = VALUE_SET};
    const struct value *v = value_find(entry, key);

    return v && v->kind == VALUE_SET ? v : &empty;
}

/* "ann", "DOMAIN\ann" and "ann@domain" are the same. */
static bool same_name(const char *given, const char *name)
{
    const char *slash = strrchr(given, '\\');
    const char *from = slash ? slash + 1 : given;
    size_t len = slash ? strlen(from) : strcspn(from, "@");

    return strlen(name) == len && strncmp(from, name, len) == 0;
}

static const struct value *find_by(const struct value *list, const char *key,
                                   const char *text)
{
    for (uint32_t i = 0; i < list->nr; i++) {
        const char *own = text_of(&list->items[i], key);

        if (strcmp(key, "name") == 0 ? same_name(text, own)
                                     : strcmp(own, text) == 0)
            return &list->items[i];
    }
    return NULL;
}

static const struct value *find_entry(const struct sim_directory *d,
                                      const char *key, const char *text)
{
    const struct value *entry = find_by(&d->users, key, text);

    return entry ? entry : find_by(&d->groups, key, text);
}

/* --- The driver ------------------------------------------------------------ */

static int authenticate(void *ctx, struct arena *a, const char *user,
                        const char *password, const char **subject)
{
    const struct sim_directory *d = ctx;
    const struct value *entry = find_by(&d->users, "name", user);

    if (!entry || strcmp(text_of(entry, "password"), password) != 0)
        return -EACCES;
    *subject = arena_strdup(a, text_of(entry, "sid"));
    return 0;
}

static int find(void *ctx, struct arena *a, const char *name,
                const char **subject)
{
    const struct value *entry = find_entry(ctx, "name", name);

    if (!entry)
        return -ENOENT;
    *subject = arena_strdup(a, text_of(entry, "sid"));
    return 0;
}

static struct value flag(const struct value *entry, const char *key)
{
    const struct value *v = value_find(entry, key);

    return value_string(v && v->kind == VALUE_BOOL && v->b ? "true" : "false");
}

/* What is known of a subject that there is. */
static void describe(const struct sim_directory *d, struct arena *a,
                     const struct value *entry, const char *subject,
                     struct value *map)
{
    bool group = entry == find_by(&d->groups, "sid", subject);
    const char *name = text_of(entry, "name");
    const struct member rows[] = {
        {"subject-name", value_string(arena_strdup(a, name))},
        {"subject-gecos", value_string("")},
        {"subject-displayname", value_string(arena_strdup(a, name))},
        {"subject-upn",
         value_string(arena_printf(a, "%s@%s", name, d->domain))},
        {"subject-sid", value_string(arena_strdup(a, subject))},
        {"subject-is-group", value_string(group ? "true" : "false")},
        {"subject-account-disabled", flag(entry, "disabled")},
        {"subject-account-expired", flag(entry, "expired")},
        {"subject-account-locked", flag(entry, "locked")},
        {"subject-password-expired", flag(entry, "password_expired")},
    };
    struct member *copy = arena_alloc(a, sizeof(rows));

    memcpy(copy, rows, sizeof(rows));
    *map = value_map(copy, group ? 6 : 10);
}

static int information(void *ctx, struct arena *a, const char *subject,
                       struct value *map)
{
    const struct sim_directory *d = ctx;
    const struct value *entry = find_entry(d, "sid", subject);

    if (!entry)
        return -ENOENT;
    describe(d, a, entry, subject, map);
    return 0;
}

/* Adds the groups that the entry names, unless they are there. */
static void add_groups(const struct sim_directory *d, const struct value *entry,
                       const struct value *found[], int *nr)
{
    const struct value *names = set_of(entry, "groups");

    for (uint32_t i = 0; i < names->nr && *nr < CLOSURE_MAX; i++) {
        const struct value *group =
            names->items[i].kind == VALUE_STRING
                ? find_by(&d->groups, "name", names->items[i].s)
                : NULL;
        bool there = !group;

        for (int k = 0; k < *nr; k++)
            there |= found[k] == group;
        if (!there)
            found[(*nr)++] = group;
    }
}

static int groups(void *ctx, struct arena *a, const char *subject,
                  struct value *set)
{
    const struct sim_directory *d = ctx;
    const struct value *found[CLOSURE_MAX];
    const struct value *entry = find_entry(d, "sid", subject);
    const char *sids[CLOSURE_MAX];
    int nr = 0;

    if (!entry)
        return -ENOENT;
    add_groups(d, entry, found, &nr);
    for (int i = 0; i < nr; i++) /* `nr` grows as groups of groups come up */
        add_groups(d, found[i], found, &nr);
    for (int i = 0; i < nr; i++)
        sids[i] = arena_strdup(a, text_of(found[i], "sid"));
    *set = value_strings(a, sids, (size_t)nr);
    return 0;
}

static int join(void *ctx, const char *host_uuid, const char *type,
                const char *service, const struct value *config)
{
    const struct sim_directory *d = ctx;

    (void)host_uuid;
    (void)type;
    if (strcmp(service, d->domain) != 0)
        return -ENOENT;
    if (d->join &&
        (strcmp(text_of(config, "user"), text_of(d->join, "user")) ||
         strcmp(text_of(config, "pass"), text_of(d->join, "password"))))
        return -EACCES;
    return 0;
}

static int leave(void *ctx, const char *host_uuid, const struct value *config)
{
    (void)ctx;
    (void)host_uuid;
    (void)config;
    return 0;
}

const struct auth_driver *sim_directory_driver(struct sim_directory *d)
{
    return &d->driver;
}

/* --- The file ---------------------------------------------------------------- */

/* The list with a `sid` for each entry. 0, or -EINVAL. */
static int take_list(struct sim_directory *d, const struct value *file,
                     const char *key, int first, struct value *list)
{
    const struct value *in = set_of(file, key);
    struct value *items = arena_alloc(&d->arena, sizeof(*items) * (in->nr + 1));

    for (uint32_t i = 0; i < in->nr; i++) {
        const struct value *entry = &in->items[i];

        if (entry->kind != VALUE_MAP || !*text_of(entry, "name"))
            return -EINVAL;
        items[i] = *entry;
        if (!*text_of(entry, "sid"))
            items[i] = value_map_with(
                &d->arena, entry, "sid",
                value_string(arena_printf(&d->arena, "S-1-5-21-1-2-3-%d",
                                          first + (int)i)));
    }
    *list = value_set(items, in->nr);
    return 0;
}

static int take_file(struct sim_directory *d, const char *path,
                     const char **why)
{
    struct value file;
    int rc = document_load(&d->arena, path, &file, why);

    if (rc)
        return rc;
    *why = "a list of users, and of groups, with names";
    if (file.kind != VALUE_MAP ||
        take_list(d, &file, "users", 1000, &d->users) ||
        take_list(d, &file, "groups", 500, &d->groups))
        return -EINVAL;
    d->domain = value_text(&file, "domain", "example.test");
    d->join = value_find(&file, "join");
    if (d->join && d->join->kind != VALUE_MAP)
        return -EINVAL;
    return 0;
}

int sim_directory_load(const char *path, struct sim_directory **directory)
{
    struct sim_directory *d = must_alloc(sizeof(*d));
    const char *why = "";
    int rc;

    memset(d, 0, sizeof(*d));
    arena_init(&d->arena);
    d->driver = (struct auth_driver){.authenticate = authenticate,
                                     .find = find,
                                     .information = information,
                                     .groups = groups,
                                     .join = join,
                                     .leave = leave,
                                     .ctx = d};
    rc = take_file(d, path, &why);
    if (rc) {
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n", path, why);
        sim_directory_destroy(d);
        return rc;
    }
    *directory = d;
    return 0;
}

void sim_directory_destroy(struct sim_directory *d)
{
    arena_fini(&d->arena);
    free(d);
}

/* --- A new pool ---------------------------------------------------------------- */

static struct object *role_named(struct toolstack *ts, const char *name)
{
    struct object *o = db_first(&ts->db, "role");

    while (o && strcmp(db_text(o, "name_label"), name) != 0)
        o = o->next;
    return o;
}

/* A subject for the entry, if it has roles. */
static bool seed_subject(struct sim_directory *d, struct toolstack *ts,
                         const struct value *entry)
{
    const struct value *names = set_of(entry, "roles");
    struct value roles = value_set(NULL, 0), map;
    struct object *o;
    struct arena a;

    if (!names->nr || information(d, &d->arena, text_of(entry, "sid"), &map))
        return false;
    arena_init(&a);
    for (uint32_t i = 0; i < names->nr; i++) {
        struct object *role = names->items[i].kind == VALUE_STRING
                                  ? role_named(ts, names->items[i].s)
                                  : NULL;

        if (role)
            roles = value_set_with(&a, &roles, role->ref);
    }
    o = db_create(&ts->db, "subject");
    db_set_text(&ts->db, o, "subject_identifier", text_of(entry, "sid"));
    db_set(&ts->db, o, "other_config", map);
    db_set(&ts->db, o, "roles", roles);
    arena_fini(&a);
    return true;
}

void sim_directory_seed(struct sim_directory *d, struct toolstack *ts)
{
    bool any = false;

    for (uint32_t i = 0; i < d->users.nr; i++)
        any |= seed_subject(d, ts, &d->users.items[i]);
    for (uint32_t i = 0; i < d->groups.nr; i++)
        any |= seed_subject(d, ts, &d->groups.items[i]);
    for (struct object *o = db_first(&ts->db, "host"); any && o; o = o->next) {
        db_set_text(&ts->db, o, "external_auth_type", "AD");
        db_set_text(&ts->db, o, "external_auth_service_name", d->domain);
    }
}

/* Pools as a file describes them: the tree, and the rows that make it true. */
#include "pool_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "document.h"
#include "pool_keys.h"
#include "presets.h"

enum {
    THINGS_MAX = 100000,
};

struct pool_file {
    struct arena arena;
    int64_t more;       /* machines that the options ask for beside it */
    struct value pools; /* set of maps */
};

static const struct {
    enum making_scope scope;
    const char *key;
    making_fn *make;
} rows[] = {
#define KEY(s, k, f) {SCOPE_##s, #k, f},
#include "pool_file.def"
#undef KEY
};

static const char *const scope_names[] = {
    [SCOPE_POOL] = "pool",       [SCOPE_HOST] = "host",
    [SCOPE_NETWORK] = "network", [SCOPE_STORAGE] = "storage",
    [SCOPE_VM] = "vm",           [SCOPE_NIC] = "nic",
    [SCOPE_HA] = "ha",
};

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
};

/* --- The tree ------------------------------------------------------------ */

/* A document holds {pools: [...]}, or one pool alone. */
static int take_document(struct pool_file *file, const char *name,
                         const struct value *tree)
{
    const struct value *list = value_find(tree, "pools");
    struct value *one = arena_alloc(&file->arena, sizeof(*one));

    *one = *tree;
    file->pools = list ? *list : value_set(one, 1);
    if (file->pools.kind == VALUE_SET && file->pools.nr &&
        file->pools.nr <= POOLS_MAX && (!list || tree->nr == 1))
        return 0;
    fprintf(stderr, "touchstone sim: '%s': 'pools' is a list of 1 to %d\n",
            name, POOLS_MAX);
    return -EINVAL;
}

static int read_file(struct pool_file *file, const char *path)
{
    struct value tree;
    const char *why;
    int rc = document_load(&file->arena, path, &tree, &why);

    if (!rc && tree.kind != VALUE_MAP) {
        rc = -EINVAL;
        why = "not a map";
    }
    if (!rc)
        return take_document(file, path, &tree);
    fprintf(stderr, "touchstone sim: cannot use '%s': %s\n", path, why);
    return rc;
}

static int read_preset(struct pool_file *file, const char *name)
{
    const char *text = preset_find(name), *why;
    struct value tree;

    if (text && !document_parse(&file->arena, text, strlen(text), &tree, &why))
        return take_document(file, name, &tree);
    fprintf(stderr, "touchstone sim: no preset '%s'; try --list-presets\n",
            name);
    return -ENOENT;
}

/* What the options say, in the words of a file. */
static void from_options(struct pool_file *file, const struct options *o)
{
    size_t nr = o->pools ? o->pools : 1, members_nr = 0;
    struct member *m = arena_alloc(&file->arena, sizeof(*m) * 3);
    static const struct member sr[] = {
        {"name", {.kind = VALUE_STRING, .nr = 14, .s = "Shared storage"}},
        {"type", {.kind = VALUE_STRING, .nr = 3, .s = "nfs"}},
        {"shared", {.kind = VALUE_BOOL, .b = true}},
        {"default", {.kind = VALUE_BOOL, .b = true}}};
    static const struct value one = {.kind = VALUE_MAP, .nr = 4, .members = sr};
    static const struct value shared = {
        .kind = VALUE_SET, .nr = 1, .items = &one};
    struct value *pools = arena_alloc(&file->arena, sizeof(*pools) * nr);

    if (o->hosts > 1) {
        m[members_nr++] =
            (struct member){"hosts", value_int((int64_t)o->hosts)};
        m[members_nr++] = (struct member){"storage", shared};
    }
    if (o->vms)
        m[members_nr++] = (struct member){"vms", value_int((int64_t)o->vms)};
    for (size_t i = 0; i < nr; i++)
        pools[i] = value_map(m, members_nr);
    file->pools = value_set(pools, nr);
}

int pool_file_open(const struct options *options, struct pool_file **out)
{
    struct pool_file *file = must_alloc(sizeof(*file));
    int rc = 0;

    *file = (struct pool_file){0};
    arena_init(&file->arena);
    if (options->pool || options->preset)
        file->more = (int64_t)options->vms;
    if (options->pool)
        rc = read_file(file, options->pool);
    else if (options->preset)
        rc = read_preset(file, options->preset);
    else
        from_options(file, options);
    if (rc) {
        pool_file_close(file);
        file = NULL;
    }
    *out = file;
    return rc;
}

void pool_file_close(struct pool_file *file)
{
    arena_fini(&file->arena);
    free(file);
}

int pool_file_count(const struct pool_file *file)
{
    return (int)file->pools.nr;
}

/* --- Making --------------------------------------------------------------- */

int making_fail(const struct making *m, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "touchstone sim: pool %d: ", m->pool_nr + 1);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return -EINVAL;
}

static bool known(enum making_scope scope, const char *key)
{
    for (int i = 0; i < ROWS_NR; i++)
        if (rows[i].scope == scope && strcmp(rows[i].key, key) == 0)
            return true;
    return false;
}

int making_run(struct making *m, enum making_scope scope,
               const struct value *map)
{
    int rc = 0;

    if (map->kind != VALUE_MAP)
        return making_fail(m, "a %s is a map", scope_names[scope]);
    for (uint32_t i = 0; i < map->nr; i++)
        if (!known(scope, map->members[i].key))
            return making_fail(m, "a %s has no '%s'", scope_names[scope],
                               map->members[i].key);
    for (int i = 0; !rc && i < ROWS_NR; i++) {
        const struct value *v =
            rows[i].scope == scope ? value_find(map, rows[i].key) : NULL;

        if (v)
            rc = rows[i].make(m, v);
    }
    return rc;
}

/* The things of one entry. */
static int make_entry(struct making *m, enum making_scope scope,
                      const struct value *map, int (*begin)(struct making *m))
{
    const struct value *count = value_find(map, "count");
    int rc = 0;

    m->count = 1;
    if (count)
        rc = making_number(m, count, &m->count);
    if (!rc && (m->count < 1 || m->count > THINGS_MAX))
        rc = making_fail(m, "a count is 1 to %d", THINGS_MAX);
    for (m->number = 1; !rc && m->number <= m->count; m->number++) {
        struct arena *outer = m->arena, a;

        arena_init(&a);
        m->arena = &a;
        rc = begin(m);
        if (!rc)
            rc = making_run(m, scope, map);
        m->arena = outer;
        arena_fini(&a);
    }
    return rc;
}

int making_list(struct making *m, enum making_scope scope,
                const struct value *list, int (*begin)(struct making *m))
{
    static const struct value nothing = {.kind = VALUE_MAP};
    struct member count = {"count", *list};
    struct value plain = value_map(&count, 1);
    int rc = 0;

    if (list->kind == VALUE_INT)
        return list->i ? make_entry(m, scope, &plain, begin) : 0;
    if (list->kind != VALUE_SET)
        return making_fail(m, "%ss are a list or a number", scope_names[scope]);
    for (uint32_t i = 0; !rc && i < list->nr; i++)
        rc = make_entry(m, scope,
                        list->items[i].kind == VALUE_NIL ? &nothing
                                                         : &list->items[i],
                        begin);
    return rc;
}

int making_try(struct making *m, const char *method, const struct value *params,
               size_t nr, struct answer *answer)
{
    struct value *all = arena_alloc(m->arena, sizeof(*all) * (nr + 1));
    struct value list = value_set(all, nr + 1);

    all[0] = value_string(m->session);
    if (nr)
        memcpy(all + 1, params, sizeof(*all) * nr);
    dispatch(m->ts, m->arena, method, &list, answer);
    return answer->ok ? 0 : -EINVAL;
}

int making_call(struct making *m, const char *method,
                const struct value *params, size_t nr, struct value *result)
{
    struct answer answer;

    if (making_try(m, method, params, nr, &answer))
        return making_fail(m, "%s: %s %s", method,
                           answer.waiting ? "waits" : answer.value.items[0].s,
                           !answer.waiting && answer.value.nr > 1
                               ? answer.value.items[1].s
                               : "");
    if (result)
        *result = answer.value;
    return 0;
}

static const struct {
    const char *name;
    int shift;
} units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};

int making_number(const struct making *m, const struct value *v,
                  int64_t *number)
{
    long long n;
    char *end;

    *number = v->i;
    if (v->kind == VALUE_INT && v->i >= 0)
        return 0;
    if (v->kind != VALUE_STRING)
        return making_fail(m, "a number is missing");
    errno = 0;
    n = strtoll(v->s, &end, 10);
    end += *end == ' ';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, end) != 0 || errno || n < 0 ||
            n > INT64_MAX >> units[i].shift)
            continue;
        *number = n << units[i].shift;
        return 0;
    }
    return making_fail(m, "'%s' is not an amount such as 64 GiB", v->s);
}

const char *making_text(const struct making *m, const struct value *v)
{
    if (v->kind == VALUE_INT)
        return arena_printf(m->arena, "%lld", (long long)v->i);
    if (v->kind == VALUE_STRING)
        return v->s;
    (void)making_fail(m, "a text is missing");
    return NULL;
}

const char *making_numbered(struct making *m, const char *text)
{
    if (m->count == 1)
        return text;
    return arena_printf(m->arena, "%s%lld", text, (long long)m->number);
}

static int login(struct making *m)
{
    const char *password = m->ts->password ? m->ts->password : "seed";
    struct value params[] = {value_string("root"), value_string(password)};
    struct value list = value_set(params, 2);
    struct answer answer;

    dispatch(m->ts, m->arena, "session.login_with_password", &list, &answer);
    m->session = answer.value.s;
    return answer.ok ? 0 : making_fail(m, "nobody can log in");
}

int pool_file_make(const struct pool_file *file, struct world *w,
                   struct toolstack *ts, int nr)
{
    struct arena a;
    struct making m = {
        .world = w, .ts = ts, .db = &ts->db, .arena = &a, .pool_nr = nr};
    struct value more = value_int(file->more);
    int rc;

    arena_init(&a);
    m.seeder = seeder_create(ts);
    pool_begin(&m);
    rc = login(&m);
    if (!rc)
        rc = making_run(&m, SCOPE_POOL, &file->pools.items[nr]);
    if (!rc)
        rc = pool_vms(&m, &more);
    if (!rc) /* of no further use */
        rc = making_call(&m, "session.logout", NULL, 0, NULL);
    seeder_destroy(m.seeder);
    arena_fini(&a);
    return rc;
}

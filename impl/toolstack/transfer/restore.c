/*
 * Restoring a dump: read as a whole and checked first, then put in the place
 * of what there is.
 */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbtext.h"
#include "device.h"
#include "dump.h"
#include "dump_version.h"
#include "refmap.h"
#include "vm_domain.h"

enum {
    REFUSED_BYTES = 128,
};

/* One row that was read. */
struct row {
    const struct class *class;
    const char *ref;
    struct value *values; /* by field; VALUE_NIL: not there */
    struct row *next;
};

struct reader {
    struct request *r;
    const struct class *class; /* of the open table; NULL: none */
    bool skip;                 /* the table is unknown, or not kept */
    int major, minor;
    struct row *first, **last;
    struct refmap rows;          /* by reference */
    char refused[REFUSED_BYTES]; /* why; empty: not yet */
};

static void refuse(struct reader *d, const char *what, const char *name)
{
    if (!*d->refused)
        (void)snprintf(d->refused, sizeof(d->refused), "%s: %.64s", what,
                       name); /* fits */
}

/* --- Reading ------------------------------------------------------------------ */

static const char *attribute(const xmlChar **list, const char *name)
{
    for (; list && list[0]; list += 2)
        if (strcmp((const char *)list[0], name) == 0)
            return (const char *)list[1];
    return "";
}

static void take_pair(struct reader *d, const xmlChar **list)
{
    const char *key = attribute(list, "key");

    if (strcmp(key, "schema_major_vsn") == 0)
        d->major = atoi(attribute(list, "value"));
    if (strcmp(key, "schema_minor_vsn") == 0)
        d->minor = atoi(attribute(list, "value"));
}

/* Roles are made from the data model; sessions and tasks are of the moment. */
static bool is_restored(const struct class *c)
{
    return c->flags & CLASS_PERSIST && strcmp(c->name, "role") != 0;
}

static void take_table(struct reader *d, const xmlChar **list)
{
    const char *name = attribute(list, "name");

    d->class = class_find(name);
    d->skip = !d->class || !is_restored(d->class);
}

/* The field of a column, name__label; negative: there is none. */
static int column(const struct class *c, const char *name)
{
    for (int i = 0; i < c->fields_nr; i++) {
        const char *p = c->fields[i]->path, *n = name;

        while (*p && (*p == *n || (*p == '/' && n[0] == '_' && n[1] == '_'))) {
            n += *p == '/' ? 2 : 1;
            p++;
        }
        if (!*p && !*n)
            return i;
    }
    return -ENOENT;
}

static void take_cell(struct reader *d, struct row *row, const char *name,
                      const char *text)
{
    int i = column(row->class, name);
    const struct field *f = i < 0 ? NULL : row->class->fields[i];

    if (*name == '_' || strcmp(name, "ref") == 0)
        return;
    if (!f)
        refuse(d, "Unexpected column", name);
    else if (dbtext_decode(d->r->arena, &f->type,
                           dbtext_unprotect(d->r->arena, text),
                           &row->values[i]))
        refuse(d, "A value of another type", name);
}

/* Whether an object has the reference that will stay, or another row. */
static bool is_taken(const struct reader *d, const char *ref)
{
    struct object *o = db_find_any(d->r->db, ref);

    return refmap_find(&d->rows, ref) || (o && !is_restored(o->class));
}

static void take_row(struct reader *d, const xmlChar **list)
{
    const char *ref = attribute(list, "ref");
    struct row *row;
    size_t size;

    if (d->skip || !d->class)
        return;
    if (!*ref || strlen(ref) >= REF_BYTES || is_taken(d, ref)) {
        refuse(d, "A row without a reference of its own", d->class->name);
        return;
    }
    size = sizeof(*row->values) * (size_t)d->class->fields_nr;
    row = arena_alloc(d->r->arena, sizeof(*row));
    *row = (struct row){.class = d->class,
                        .ref = arena_strdup(d->r->arena, ref),
                        .values = arena_alloc(d->r->arena, size)};
    for (int i = 0; i < d->class->fields_nr; i++)
        row->values[i].kind = VALUE_NIL;
    for (; list[0]; list += 2)
        take_cell(d, row, (const char *)list[0], (const char *)list[1]);
    refmap_put(&d->rows, row->ref, row);
    *d->last = row;
    d->last = &row->next;
}

static void start_cb(void *ctx, const xmlChar *name, const xmlChar **list)
{
    static const struct {
        const char *name;
        void (*take)(struct reader *d, const xmlChar **list);
    } tags[] = {{"pair", take_pair}, {"table", take_table}, {"row", take_row}};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (strcmp((const char *)name, tags[i].name) == 0)
            tags[i].take(ctx, list);
}

static void ignore_cb(void *ctx, const char *format, ...)
{
    (void)ctx;
    (void)format;
}

static int read_all(struct reader *d, const char *xml, size_t len)
{
    xmlSAXHandler sax = {
        .startElement = start_cb, .error = ignore_cb, .warning = ignore_cb};

    d->last = &d->first;
    refmap_init(&d->rows, d->r->arena);
    if (len > INT32_MAX || xmlSAXUserParseMemory(&sax, d, xml, (int)len))
        refuse(d, "Not well-formed", "XML");
    return *d->refused ? request_internal(d->r, d->refused) : 0;
}

/* --- Checking ----------------------------------------------------------------- */

/* A text of the row; "" when it has none. */
static const char *cell(const struct row *row, const char *field)
{
    const struct value *v = &row->values[field_index(row->class, field)];

    return v->kind == VALUE_STRING ? v->s : "";
}

static const struct row *find_row(const struct reader *d,
                                  const char *class_name, const char *ref)
{
    const struct row *row = refmap_find(&d->rows, ref);

    return row && strcmp(row->class->name, class_name) == 0 ? row : NULL;
}

/* The host that was the master; NULL: there is none in the dump. */
static const struct row *master_row(const struct reader *d)
{
    const struct row *pool = d->first;

    while (pool && strcmp(pool->class->name, "pool") != 0)
        pool = pool->next;
    return pool ? find_row(d, "host", cell(pool, "master")) : NULL;
}

static bool has_device(struct reader *d, const char *device)
{
    struct object *host = toolstack_master(d->r->ts);

    for (struct object *o = db_first(d->r->db, "PIF"); o; o = o->next)
        if (strcmp(db_text(o, "host"), host->ref) == 0 &&
            strcmp(db_text(o, "device"), device) == 0)
            return true;
    return false;
}

/* Interfaces that the dump's master has must be here. */
static int check_devices(struct reader *d, const struct row *master)
{
    for (const struct row *row = d->first; row; row = row->next) {
        if (strcmp(row->class->name, "PIF") != 0 ||
            strcmp(cell(row, "host"), master->ref) != 0)
            continue;
        if (!has_device(d, cell(row, "device")))
            return request_fail(d->r, "RESTORE_TARGET_MISSING_DEVICE",
                                cell(row, "device"), NULL);
    }
    return 0;
}

static int check(struct reader *d)
{
    const struct row *master = master_row(d);

    if (d->major != DUMP_SCHEMA_MAJOR || d->minor != DUMP_SCHEMA_MINOR)
        return request_fail(d->r, "RESTORE_INCOMPATIBLE_VERSION", NULL);
    if (!master)
        return request_internal(d->r, "The dump has no master");
    return check_devices(d, master);
}

/* --- Replacing ---------------------------------------------------------------- */

static void stop_machines(struct request *r)
{
    for (struct object *o = db_first(r->db, "VM"); o; o = o->next)
        if (db_int(o, "domid") > 0)
            (void)vm_drive(r, o, r->ts->domains.stop); /* or it is gone */
}

static void empty_tables(struct db *db)
{
    for (int i = 0; i < class_count(); i++) {
        const struct class *c = class_at(i);
        struct object *o;

        while (is_restored(c) && (o = db_first(db, c->name)))
            db_destroy(db, o);
    }
}

/* Sets that follow from what their items refer to are not taken from dumps. */
static bool follows(const struct field *f)
{
    const struct class *items = NULL;

    if (f->type.shape == SHAPE_SET && f->type.elem.kind == BASE_REF)
        items = class_find(f->type.elem.of);
    for (int i = 0; items && i < items->fields_nr; i++)
        if (items->fields[i]->mirror == f &&
            items->fields[i]->type.shape == SHAPE_ONE)
            return true;
    return false;
}

/* Without references that lead nowhere. */
static struct value mended(struct request *r, const struct field *f,
                           const struct value *v)
{
    struct value *items;
    uint32_t nr = 0;

    if (f->type.elem.kind != BASE_REF)
        return *v;
    if (f->type.shape == SHAPE_ONE)
        return db_find_any(r->db, v->s) ? *v : value_string(REF_NULL);
    if (f->type.shape != SHAPE_SET)
        return *v;
    items = arena_alloc(r->arena, sizeof(*items) * (v->nr + 1));
    for (uint32_t i = 0; i < v->nr; i++)
        if (db_find_any(r->db, v->items[i].s))
            items[nr++] = v->items[i];
    return value_set(items, nr);
}

/* All objects first, so that references find them. */
static void put_rows(struct reader *d)
{
    for (const struct row *row = d->first; row; row = row->next)
        (void)db_adopt(d->r->db, row->class->name, row->ref); /* found below */
    for (const struct row *row = d->first; row; row = row->next) {
        struct object *o = db_find_any(d->r->db, row->ref);

        for (int i = 0; i < row->class->fields_nr; i++) {
            const struct field *f = row->class->fields[i];

            if (row->values[i].kind != VALUE_NIL && !follows(f))
                db_set_at(d->r->db, o, i, mended(d->r, f, &row->values[i]));
        }
    }
}

/* Metrics of devices are not in dumps. */
static void complete(struct request *r)
{
    static const char *const classes[] = {"VBD", "VIF"};

    for (size_t i = 0; i < 2; i++)
        for (struct object *o = db_first(r->db, classes[i]); o; o = o->next)
            if (!db_ref(r->db, o, "metrics"))
                device_metrics(r, o);
}

int dump_restore(struct request *r, const char *xml, size_t len, bool dry_run)
{
    struct reader d = {.r = r};
    const char *uuid;
    char ref[REF_BYTES];
    int rc = read_all(&d, xml, len);

    if (!rc)
        rc = check(&d);
    if (rc || dry_run)
        return rc;
    uuid = arena_strdup(r->arena, db_text(toolstack_master(r->ts), "uuid"));
    memcpy(ref, master_row(&d)->ref, strlen(master_row(&d)->ref) + 1);
    stop_machines(r);
    empty_tables(r->db);
    put_rows(&d);
    db_set_text(r->db, db_find(r->db, "host", ref), "uuid", uuid);
    complete(r);
    toolstack_settle(r->ts);
    return 0;
}

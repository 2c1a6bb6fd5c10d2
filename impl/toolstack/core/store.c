/* Objects as rows: reference, class, fields as JSON. */
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "unmarshal.h"

enum {
    SCHEMA_VERSION = 1,
};

struct store {
    sqlite3 *sql;
    sqlite3_stmt *put, *del;
    uint64_t flushed;       /* generation that is on disk */
    uint64_t tombstones_nr; /* deletions that are on disk */
    int64_t boots;
};

static const char set_up[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS object("
    "ref TEXT PRIMARY KEY, class TEXT NOT NULL, fields TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER);";

static int run(struct store *s, const char *text)
{
    return sqlite3_exec(s->sql, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

/* The one number that a query gives. 0 or -EIO. */
static int ask(struct store *s, const char *text, int64_t *number)
{
    sqlite3_stmt *q;
    int rc = -EIO;

    if (sqlite3_prepare_v2(s->sql, text, -1, &q, NULL) != SQLITE_OK)
        return -EIO;
    if (sqlite3_step(q) == SQLITE_ROW) {
        *number = sqlite3_column_int64(q, 0);
        rc = 0;
    }
    sqlite3_finalize(q);
    return rc;
}

/* 0, -EIO, or -EPROTO: the file is of a later program. */
static int check_version(struct store *s)
{
    int64_t version;

    if (ask(s, "PRAGMA user_version", &version))
        return -EIO;
    if (version > SCHEMA_VERSION)
        return -EPROTO;
    if (run(s, "PRAGMA user_version=1; INSERT INTO meta VALUES('boots',1) "
               "ON CONFLICT(key) DO UPDATE SET value=value+1"))
        return -EIO;
    return ask(s, "SELECT value FROM meta WHERE key='boots'", &s->boots);
}

int64_t store_boots(const struct store *s)
{
    return s->boots;
}

int store_open(const char *path, struct store **out)
{
    struct store *s = must_alloc(sizeof(*s));
    int rc = -EIO;

    *s = (struct store){0};
    if (sqlite3_open(path, &s->sql) != SQLITE_OK || run(s, set_up))
        goto out;
    rc = check_version(s);
    if (rc)
        goto out;
    rc = -EIO;
    if (sqlite3_prepare_v2(s->sql,
                           "INSERT INTO object VALUES(?1,?2,?3) ON CONFLICT"
                           "(ref) DO UPDATE SET fields=?3",
                           -1, &s->put, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(s->sql, "DELETE FROM object WHERE ref=?1", -1,
                           &s->del, NULL) != SQLITE_OK)
        goto out;
    *out = s;
    return 0;
out:
    store_close(s);
    return rc;
}

void store_close(struct store *s)
{
    sqlite3_finalize(s->put);
    sqlite3_finalize(s->del);
    sqlite3_close(s->sql);
    free(s);
}

/* Roles are made anew from the data model at each start. */
static bool persists(const struct class *c)
{
    return (c->flags & CLASS_PERSIST) && strcmp(c->name, "role") != 0;
}

/* One row into one object. 0 or -EIO. */
static int load_object(struct db *db, struct arena *a, const char *ref,
                       const char *class_name, const char *fields)
{
    const struct class *c = class_find(class_name);
    struct request r = {.db = db, .arena = a};
    struct object *o;
    struct value v;

    if (!c || strlen(ref) >= REF_BYTES ||
        json_decode(a, fields, strlen(fields), &v) || v.kind != VALUE_MAP)
        return -EIO;
    o = db_adopt(db, class_name, ref);
    for (uint32_t i = 0; i < v.nr; i++) {
        int index = field_index(c, v.members[i].key);
        struct value typed;

        /* A field that this release no longer has is dropped. */
        if (index >= 0 && unmarshal(&r, &c->fields[index]->type,
                                    &v.members[i].value, &typed) == 0)
            db_restore(db, o, index, typed);
    }
    return 0;
}

int store_load(struct store *s, struct db *db, int *nr)
{
    struct arena a;
    sqlite3_stmt *q;
    int rc = 0, step;

    *nr = 0;
    if (sqlite3_prepare_v2(s->sql,
                           "SELECT ref,class,fields FROM object ORDER BY rowid",
                           -1, &q, NULL) != SQLITE_OK)
        return -EIO;
    while (!rc && (step = sqlite3_step(q)) == SQLITE_ROW) {
        arena_init(&a);
        rc = load_object(db, &a, (const char *)sqlite3_column_text(q, 0),
                         (const char *)sqlite3_column_text(q, 1),
                         (const char *)sqlite3_column_text(q, 2));
        arena_fini(&a);
        ++*nr;
    }
    if (!rc && step != SQLITE_DONE)
        rc = -EIO;
    sqlite3_finalize(q);
    s->flushed = db->generation - 1;
    s->tombstones_nr = db->tombstones_nr;
    return rc;
}

static int step(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    (void)sqlite3_reset(q); /* says again what step said */
    return rc == SQLITE_DONE ? 0 : -EIO;
}

static int put_object(struct store *s, const struct object *o)
{
    struct buf text = {0};
    bool first = true;
    int rc;

    buf_putc(&text, '{');
    for (int i = 0; i < o->class->fields_nr; i++) {
        if (strcmp(o->class->fields[i]->name, "current_operations") == 0)
            continue; /* no operation outlives the process */
        if (!first)
            buf_putc(&text, ',');
        first = false;
        json_string(&text, o->class->fields[i]->name);
        buf_putc(&text, ':');
        json_encode(&text, &o->cells[i].value);
    }
    buf_putc(&text, '}');
    (void)sqlite3_bind_text(s->put, 1, o->ref, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->put, 2, o->class->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->put, 3, text.data, (int)text.len,
                            SQLITE_STATIC); /* step() fails if these did */
    rc = step(s->put);
    buf_fini(&text);
    return rc;
}

static int write_changes(struct store *s, struct db *db)
{
    int rc = 0;

    if (db->tombstones_nr - s->tombstones_nr > TOMBSTONES_MAX) {
        /* More was deleted than is remembered: write all that is left. */
        rc = run(s, "DELETE FROM object");
        s->tombstones_nr = db->tombstones_nr;
        s->flushed = 0;
    }
    for (uint64_t i = s->tombstones_nr; !rc && i < db->tombstones_nr; i++) {
        const struct tombstone *t = &db->tombstones[i % TOMBSTONES_MAX];

        if (!persists(t->class))
            continue;
        (void)sqlite3_bind_text(s->del, 1, t->ref, -1, SQLITE_STATIC);
        rc = step(s->del);
    }
    for (struct object *o = db->newest; !rc && o && o->changed > s->flushed;
         o = o->older)
        if (persists(o->class))
            rc = put_object(s, o);
    return rc;
}

static bool has_changes(const struct store *s, const struct db *db)
{
    for (uint64_t i = s->tombstones_nr; i < db->tombstones_nr; i++)
        if (persists(db->tombstones[i % TOMBSTONES_MAX].class))
            return true;
    for (const struct object *o = db->newest; o && o->changed > s->flushed;
         o = o->older)
        if (persists(o->class))
            return true;
    return false;
}

int store_flush(struct store *s, struct db *db)
{
    if (has_changes(s, db)) {
        if (run(s, "BEGIN") || write_changes(s, db) || run(s, "COMMIT")) {
            (void)run(s, "ROLLBACK"); /* nothing of it counts */
            return -EIO;
        }
    }
    s->flushed = db->generation - 1;
    s->tombstones_nr = db->tombstones_nr;
    return 0;
}

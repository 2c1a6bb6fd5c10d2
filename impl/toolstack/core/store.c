/* Objects as rows: reference, class, fields as JSON, and a sum of these. */
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "store_schema.h"
#include "unmarshal.h"

struct store {
    sqlite3 *sql;
    sqlite3_stmt *put, *del, *note;
    uint64_t flushed;          /* generation that is on disk */
    uint64_t tombstones_nr;    /* deletions that are on disk */
    int64_t boots, generation; /* found when the file was opened */
};

static int run(struct store *s, const char *text)
{
    int rc = sqlite3_exec(s->sql, text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : store_error(rc);
}

int64_t store_boots(const struct store *s)
{
    return s->boots;
}

static int prepare(struct store *s)
{
    int rc =
        sqlite3_prepare_v2(s->sql,
                           "INSERT INTO object(ref,class,fields,sum,created) "
                           "VALUES(?1,?2,?3,?4,?5) "
                           "ON CONFLICT(ref) DO UPDATE SET fields=?3,sum=?4",
                           -1, &s->put, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(s->sql, "DELETE FROM object WHERE ref=?1", -1,
                                &s->del, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(
            s->sql, "UPDATE meta SET value=?1 WHERE key='generation'", -1,
            &s->note, NULL);
    return rc == SQLITE_OK ? 0 : store_error(rc);
}

int store_open(const char *path, struct store **out)
{
    struct store *s = must_alloc(sizeof(*s));
    int rc;

    *s = (struct store){0};
    rc = store_schema_open(path, &s->sql, &s->boots, &s->generation);
    if (!rc)
        rc = prepare(s);
    if (rc) {
        store_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    sqlite3_finalize(s->put);
    sqlite3_finalize(s->del);
    sqlite3_finalize(s->note);
    sqlite3_close(s->sql);
    free(s);
}

void store_limit(struct store *s, int64_t bytes)
{
    char text[64];

    (void)sqlite3_snprintf((int)sizeof(text), text,
                           "PRAGMA max_page_count=%lld",
                           (long long)(bytes / 4096));
    (void)run(s, text); /* a number is always taken */
}

/*
 * Tasks outlive the process though the data model says no: their callers wait
 * for them. So do alerts, which the model does not call objects at all.
 */
static bool persists(const struct class *c)
{
    static const char *const also[] = {"task", "message"};

    for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
        if (strcmp(c->name, also[i]) == 0)
            return true;
    return (c->flags & CLASS_PERSIST) && strcmp(c->name, "role") != 0;
}

/* --- Reading ---------------------------------------------------------------- */

static bool is_whole(sqlite3_stmt *q)
{
    const char *text[3];

    for (int i = 0; i < 3; i++) {
        text[i] = (const char *)sqlite3_column_text(q, i);
        if (!text[i] || strlen(text[i]) != (size_t)sqlite3_column_bytes(q, i))
            return false;
    }
    return sqlite3_column_type(q, 3) == SQLITE_NULL ||
           sqlite3_column_int64(q, 3) == store_sum(text[0], text[1], text[2]);
}

/* One row into one object. 0 or -EUCLEAN. */
static int load_object(struct db *db, struct arena *a, sqlite3_stmt *q)
{
    const char *ref, *fields;
    struct request r = {.db = db, .arena = a};
    const struct class *c;
    struct object *o;
    struct value v;

    if (!is_whole(q))
        return -EUCLEAN;
    ref = (const char *)sqlite3_column_text(q, 0);
    c = class_find((const char *)sqlite3_column_text(q, 1));
    fields = (const char *)sqlite3_column_text(q, 2);
    if (!c || !persists(c) || strlen(ref) >= REF_BYTES ||
        json_decode(a, fields, strlen(fields), &v) || v.kind != VALUE_MAP)
        return -EUCLEAN;
    o = db_adopt(db, c->name, ref);
    o->created = (uint64_t)sqlite3_column_int64(q, 4);
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

static bool has_master(const struct db *db)
{
    const struct object *pool = db_first(db, "pool");

    return pool && db_find(db, "host", db_text(pool, "master"));
}

/* The only host has joined another pool (pool/moving.c), and said so. */
static bool was_left(const struct db *db, int nr)
{
    const struct object *mark = db_first(db, "secret");

    return nr == 1 && mark && strcmp(db_text(mark, "value"), "left") == 0;
}

int store_load(struct store *s, struct db *db, int *nr)
{
    struct arena a;
    sqlite3_stmt *q = NULL;
    int step, rc = 0;

    *nr = 0;
    db->generation += (uint64_t)s->generation; /* old tokens stay old */
    step = sqlite3_prepare_v2(s->sql,
                              "SELECT ref,class,fields,sum,created FROM object "
                              "ORDER BY created,rowid",
                              -1, &q, NULL);
    if (step != SQLITE_OK)
        return store_error(step);
    while (!rc && (step = sqlite3_step(q)) == SQLITE_ROW) {
        arena_init(&a);
        rc = load_object(db, &a, q);
        arena_fini(&a);
        ++*nr;
    }
    if (!rc && step != SQLITE_DONE)
        rc = store_error(step);
    sqlite3_finalize(q);
    if (!rc && *nr && !has_master(db) && !was_left(db, *nr))
        rc = -EUCLEAN;
    s->flushed = db->generation - 1;
    s->tombstones_nr = db->tombstones_nr;
    return rc;
}

int store_read(const char *path, struct db *db, int *nr)
{
    struct store s = {0};
    int rc = store_schema_read(path, &s.sql);

    if (!rc)
        rc = store_load(&s, db, nr);
    sqlite3_close(s.sql);
    return rc;
}

/* --- Writing ---------------------------------------------------------------- */

static int step(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    (void)sqlite3_reset(q); /* says again what step said */
    return rc == SQLITE_DONE ? 0 : store_error(rc);
}

static void put_fields(struct buf *text, const struct object *o)
{
    bool first = true;

    buf_putc(text, '{');
    for (int i = 0; i < o->class->fields_nr; i++) {
        if (strcmp(o->class->fields[i]->name, "current_operations") == 0)
            continue; /* no operation outlives the process */
        if (!first)
            buf_putc(text, ',');
        first = false;
        json_string(text, o->class->fields[i]->name);
        buf_putc(text, ':');
        json_encode(text, &o->cells[i].value);
    }
    buf_add(text, "}", 2); /* with its NUL */
}

static int put_object(struct store *s, const struct object *o)
{
    struct buf text = {0};
    int rc;

    put_fields(&text, o);
    (void)sqlite3_bind_text(s->put, 1, o->ref, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->put, 2, o->class->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->put, 3, text.data, (int)text.len - 1,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(s->put, 4,
                             store_sum(o->ref, o->class->name, text.data));
    (void)sqlite3_bind_int64(s->put, 5, (int64_t)o->created);
    rc = step(s->put); /* fails if a bind did */
    buf_fini(&text);
    return rc;
}

static int write_changes(struct store *s, struct db *db)
{
    uint64_t flushed = s->flushed, deleted = s->tombstones_nr;
    int rc = 0;

    if (db->tombstones_nr - deleted > TOMBSTONES_MAX) {
        /* More was deleted than is remembered: write all that is left. */
        rc = run(s, "DELETE FROM object");
        deleted = db->tombstones_nr;
        flushed = 0;
    }
    for (uint64_t i = deleted; !rc && i < db->tombstones_nr; i++) {
        const struct tombstone *t = &db->tombstones[i % TOMBSTONES_MAX];

        if (!persists(t->class))
            continue;
        (void)sqlite3_bind_text(s->del, 1, t->ref, -1, SQLITE_STATIC);
        rc = step(s->del);
    }
    for (struct object *o = db->newest; !rc && o && o->changed > flushed;
         o = o->older)
        if (persists(o->class))
            rc = put_object(s, o);
    (void)sqlite3_bind_int64(s->note, 1, (int64_t)db->generation);
    return rc ? rc : step(s->note);
}

static bool has_changes(const struct store *s, const struct db *db)
{
    if (db->tombstones_nr - s->tombstones_nr > TOMBSTONES_MAX)
        return true;
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
    int rc = 0;

    if (has_changes(s, db)) {
        rc = run(s, "BEGIN");
        if (!rc)
            rc = write_changes(s, db);
        if (!rc)
            rc = run(s, "COMMIT");
        if (rc) {
            (void)run(s, "ROLLBACK"); /* nothing of it counts */
            return rc;
        }
    }
    s->flushed = db->generation - 1;
    s->tombstones_nr = db->tombstones_nr;
    return 0;
}

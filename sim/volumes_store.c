/*
 * The index of volumes in SQLite: which leaf is where, and what leaves hold.
 *
 * One transaction a flush. Slots are counted again at each start, so that what
 * an interrupted write took is free then.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "volumes_priv.h"

enum {
    SCHEMA_VERSION = 1,
    NODES_MAX = 1 << 30,
};

enum statement {
    PUT_SR,
    PUT_NODE,
    PUT_VOLUME,
    PUT_ROW,
    PUT_LEAF,
    DEL_SR,
    DEL_NODE,
    DEL_VOLUME,
    DEL_ROW,
    DEL_LEAF,
    STATEMENTS_NR,
};

static const char *const statements[STATEMENTS_NR] = {
    [PUT_SR] = "INSERT OR REPLACE INTO sr VALUES(?1,?2,?3,?4)",
    [PUT_NODE] = "INSERT OR REPLACE INTO node VALUES(?1,?2,?3,?4)",
    [PUT_VOLUME] = "INSERT OR REPLACE INTO volume VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [PUT_ROW] = "INSERT OR REPLACE INTO map VALUES(?1,?2,?3)",
    [PUT_LEAF] = "INSERT OR REPLACE INTO leaf VALUES(?1,?2)",
    [DEL_SR] = "DELETE FROM sr WHERE uuid=?1",
    [DEL_NODE] = "DELETE FROM node WHERE id=?1",
    [DEL_VOLUME] = "DELETE FROM volume WHERE id=?1",
    [DEL_ROW] = "DELETE FROM map WHERE volume=?1 AND place=?2",
    [DEL_LEAF] = "DELETE FROM leaf WHERE id=?1",
};

static const char set_up[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS sr(uuid TEXT PRIMARY KEY, type TEXT NOT NULL,"
    " place TEXT NOT NULL, size INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS node(id INTEGER PRIMARY KEY,"
    " parent INTEGER NOT NULL, merged INTEGER NOT NULL, sr TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS volume(id INTEGER PRIMARY KEY,"
    " sr TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, node INTEGER NOT NULL, about TEXT);"
    "CREATE TABLE IF NOT EXISTS leaf(id INTEGER PRIMARY KEY,"
    " entries BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS map(volume INTEGER, place INTEGER,"
    " leaf INTEGER NOT NULL, PRIMARY KEY(volume, place)) WITHOUT ROWID;";

struct volumes_store {
    sqlite3 *sql;
    sqlite3_stmt *prepared[STATEMENTS_NR];
    bool begun;            /* deletions are written as they come */
    struct leaf *newest;   /* while loading */
    struct volume **by_id; /* the same; next_id of them */
};

static int run(struct volumes_store *store, const char *text)
{
    int rc = sqlite3_exec(store->sql, text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : -EIO;
}

static int step(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    (void)sqlite3_reset(q); /* says again what step said */
    return rc == SQLITE_DONE ? 0 : -EIO;
}

/* A statement to bind values to, in the transaction. */
static sqlite3_stmt *begin(struct sim_volumes *s, enum statement which)
{
    struct volumes_store *store = s->store;

    if (!store->begun && run(store, "BEGIN"))
        s->rc = -EIO;
    store->begun = true;
    s->dirty = true;
    return store->prepared[which];
}

/* Statements with nothing but numbers; errors are kept for the flush. */
static void run_numbers(struct sim_volumes *s, enum statement which, int64_t a,
                        int64_t b, int64_t c)
{
    sqlite3_stmt *q;
    int64_t numbers[] = {a, b, c};

    if (!s->store)
        return;
    q = begin(s, which);
    for (int i = 0; i < sqlite3_bind_parameter_count(q); i++)
        (void)sqlite3_bind_int64(q, i + 1, numbers[i]); /* step() tells */
    if (step(q))
        s->rc = -EIO;
}

void volumes_store_drop_volume(struct sim_volumes *s, int64_t id)
{
    run_numbers(s, DEL_VOLUME, id, 0, 0);
}

void volumes_store_drop_leaf(struct sim_volumes *s, uint32_t id)
{
    run_numbers(s, DEL_LEAF, id, 0, 0);
}

void volumes_store_drop_row(struct sim_volumes *s, int64_t volume,
                            uint32_t index)
{
    run_numbers(s, DEL_ROW, volume, index, 0);
}

void volumes_store_drop_node(struct sim_volumes *s, uint32_t node)
{
    run_numbers(s, DEL_NODE, node, 0, 0);
}

static void bind_text(sqlite3_stmt *q, int place, const char *text)
{
    (void)sqlite3_bind_text(q, place, text, -1, SQLITE_STATIC); /* as above */
}

void volumes_store_drop_sr(struct sim_volumes *s, const char *uuid)
{
    sqlite3_stmt *q;

    if (!s->store)
        return;
    q = begin(s, DEL_SR);
    bind_text(q, 1, uuid);
    if (step(q))
        s->rc = -EIO;
}

/* --- Writing ---------------------------------------------------------------- */

static int put_sr(struct sim_volumes *s, const struct sim_sr *sr)
{
    sqlite3_stmt *q = begin(s, PUT_SR);

    bind_text(q, 1, sr->uuid);
    bind_text(q, 2, sr->type);
    bind_text(q, 3, sr->place);
    (void)sqlite3_bind_int64(q, 4, sr->size);
    return step(q);
}

static int put_node(struct sim_volumes *s, uint32_t number)
{
    sqlite3_stmt *q = begin(s, PUT_NODE);
    struct node *n = &s->nodes[number];

    n->dirty = false;
    (void)sqlite3_bind_int64(q, 1, number);
    (void)sqlite3_bind_int64(q, 2, n->parent);
    (void)sqlite3_bind_int64(q, 3, n->into);
    bind_text(q, 4, n->sr->uuid);
    return step(q);
}

static int put_volume(struct sim_volumes *s, struct volume *v)
{
    sqlite3_stmt *q = begin(s, PUT_VOLUME);

    (void)sqlite3_bind_int64(q, 1, v->id);
    bind_text(q, 2, v->sr->uuid);
    bind_text(q, 3, v->name);
    (void)sqlite3_bind_int64(q, 4, v->size);
    (void)sqlite3_bind_int64(q, 5, (int64_t)v->epoch);
    (void)sqlite3_bind_int64(q, 6, v->node);
    (void)sqlite3_bind_text(q, 7, v->about, -1, SQLITE_STATIC); /* or NULL */
    if (step(q))
        return -EIO;
    for (uint32_t i = 0; i < v->map.nr; i++) {
        struct mapped *m = &v->map.items[i];

        if (m->dirty)
            run_numbers(s, PUT_ROW, v->id, m->index, m->leaf->id);
        m->dirty = false;
    }
    v->dirty = false;
    return s->rc;
}

static int put_leaves(struct sim_volumes *s)
{
    int rc = 0;

    while (!rc && s->dirty_leaves) {
        struct leaf *leaf = s->dirty_leaves;
        sqlite3_stmt *q = begin(s, PUT_LEAF);

        (void)sqlite3_bind_int64(q, 1, leaf->id);
        (void)sqlite3_bind_blob(q, 2, leaf->entries, sizeof(leaf->entries),
                                SQLITE_STATIC); /* step() tells */
        rc = step(q);
        leaf->dirty = false;
        s->dirty_leaves = leaf->next_dirty;
    }
    return rc;
}

int volumes_store_flush(struct sim_volumes *s)
{
    int rc = s->rc;

    for (struct sim_sr *sr = s->srs; !rc && sr; sr = sr->next)
        if (sr->dirty) {
            rc = put_sr(s, sr);
            sr->dirty = false;
        }
    for (uint32_t i = 1; !rc && i < s->nodes_nr; i++)
        if (s->nodes[i].dirty && (s->nodes[i].live || s->nodes[i].into))
            rc = put_node(s, i);
    for (int i = 0; !rc && i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i]; !rc && v; v = v->next)
            if (v->dirty)
                rc = put_volume(s, v);
    if (!rc)
        rc = put_leaves(s);
    if (!rc && s->store->begun)
        rc = run(s->store, "COMMIT");
    s->store->begun = false;
    return rc;
}

/* --- Loading ---------------------------------------------------------------- */

/* Calls `fn` for each row of the query, as long as it returns 0. */
static int each(struct sim_volumes *s, const char *text,
                int (*fn)(struct sim_volumes *s, sqlite3_stmt *q))
{
    sqlite3_stmt *q;
    int rc = 0, got;

    if (sqlite3_prepare_v2(s->store->sql, text, -1, &q, NULL) != SQLITE_OK)
        return -EIO;
    while (!rc && (got = sqlite3_step(q)) == SQLITE_ROW)
        rc = fn(s, q);
    if (!rc && got != SQLITE_DONE)
        rc = -EIO;
    sqlite3_finalize(q);
    return rc;
}

static const char *text_at(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);

    return text ? text : "";
}

static int check_version(struct sim_volumes *s, sqlite3_stmt *q)
{
    (void)s;
    return sqlite3_column_int64(q, 0) > SCHEMA_VERSION ? -EPROTO : 0;
}

static int load_sr(struct sim_volumes *s, sqlite3_stmt *q)
{
    sim_sr_make(s, text_at(q, 0), text_at(q, 1), text_at(q, 2),
                sqlite3_column_int64(q, 3))
        ->dirty = false;
    return 0;
}

/* Rows come by number; the numbers between them are of nodes that are gone. */
static int load_node(struct sim_volumes *s, sqlite3_stmt *q)
{
    int64_t number = sqlite3_column_int64(q, 0);
    int64_t parent = sqlite3_column_int64(q, 1);
    int64_t into = sqlite3_column_int64(q, 2);
    struct sim_sr *sr = sim_sr_lookup(s, text_at(q, 3));

    if (number < s->nodes_nr || number > NODES_MAX || !sr || parent < 0 ||
        parent >= number || into < 0 || into >= number)
        return -EIO;
    while (s->nodes_nr <= number) {
        uint32_t gap = node_create(s, sr, 0); /* moves the nodes */

        s->nodes[gap] = (struct node){0};
    }
    s->nodes[number] = (struct node){.sr = sr,
                                     .parent = (uint32_t)parent,
                                     .into = (uint32_t)into,
                                     .live = !into};
    return 0;
}

static void link_nodes(struct sim_volumes *s)
{
    for (uint32_t i = 1; i < s->nodes_nr; i++) {
        uint32_t parent = s->nodes[i].parent;

        if (!s->nodes[i].live || !parent)
            continue;
        parent = node_find(s, parent);
        s->nodes[parent].children++;
        s->nodes[parent].kids ^= i;
    }
}

static int load_volume(struct sim_volumes *s, sqlite3_stmt *q)
{
    struct sim_sr *sr = sim_sr_lookup(s, text_at(q, 1));
    const char *name = text_at(q, 2);
    struct volume *v;

    if (!sr || strlen(name) >= NAME_BYTES)
        return -EIO;
    v = volume_make(s, sr, name, sqlite3_column_int64(q, 3));
    v->id = sqlite3_column_int64(q, 0);
    v->epoch = (uint64_t)sqlite3_column_int64(q, 4);
    v->node = (uint32_t)sqlite3_column_int64(q, 5);
    v->dirty = false;
    if (*text_at(q, 6)) {
        v->about = must_alloc(strlen(text_at(q, 6)) + 1);
        memcpy(v->about, text_at(q, 6), strlen(text_at(q, 6)) + 1);
    }
    if (v->id >= s->next_id)
        s->next_id = v->id + 1;
    if (v->epoch > s->versions)
        s->versions = v->epoch;
    v->passing = *name == '.';
    return v->node && v->node < s->nodes_nr ? 0 : -EIO;
}

/* What the entries of a new leaf refer to. 0 or -EIO. */
static int count_entries(struct sim_volumes *s, const struct leaf *leaf)
{
    for (int i = 0; i < LEAF_BLOCKS; i++) {
        const struct entry *e = &leaf->entries[i];

        if (e->version > s->versions)
            s->versions = e->version;
        if (!e->slot)
            continue;
        if (e->slot >= s->blocks.limit || !e->owner ||
            e->owner >= s->nodes_nr || !s->nodes[e->owner].sr)
            return -EIO;
        blocks_restore(&s->blocks, e->slot);
        if (s->blocks.refs[e->slot] == 1)
            node_account(s, e->owner, 1);
    }
    return 0;
}

/* Rows come by leaf: what shares a leaf comes one after the other. */
static int load_row(struct sim_volumes *s, sqlite3_stmt *q)
{
    int64_t volume = sqlite3_column_int64(q, 0);
    int64_t place = sqlite3_column_int64(q, 1), id = sqlite3_column_int64(q, 2);
    struct leaf *leaf = s->store->newest;
    int rc = 0;

    if (volume < 0 || volume >= s->next_id || !s->store->by_id[volume] ||
        place < 0 || place > STORAGE_VOLUME_MAX / STORAGE_BLOCK / LEAF_BLOCKS ||
        id < 1 || id >= UINT32_MAX ||
        sqlite3_column_bytes(q, 3) != sizeof(leaf->entries))
        return -EIO;
    if (!leaf || leaf->id != id) {
        leaf = must_alloc(sizeof(*leaf));
        *leaf = (struct leaf){.id = (uint32_t)id};
        memcpy(leaf->entries, sqlite3_column_blob(q, 3), sizeof(leaf->entries));
        s->store->newest = leaf;
        s->next_leaf = leaf->id + 1;
        rc = count_entries(s, leaf);
    }
    leaf->refs++;
    map_insert(s->store->by_id[volume], (uint32_t)place, leaf);
    return rc;
}

static int load_rows(struct sim_volumes *s)
{
    struct volumes_store *store = s->store;
    int rc;

    store->by_id = must_alloc((size_t)s->next_id * sizeof(*store->by_id));
    memset(store->by_id, 0, (size_t)s->next_id * sizeof(*store->by_id));
    for (int i = 0; i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i]; v; v = v->next)
            store->by_id[v->id] = v;
    rc = each(s,
              "SELECT volume, place, id, entries FROM map JOIN leaf"
              " ON leaf.id=map.leaf ORDER BY id",
              load_row);
    free(store->by_id);
    store->by_id = NULL;
    return rc;
}

/* What was beside disks while they came in has no purpose any more. */
static void drop_passing(struct sim_volumes *s)
{
    for (int i = 0; i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i], *next; v; v = next) {
            next = v->next;
            if (v->passing)
                volume_drop(s, v);
        }
}

/* Nothing that was just loaded needs to be written. */
static void all_clean(struct sim_volumes *s)
{
    for (int i = 0; i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i]; v; v = v->next)
            for (uint32_t k = 0; k < v->map.nr; k++)
                v->map.items[k].dirty = false;
    s->dirty = false;
}

static int load(struct sim_volumes *s)
{
    int rc = each(s, "PRAGMA user_version", check_version);

    if (!rc)
        rc = run(s->store, "PRAGMA user_version=1");
    if (!rc)
        rc = each(s, "SELECT * FROM sr ORDER BY rowid DESC", load_sr);
    if (!rc)
        rc = each(s, "SELECT * FROM node ORDER BY id", load_node);
    if (!rc)
        rc = each(s, "SELECT * FROM volume ORDER BY id", load_volume);
    link_nodes(s);
    if (!rc)
        rc = load_rows(s);
    if (!rc)
        blocks_restored(&s->blocks);
    all_clean(s);
    drop_passing(s);
    return rc;
}

int volumes_store_open(struct sim_volumes *s, const char *path)
{
    struct volumes_store *store = must_alloc(sizeof(*store));

    *store = (struct volumes_store){0};
    s->store = store;
    if (sqlite3_open(path, &store->sql) != SQLITE_OK || run(store, set_up))
        return -EIO;
    for (int i = 0; i < STATEMENTS_NR; i++)
        if (sqlite3_prepare_v2(store->sql, statements[i], -1,
                               &store->prepared[i], NULL) != SQLITE_OK)
            return -EIO;
    return load(s);
}

void volumes_store_close(struct sim_volumes *s)
{
    if (!s->store)
        return;
    for (int i = 0; i < STATEMENTS_NR; i++)
        sqlite3_finalize(s->store->prepared[i]);
    sqlite3_close(s->store->sql);
    free(s->store);
    s->store = NULL;
}

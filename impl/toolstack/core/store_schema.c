/* Versions of the store's file: PRAGMA user_version, and a step to each. */
#include "store_schema.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "buf.h"

/*
 * upgrades[n] turns a file of version n into one of version n+1; 0 is an empty
 * one. Rows without a sum (of version 1) are believed.
 */
static const char *const upgrades[] = {
    "CREATE TABLE object(ref TEXT PRIMARY KEY, class TEXT NOT NULL,"
    " fields TEXT NOT NULL);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER)",
    "ALTER TABLE object ADD COLUMN sum INTEGER;"
    "ALTER TABLE object ADD COLUMN created INTEGER;"
    "UPDATE object SET created=rowid;"
    "INSERT INTO meta SELECT 'generation',max(rowid) FROM object",
};

#define GENERATION_MAX (INT64_C(1) << 62)

enum {
    VERSION = sizeof(upgrades) / sizeof(upgrades[0]),
};

int store_error(int sqlite_rc)
{
    static const struct {
        int sqlite_rc, rc;
    } rows[] = {{SQLITE_FULL, -ENOSPC},
                {SQLITE_BUSY, -EBUSY},
                {SQLITE_NOTADB, -EUCLEAN},
                {SQLITE_CORRUPT, -EUCLEAN},
                {SQLITE_SCHEMA, -EUCLEAN}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((sqlite_rc & 0xff) == rows[i].sqlite_rc)
            return rows[i].rc;
    return -EIO;
}

int64_t store_sum(const char *ref, const char *class_name, const char *fields)
{
    XXH64_hash_t sum = XXH64(ref, strlen(ref) + 1, 0);

    sum = XXH64(class_name, strlen(class_name) + 1, sum);
    return (int64_t)XXH64(fields, strlen(fields), sum);
}

static int run(sqlite3 *sql, const char *text)
{
    int rc = sqlite3_exec(sql, text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : store_error(rc);
}

/* The one number that a query gives. */
static int ask(sqlite3 *sql, const char *text, int64_t *number)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(sql, text, -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return rc == SQLITE_ROW ? 0 : store_error(rc);
}

/* One step, whole or not at all. */
static int upgrade(sqlite3 *sql, int64_t from)
{
    char version[] = "PRAGMA user_version=0";
    int rc = run(sql, "BEGIN IMMEDIATE");

    static_assert(VERSION < 10, "one digit");
    version[sizeof(version) - 2] = (char)('0' + from + 1);
    if (!rc)
        rc = run(sql, upgrades[from]);
    if (!rc)
        rc = run(sql, version);
    if (!rc)
        rc = run(sql, "COMMIT");
    if (rc)
        (void)run(sql, "ROLLBACK"); /* nothing of it counts */
    return rc;
}

/* A file with tables but without a version is somebody else's. */
static int check_foreign(sqlite3 *sql)
{
    int64_t tables = 0;
    int rc = ask(sql, "SELECT count(*) FROM sqlite_master", &tables);

    return rc ? rc : tables ? -EUCLEAN : 0;
}

static int bring_up(sqlite3 *sql)
{
    int64_t version = 0;
    int rc = ask(sql, "PRAGMA user_version", &version);

    if (!rc && version > VERSION)
        rc = -EPROTO;
    if (!rc && version < 0)
        rc = -EUCLEAN;
    if (!rc && version == 0)
        rc = check_foreign(sql);
    for (; !rc && version < VERSION; version++)
        rc = upgrade(sql, version);
    return rc;
}

int store_schema_open(const char *path, sqlite3 **sql, int64_t *boots,
                      int64_t *generation)
{
    int rc = sqlite3_open(path, sql);

    rc = rc == SQLITE_OK ? 0 : store_error(rc);
    if (!rc)
        rc = run(*sql, "PRAGMA locking_mode=EXCLUSIVE;"
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    if (!rc)
        rc = bring_up(*sql);
    if (!rc)
        rc = run(*sql, "INSERT INTO meta VALUES('boots',1) "
                       "ON CONFLICT(key) DO UPDATE SET value=value+1");
    if (!rc)
        rc = ask(*sql, "SELECT value FROM meta WHERE key='boots'", boots);
    if (!rc)
        rc = ask(*sql, "SELECT value FROM meta WHERE key='generation'",
                 generation);
    if (!rc && (*generation < 0 || *generation > GENERATION_MAX))
        rc = -EUCLEAN;
    return rc;
}

/* As a URI: what is no plain character is written as %XX. */
static void put_uri(struct buf *uri, const char *path)
{
    buf_puts(uri, "file:");
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("/._-", *path))
            buf_putc(uri, *path);
        else
            buf_printf(uri, "%%%02X", (unsigned)(unsigned char)*path);
    buf_add(uri, "?immutable=1", sizeof("?immutable=1"));
}

int store_schema_read(const char *path, sqlite3 **sql)
{
    struct buf uri = {0};
    int64_t version = 0;
    int rc;

    if (access(path, R_OK))
        return -errno;
    put_uri(&uri, path);
    rc = sqlite3_open_v2(uri.data, sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                         NULL);
    buf_fini(&uri);
    rc = rc == SQLITE_OK ? 0 : store_error(rc);
    if (!rc)
        rc = ask(*sql, "PRAGMA user_version", &version);
    return rc ? rc : version == VERSION ? 0 : -EPROTO;
}

/* The tables of a store's file, and how files of older programs get there. */
#ifndef CORE_STORE_SCHEMA_H
#define CORE_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

/*
 * Opens the file for one process, makes its tables or brings them to today's
 * version, counts the start, and
 * says up to which generation changes were written. 0; -EPROTO: of a later program; -EBUSY: in
 * use; -EUCLEAN: not a file of ours, or damaged; -EIO.
 */
int store_schema_open(const char *path, sqlite3 **sql, int64_t *boots,
                      int64_t *generation);

/* Opens a file of today's version for reading only. As above; or -ENOENT. */
int store_schema_read(const char *path, sqlite3 **sql);

/* SQLite's error as ours: -ENOSPC, -EBUSY, -EUCLEAN or -EIO. */
int store_error(int sqlite_rc);

/* What a row must carry, so that damage is found. */
int64_t store_sum(const char *ref, const char *class_name, const char *fields);

#endif

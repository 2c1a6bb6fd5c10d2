/*
 * The store: objects written through to an SQLite file.
 *
 * store_flush is called before an answer leaves: what was acknowledged is on
 * disk (WAL, synchronous=FULL). Classes that do not persist and roles, which follow from
 * the data model, are left out. One process uses a file at a time.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "toolstack.h"

struct store;

/* 0, or -Exxx: not a file of ours, of a newer schema, or in use. */
int store_open(const char *path, struct store **store);
void store_close(struct store *s);

/* How often the file was opened, this time included. */
int64_t store_boots(const struct store *s);

/* 0 and how many objects were read into the empty database, or -EIO. */
int store_load(struct store *s, struct db *db, int *nr);

/* Writes every change since the last flush, in one transaction. 0 or -EIO. */
int store_flush(struct store *s, struct db *db);

#endif

/*
 * The store: objects written through to an SQLite file.
 *
 * store_flush is called before an answer leaves: what was acknowledged is on
 * disk (WAL, synchronous=FULL). What does not persist is left out, and so are
 * roles, which follow from the data model. One process uses a file at a time.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "toolstack.h"

struct store;

/*
 * 0, or -Exxx: -EPROTO: of a later program; -EUCLEAN: not a file of ours, or
 * damaged; -EBUSY: in use; -EIO.
 */
int store_open(const char *path, struct store **store);
void store_close(struct store *s);

/* How often the file was opened, this time included. */
int64_t store_boots(const struct store *s);

/*
 * Reads all objects into the empty database, in the order in which they were
 * made; generations go on where they ended. 0 and how many; -EUCLEAN when a
 * row is damaged, or when there are objects but no pool with a master; -EIO.
 */
int store_load(struct store *s, struct db *db, int *nr);

/*
 * The same from a file that stays as it is, and that no process uses: nothing
 * is made, counted or brought up. -ENOENT: there is none.
 */
int store_read(const char *path, struct db *db, int *nr);

/*
 * Writes every change since the last flush, in one transaction. 0; -ENOSPC:
 * nothing was written, and it can be tried again; or -EIO.
 */
int store_flush(struct store *s, struct db *db);

/* The file must not grow beyond this, in bytes; for quotas and tests. */
void store_limit(struct store *s, int64_t bytes);

#endif

/*
 * Dumps of other tools as parts of records.
 *
 * A kind is told by what is in a file, never by its name. A reader adds to the
 * draft and says what it cannot: what a source does not have stays missing.
 * Readers trust nothing; what is broken is refused with the offset of the first
 * byte that makes no sense, but a table whose contents are wrong is no broken
 * dump: those are what scans are for.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "record/draft.h"

struct import_kind {
    const char *name;
    bool (*like)(const struct file *f);
    int (*read)(struct draft *d, const struct file *f,
                struct record_error *error);
};

/* NULL: no kind that is known. */
const struct import_kind *import_kind_of(const struct file *f);

/*
 * One source: a file, an archive or a directory, with all that is in it. Files
 * of no known kind are noted; a source without any file of a known kind is
 * refused.
 */
int import_source(struct draft *d, const char *path,
                  struct record_error *error);
/* The same for files that are in memory. */
int import_files(struct draft *d, const char *what, struct file_set *files,
                 struct record_error *error);

/* Readers, each with its own file. */
#define IMPORT_KIND(id, name)                            \
    bool id##_like(const struct file *f);                \
    int id##_read(struct draft *d, const struct file *f, \
                  struct record_error *error);
#include "import/kinds.def"
#undef IMPORT_KIND

#endif

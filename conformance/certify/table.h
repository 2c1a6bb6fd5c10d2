/* Lines of columns between tabs, as the bundle's .tsv files have them. */
#ifndef CERTIFY_TABLE_H
#define CERTIFY_TABLE_H

#include "archive.h"
#include "findings.h"

enum {
    COLUMNS_MAX = 4,
    ROWS_MAX = 1000000,
};

struct row {
    struct bytes cell[COLUMNS_MAX];
};

struct table {
    struct row *rows; /* cells are borrowed from the text */
    int nr, room;
};

/*
 * Reads a member whose lines have that many columns and are sorted by the
 * first, each once. What is not so is a finding, and left out.
 */
void table_read(struct table *t, const struct archive *a, const char *name,
                int columns, struct findings *f);
/* The same of a text; `name` is only for findings. */
void table_parse(struct table *t, struct bytes text, const char *name,
                 int columns, struct findings *f);
/* By its first cell; NULL: none. */
const struct row *table_find(const struct table *t, struct bytes key);
void table_fini(struct table *t);

#endif

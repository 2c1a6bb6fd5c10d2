/* Lines of columns between tabs. */
#include "table.h"

#include <stdlib.h>

static bool split(struct row *row, struct bytes line, int columns)
{
    int nr = 0;

    *row = (struct row){0};
    while (nr < columns && bytes_take(&line, '\t', &row->cell[nr]))
        nr++;
    /* The last column may be empty: its tab has been taken then. */
    return nr >= columns - 1 && !line.nr && row->cell[0].nr;
}

static void add_row(struct table *t, struct row row)
{
    if (t->nr == t->room) {
        t->room = t->room ? 2 * t->room : 1024;
        t->rows = realloc(t->rows, (size_t)t->room * sizeof(*t->rows));
        if (!t->rows)
            abort();
    }
    t->rows[t->nr++] = row;
}

void table_parse(struct table *t, struct bytes text, const char *name,
                 int columns, struct findings *f)
{
    struct bytes line, rest = text;
    struct row row;

    while (bytes_take(&rest, '\n', &line)) {
        if (t->nr >= ROWS_MAX || !split(&row, line, columns)) {
            findings_add(f, "table", AT_BYTE(name, line.at - text.at),
                         t->nr >= ROWS_MAX ? "more rows than %d"
                                           : "not a row of %d columns",
                         t->nr >= ROWS_MAX ? ROWS_MAX : columns);
            return;
        }
        if (t->nr &&
            bytes_compare(t->rows[t->nr - 1].cell[0], row.cell[0]) >= 0)
            findings_add(f, "table",
                         (struct place){bytes_of(name), row.cell[0],
                                        line.at - text.at, true},
                         "it is there twice, or in the wrong place");
        else
            add_row(t, row);
    }
}

void table_read(struct table *t, const struct archive *a, const char *name,
                int columns, struct findings *f)
{
    if (!archive_find(a, name))
        findings_add(f, "table", IN_FILE(name), "the file is not there");
    table_parse(t, archive_data(a, name), name, columns, f);
}

const struct row *table_find(const struct table *t, struct bytes key)
{
    int low = 0, high = t->nr;

    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = bytes_compare(key, t->rows[middle].cell[0]);

        if (!order)
            return &t->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void table_fini(struct table *t)
{
    free(t->rows);
    *t = (struct table){NULL, 0, 0};
}

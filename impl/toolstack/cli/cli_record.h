/*
 * Objects as commands show them: rows with named fields (fields.def).
 */
#ifndef CLI_CLI_RECORD_H
#define CLI_CLI_RECORD_H

#include "cli_run.h"

struct cli_field {
    const char *whose, *name, *get, *put, *flags;
};

struct cli_record {
    const char *prefix, *class_name, *whose, *filters, *shown;
};

struct cli_row {
    const struct cli_record *record;
    const char *ref;
    struct value fields; /* the API's record */
};

const struct cli_record *cli_record_at(int nr); /* NULL after the last one */
/* By command prefix, or the first whose fields are these; must exist. */
const struct cli_record *cli_record_find(const char *prefix);
const struct cli_record *cli_record_of(const char *whose);

/* The first field of a record, and the one after; NULL after the last one. */
const struct cli_field *cli_field_first(const struct cli_record *r);
const struct cli_field *cli_field_next(const struct cli_field *f);
const struct cli_field *cli_field_find(const struct cli_record *r,
                                       const char *name);
bool cli_field_is(const struct cli_field *f, char flag);
/* Members can be added to the field, as to a set or a map. */
bool cli_field_adds(const struct cli_field *f);
bool cli_field_is_map_rw(const struct cli_field *f);
/* The field can be written as a whole. */
bool cli_field_sets(const struct cli_field *f);

/* All objects that the where-expression lets through. */
int cli_rows(struct cli *c, const struct cli_record *record, const char *expr,
             struct cli_row **rows, int *nr);
int cli_row_get(struct cli *c, const struct cli_record *record, const char *ref,
                struct cli_row *row);

/* Whether commands see the object at all. */
bool cli_row_counts(const struct cli_row *row);

/* A string, or a set or map of strings. */
int cli_field_value(struct cli *c, const struct cli_row *row,
                    const struct cli_field *f, struct value *v);
/* The same as text; "<invalid reference>" when something it leads to is gone.*/
int cli_field_text(struct cli *c, const struct cli_row *row,
                   const struct cli_field *f, const char **text);
int cli_field_text_of(struct cli *c, const struct cli_row *row,
                      const char *name, const char **text);
const char *cli_value_text(struct cli *c, const struct value *v,
                           const char *separator);

/* A value of the API as commands write it; `table` of conversions.def or "". */
struct value cli_show(struct cli *c, const struct type *type,
                      const struct value *v, const char *table);
const char *cli_lower(struct cli *c, const char *word);
const char *cli_convert(const char *table, const char *word);
/* A word as the API spells it: of a table, or else of the enumeration. */
int cli_read_word(struct cli *c, const char *table, const struct enumeration *e,
                  const char *word, const char **api);

/* "name ( RW)" and its text. */
int cli_field_line(struct cli *c, const struct cli_row *row,
                   const struct cli_field *f, bool cheap,
                   struct cli_lines *lines);
/* The fields among `names` (separated by blanks; "": all). */
int cli_row_lines(struct cli *c, const struct cli_row *row, const char *names,
                  struct cli_lines *lines);
bool cli_names_have(const char *names, const char *name);

/* Writes of *-param-set and its kin. */
int cli_put(struct cli *c, const struct cli_row *row, const struct cli_field *f,
            const char *text);
int cli_put_key(struct cli *c, const struct cli_row *row,
                const struct cli_field *f, const char *key, const char *text);
/* The whole map at once, for fields that can only be written so. */
int cli_put_map(struct cli *c, const struct cli_row *row,
                const struct cli_field *f, const struct value *map);
int cli_add(struct cli *c, const struct cli_row *row, const struct cli_field *f,
            const char *key, const char *text);
int cli_remove(struct cli *c, const struct cli_row *row,
               const struct cli_field *f, const char *key);

/* 0, or -EINVAL: a message that the field's `put` stands for does not exist. */
int cli_put_check(struct cli *c, const struct cli_record *r,
                  const struct cli_field *f);

/* Getters that fields.def names with an @. */
typedef int (*cli_getter)(struct cli *c, const struct cli_row *row,
                          struct value *v);
cli_getter cli_getter_find(const char *name); /* must exist */

/* Filters rows in place: `key` as a field, map:key or set:contains. */
int cli_filter(struct cli *c, struct cli_row *rows, int *nr, const char *key,
               const char *value);
/*
 * The field that an argument is about; `rest` is the key after the name of a
 * map or set, or NULL. Fails when there is no such field.
 */
int cli_aim(struct cli *c, const struct cli_record *r, const char *name,
            const struct cli_field **field, const char **rest);
/* Whether the argument is one that every command takes. */
bool cli_is_common_param(const char *name);

#endif

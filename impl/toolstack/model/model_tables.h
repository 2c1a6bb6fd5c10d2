/* The rows of datamodel/ as model.c reads them; nobody else does. */
#ifndef MODEL_MODEL_TABLES_H
#define MODEL_MODEL_TABLES_H

#include "model.h"

struct message_row {
    const char *class_name, *name, *result, *role;
    unsigned flags;
    const char *check, *lifecycle, *params;
};

struct error_row {
    const char *code, *params;
};

struct key_roles_row {
    const char *class_name, *field, *text;
};

extern struct class class_rows[];
extern const int class_rows_nr;
extern struct field field_rows[];
extern const int field_rows_nr;
extern const struct message_row message_rows[];
extern const int message_rows_nr;
extern const struct key_roles_row key_roles_rows[];
extern const int key_roles_rows_nr;
extern const struct enumeration enumeration_rows[];
extern const int enumeration_rows_nr;
extern const struct relation relation_rows[];
extern const int relation_rows_nr;
extern const struct error_row error_rows[];
extern const int error_rows_nr;

#endif

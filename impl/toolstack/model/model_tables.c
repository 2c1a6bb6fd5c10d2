/* The tables of datamodel/, as arrays. */
#include "model_tables.h"

struct class class_rows[] = {
#define CLASS(n, fl, cr, rr, life) \
    {.name = #n,                   \
     .flags = fl,                  \
     .create_role = cr,            \
     .read_role = rr,              \
     .lifecycle = life},
#define FIELD(...)
#define KEY_ROLES(...)
#define MESSAGE(...)
#include "datamodel/all.def"
#undef CLASS
#undef FIELD
#undef KEY_ROLES
#undef MESSAGE
};
const int class_rows_nr = sizeof(class_rows) / sizeof(class_rows[0]);

struct field field_rows[] = {
#define CLASS(...)
#define FIELD(c, n, p, t, q, de, gr, sr, fl, life) \
    {.class_name = #c,                             \
     .name = #n,                                   \
     .path = p,                                    \
     .type_text = t,                               \
     .qualifier = q,                               \
     .default_text = de,                           \
     .getter_role = gr,                            \
     .setter_role = sr,                            \
     .flags = fl,                                  \
     .lifecycle = life},
#define KEY_ROLES(...)
#define MESSAGE(...)
#include "datamodel/all.def"
#undef CLASS
#undef FIELD
#undef KEY_ROLES
#undef MESSAGE
};
const int field_rows_nr = sizeof(field_rows) / sizeof(field_rows[0]);

const struct message_row message_rows[] = {
#define CLASS(...)
#define FIELD(...)
#define KEY_ROLES(...)
#define MESSAGE(c, n, res, r, fl, ch, life, ps) \
    {.class_name = #c,                          \
     .name = #c "." #n,                         \
     .result = res,                             \
     .role = r,                                 \
     .flags = fl,                               \
     .check = ch,                               \
     .lifecycle = life,                         \
     .params = ps},
#include "datamodel/all.def"
#undef CLASS
#undef FIELD
#undef KEY_ROLES
#undef MESSAGE
};
const int message_rows_nr = sizeof(message_rows) / sizeof(message_rows[0]);

const struct key_roles_row key_roles_rows[] = {
#define CLASS(...)
#define FIELD(...)
#define KEY_ROLES(c, f, t) {.class_name = #c, .field = #f, .text = t},
#define MESSAGE(...)
#include "datamodel/all.def"
#undef CLASS
#undef FIELD
#undef KEY_ROLES
#undef MESSAGE
};
const int key_roles_rows_nr =
    sizeof(key_roles_rows) / sizeof(key_roles_rows[0]);

const struct enumeration enumeration_rows[] = {
#define ENUM(n, v) {.name = #n, .values = v},
#include "datamodel/enums.def"
#undef ENUM
};
const int enumeration_rows_nr =
    sizeof(enumeration_rows) / sizeof(enumeration_rows[0]);

const struct relation relation_rows[] = {
#define RELATION(ac, af, bc, bf, k) \
    {.a_class = #ac, .a_field = #af, .b_class = #bc, .b_field = #bf, .kind = k},
#include "datamodel/relations.def"
#undef RELATION
};
const int relation_rows_nr = sizeof(relation_rows) / sizeof(relation_rows[0]);

const struct error_row error_rows[] = {
#define ERROR(code, params) {#code, params},
#include "datamodel/errors.def"
#undef ERROR
};
const int error_rows_nr = sizeof(error_rows) / sizeof(error_rows[0]);

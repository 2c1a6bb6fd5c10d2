/*
 * The data model: classes, fields, messages, enumerations, relations.
 *
 * Source of truth: datamodel/ (one file per class; columns in its README).
 * What can be derived from a field (getters, setters, add and remove) and from
 * a class (get_record, get_all, create, ...) is derived by model_init, so that
 * the tables hold explicit messages only. Immutable after model_init.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

enum {
    PARAMS_MAX = 48,
    MESSAGES_ON_WIRE = 2258,
};

enum base_kind {
    BASE_STRING,
    BASE_INT,
    BASE_FLOAT,
    BASE_BOOL,
    BASE_DATE,
    BASE_ENUM,
    BASE_REF,
    BASE_RECORD,
    BASE_VOID,
};

struct base {
    enum base_kind kind;
    const char *of; /* class of a reference or record, name of an enum */
    const struct enumeration *enumeration;
};

enum type_shape {
    SHAPE_ONE,
    SHAPE_SET,
    SHAPE_MAP,
    SHAPE_MAP_OF_SETS,
    SHAPE_OPTION,
};

struct type {
    enum type_shape shape;
    struct base key, elem;
};

enum {
    CLASS_DB = 1 << 0,      /* has objects in the database */
    CLASS_CREATE = 1 << 1,  /* create and destroy are derived */
    CLASS_ALL = 1 << 2,     /* get_all and its kin are derived */
    CLASS_EVENTS = 1 << 3,  /* objects show in events */
    CLASS_PERSIST = 1 << 4, /* objects outlive the daemon */
    CLASS_LABEL = 1 << 5,   /* get_by_name_label is derived */
    CLASS_REMOVED = 1 << 6, /* derived from the lifecycle */
    CLASS_LATER = 1 << 7,   /* not in the release that is played back */
};

enum {
    FIELD_INTERNAL = 1 << 0, /* no client sees it */
    FIELD_VOLATILE = 1 << 1, /* forgotten at a restart */
    FIELD_REMOVED = 1 << 2,
    FIELD_LATER = 1 << 3, /* not in the release that is played back */
};

enum qualifier {
    RW,
    STATIC,  /* given to the constructor, then read-only */
    DYNAMIC, /* never given by a client */
};

struct field {
    const char *class_name, *name;
    const char *path; /* of the database: parts joined by "/" */
    const char *type_text;
    enum qualifier qualifier;
    const char *default_text; /* JSON; NULL: none */
    const char *getter_role, *setter_role;
    unsigned flags;
    const char *lifecycle;
    struct type type;
    const struct value *fallback; /* parsed default; NULL: none */
    const char *key_roles;
    int index; /* in the class */
    /* The other side of a relation that writing this field changes; or NULL. */
    const struct field *mirror;
    const struct class *mirror_class;
};

struct class
{
    const char *name;
    unsigned flags;
    const char *create_role, *read_role;
    const char *lifecycle;
    char *lower; /* name in events */
    int nr;      /* index in the class table */
    struct field **fields;
    int fields_nr;        /* including internal ones */
    uint16_t *names;      /* hash of fields: index + 1, 0: free */
    uint32_t names_slots; /* a power of two */
};

enum {
    MSG_ASYNC = 1 << 0,
    MSG_NO_SESSION = 1 << 1,
    MSG_INTERNAL = 1 << 2, /* between the hosts of a pool only */
    MSG_HIDDEN = 1 << 3,
    MSG_EFFECT = 1 << 4,
    MSG_SECRET = 1 << 5,
    MSG_REMOVED = 1 << 6,
};

enum message_kind {
    KIND_CUSTOM,
    KIND_GETTER,
    KIND_SETTER,
    KIND_ADD,
    KIND_REMOVE,
    KIND_CREATE,
    KIND_DESTROY,
    KIND_GET_BY_UUID,
    KIND_GET_BY_NAME_LABEL,
    KIND_GET_RECORD,
    KIND_GET_ALL,
    KIND_GET_ALL_WHERE,
    KIND_GET_ALL_RECORDS,
    KIND_GET_ALL_RECORDS_WHERE,
};

struct param {
    const char *name;
    struct type type;
    const struct value *fallback; /* NULL: required */
};

struct request;
typedef int (*handler_fn)(struct request *r);

struct message {
    const struct class *class;
    const char *name; /* Class.message */
    enum message_kind kind;
    const struct field *field; /* of accessors */
    const char *role;
    unsigned flags;
    const char *check; /* first reference to check; see datamodel/README.md */
    const char *lifecycle;
    struct param *params; /* without the session */
    int params_nr, required_nr;
    struct type result;
    handler_fn handler; /* NULL: generic, or not implemented */
    bool checks_only;   /* the handler refuses whatever is in order */
};

struct enumeration {
    const char *name;
    const char *values; /* separated by spaces */
};

enum relation_kind {
    N_1, /* many `a` refer to one `b`; b's set mirrors that */
    N_N, /* sets on both sides */
};

struct relation {
    const char *a_class, *a_field, *b_class, *b_field;
    enum relation_kind kind;
};

/*
 * Builds everything derived; call once, before anything else here. After
 * model_play_back only what that release knew is there, and what it had not
 * yet removed works. model_fini ends that, too.
 */
void model_init(void);
/* A code name or a version of xapi. 0, or -ENOENT: no such release. */
int model_play_back(const char *release);
/* Whether clients can see the field; whether events tell of the class. */
bool field_visible(const struct field *f);
bool class_has_events(const struct class *c);
void model_fini(void);

const struct class *class_find(const char *name);
const struct class *class_at(int nr);
int class_count(void);
/* Index of the class's field; negative when there is none. */
int field_index(const struct class *class, const char *name);

/* By wire name, also in the form Class_message. NULL: unknown. */
const struct message *message_find(const char *name);
const struct message *message_at(int nr);
int message_count(void);

/* The value as the enumeration spells it, whatever its case; or NULL. */
const char *enumeration_find(struct arena *a, const struct enumeration *e,
                             const char *value);
/* NULL after the last one. */
const struct enumeration *enumeration_at(int nr);
const char *error_at(int nr, const char **params);

/* The code of an error that exists; asserts that it does. */
const char *error_code(const char *code);

#endif

/*
 * The database: objects with typed fields, found by reference and by uuid.
 *
 * Fields named in a relation mirror each other: the side that is written is
 * the one that refers to a single object, or either side of two sets; the
 * other side follows. Every change takes the next generation number, and moves
 * the object to the end of the list of changes, which events are read from.
 * Used from one thread.
 */
#ifndef CORE_DB_H
#define CORE_DB_H

#include "model.h"
#include "rendering.h"

enum {
    REF_BYTES = 48,
    UUID_BYTES = 37,
    TOMBSTONES_MAX = 4096, /* deletions that events can still tell */
};

struct cell {
    struct value value;
    void *block; /* owned; NULL: *value points to constants */
};

struct object {
    char ref[REF_BYTES];
    const struct class *class;
    uint64_t created, changed;      /* generations */
    struct object *by_ref;          /* next in its hash slot */
    struct object *older, *newer;   /* list of changes */
    struct object *previous, *next; /* list of the class */
    struct rendering *rendering;    /* of the record; NULL: not asked for */
    struct cell cells[];            /* one per field of the class */
};

struct tombstone {
    char ref[REF_BYTES];
    const struct class *class;
    uint64_t created, deleted;
};

struct class_objects {
    struct object *first, *last;
    uint32_t nr;
};

struct db {
    uint64_t generation;
    struct object *slots[1 << 16];
    struct object *oldest, *newest; /* by `changed` */
    struct class_objects *classes;
    struct tombstone *tombstones; /* ring */
    uint64_t tombstones_nr;       /* ever made */
    size_t rendered;              /* bytes of records' texts */
    uint64_t (*random)(void *ctx);
    void *random_ctx;
};

void db_init(struct db *db, uint64_t (*random)(void *ctx), void *ctx);
void db_fini(struct db *db);

/* A random uuid as text; `uuid` has UUID_BYTES. */
void db_uuid(struct db *db, char *uuid);

/* A new object with a fresh reference and uuid and with default fields. */
struct object *db_create(struct db *db, const char *class_name);
/* The same under a reference that it had before; for loading. */
struct object *db_adopt(struct db *db, const char *class_name, const char *ref);
/* Writes a field without mirroring it: the mirror is loaded as well. */
void db_restore(struct db *db, struct object *o, int index, struct value value);
/* Takes the object out of every relation and frees it. */
void db_destroy(struct db *db, struct object *o);

/* NULL: no such object, or of another class. */
struct object *db_find(const struct db *db, const char *class_name,
                       const char *ref);
struct object *db_find_any(const struct db *db, const char *ref);
struct object *db_find_uuid(const struct db *db, const char *class_name,
                            const char *uuid);
struct object *db_first(const struct db *db, const char *class_name);
uint32_t db_count(const struct db *db, const struct class *class);

/* Fields. Names must exist: they come from our own code or from the model. */
const struct value *db_get(const struct object *o, const char *field);
const char *db_text(const struct object *o, const char *field);
int64_t db_int(const struct object *o, const char *field);
bool db_bool(const struct object *o, const char *field);
struct object *db_ref(const struct db *db, const struct object *o,
                      const char *field);

/* Copies the value. Writing what is there already changes nothing. */
void db_set(struct db *db, struct object *o, const char *field,
            struct value value);
void db_set_at(struct db *db, struct object *o, int index, struct value value);
void db_set_text(struct db *db, struct object *o, const char *field,
                 const char *text);
void db_set_int(struct db *db, struct object *o, const char *field, int64_t i);
void db_set_bool(struct db *db, struct object *o, const char *field, bool b);
void db_map_put(struct db *db, struct object *o, const char *field,
                const char *key, const char *text);
void db_map_del(struct db *db, struct object *o, const char *field,
                const char *key);

/* Marks the object as changed. */
void db_touch(struct db *db, struct object *o);

/* All fields that clients see, as one map in the arena. */
struct value db_record(struct arena *a, const struct object *o);

/* The same, to be written before anything changes. */
struct value db_rendered(struct db *db, struct object *o);

#endif

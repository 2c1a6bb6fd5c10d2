/* Derived messages, carried out from the tables alone. */
#ifndef CORE_GENERIC_H
#define CORE_GENERIC_H

#include "request.h"

/* Whether generic_call can carry out the message. */
bool generic_knows(const struct message *m);
int generic_call(struct request *r);

/* What carries out messages of that kind. */
handler_fn generic_handler(enum message_kind kind);

/*
 * The record of a constructor, completed by defaults and typed.
 * 0, or API_FAILED: a field is missing or of another type.
 */
int generic_record(struct request *r, const struct class *c,
                   const struct value *in, struct value *out);

/* A new object with the fields of a completed record. */
struct object *generic_create(struct request *r, const struct value *record);

/* Writes a field as its setter does: a map with an empty key is refused. */
int generic_set(struct request *r, struct object *o, int index, struct value v);

/* The checks of add_to_*: a duplicate key, an empty key. */
int generic_map_add(struct request *r, struct object *o, const char *field,
                    const char *key, struct value v);

#endif

/* Types as the tables of datamodel/ write them: "VM ref set". */
#ifndef MODEL_MODEL_TYPE_H
#define MODEL_MODEL_TYPE_H

#include "model.h"

/* Asserts that the text is a type: it comes from our own tables. */
struct type type_parse(struct arena *a, const char *text);

/* "VM ref vm; bool force = false"; how many. Defaults are JSON. */
int params_parse(struct arena *a, const char *text, struct param *params);

/* A default of the tables; asserts that it is JSON. */
const struct value *default_parse(struct arena *a, const struct type *type,
                                  const char *json);

#endif

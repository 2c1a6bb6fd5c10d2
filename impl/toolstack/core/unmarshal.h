/* Turns what a client sent into a value of a declared type. */
#ifndef CORE_UNMARSHAL_H
#define CORE_UNMARSHAL_H

#include "request.h"

/*
 * 0, or API_FAILED with the error set. Lenient where clients need it: integers
 * as text, floats as integers, dates as text.
 */
int unmarshal(struct request *r, const struct type *type,
              const struct value *in, struct value *out);

#endif

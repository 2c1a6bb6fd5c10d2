/*
 * JSON text to values and back.
 *
 * Strict: one document, RFC 8259, plus raw control characters in strings, which
 * old clients send. Integers keep 64 bits, which rules out a parser that only
 * knows doubles.
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "buf.h"
#include "value.h"

/* 0, or -EINVAL. What is in *v lives in the arena. */
int json_decode(struct arena *a, const char *text, size_t len, struct value *v);

void json_encode(struct buf *out, const struct value *v);
void json_string(struct buf *out, const char *s);

/* A float as JSON shows it: always with a point or an exponent. */
void json_float(struct buf *out, double f);

#endif

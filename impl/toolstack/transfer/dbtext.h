/*
 * Values as a dump of the database writes them: plain text for what is single,
 * ('a' 'b') for sets, (('k' 'v')) for maps; and whole texts as attributes,
 * where spaces are %. and the like, for XML does not keep them.
 */
#ifndef TRANSFER_DBTEXT_H
#define TRANSFER_DBTEXT_H

#include "buf.h"
#include "model.h"

void dbtext_encode(struct buf *out, const struct value *v);
/* 0, or -EINVAL: not a value of that type. The value lives in the arena. */
int dbtext_decode(struct arena *a, const struct type *type, const char *text,
                  struct value *v);

/* Escapes for an attribute in double quotes, and what parsers leave of it. */
void dbtext_protect(struct buf *out, const char *text);
char *dbtext_unprotect(struct arena *a, const char *text);

#endif

/* Descriptions of pools and faults: files in YAML or JSON, as values. */
#ifndef SIM_DOCUMENT_H
#define SIM_DOCUMENT_H

#include "value.h"

enum {
    DOCUMENT_BYTES_MAX = 16 << 20,
};

/*
 * Reads one document. Plain YAML scalars that look like a number, true, false
 * or null are that; quoted ones are strings. Aliases and tags are refused. What
 * is in *v lives in the arena. 0, or -Exxx and in *why the reason.
 */
int document_load(struct arena *a, const char *path, struct value *v,
                  const char **why);
int document_parse(struct arena *a, const char *text, size_t len,
                   struct value *v, const char **why);

#endif

/* What is known of a bundle, for people and for programs. */
#ifndef CERTIFY_SHOW_H
#define CERTIFY_SHOW_H

#include <stdio.h>

#include "verify.h"

/* Findings first, then what the bundle says of itself. */
void show_text(FILE *out, const struct verification *v, const char *name);
/* Blockers, facts, counts and waivers, not whether they are true. */
void show_facts(FILE *out, const struct verification *v);
void show_json(FILE *out, const struct verification *v, const char *name);

#endif

/* The coverage matrix: text, JSON, a page. */
#ifndef API_MATRIX_H
#define API_MATRIX_H

#include <stdio.h>

#include "options.h"
#include "results.h"

void matrix_print(FILE *out);
void matrix_write_json(FILE *out, const struct options *o,
                       const struct results *r);
void matrix_write_html(FILE *out, const struct options *o,
                       const struct results *r);

#endif

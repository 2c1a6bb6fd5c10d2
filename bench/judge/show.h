/* Figures and words for people. */
#ifndef JUDGE_SHOW_H
#define JUDGE_SHOW_H

#include <stdio.h>

#include "verdict.h"

enum {
    SHOW_BYTES = 32,
};

/* Three figures that matter: 0.00123, 1.23, 12300, 1.23e+09; "-": no number.
   Returns `out`. */
const char *show_number(double value, char out[SHOW_BYTES]);

/* A ratio: two figures behind the point, three below a tenth; "-". */
const char *show_ratio(double value, char out[SHOW_BYTES]);

/* "0.48 to 0.52", or "". */
const char *show_interval(struct interval i, char out[2 * SHOW_BYTES]);

/* By how much: "12 % less", "3.4 times". */
const char *show_change(double ratio, char out[SHOW_BYTES]);

/* Text from a file for a terminal: no control characters. */
void show_plain(FILE *out, const char *text);

/* Text for XML and HTML. */
void show_markup(FILE *out, const char *text);

/* The bytes of the first letters of UTF-8. */
size_t show_letters(const char *text, size_t most);

/* What belongs together is named by its first two parts: area.device. Bytes
   of `name`. */
size_t show_group(const char *name);

#endif

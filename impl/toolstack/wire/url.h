/* Percent-encoded text: paths, queries; and cookies. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include <stdbool.h>

#include "value.h"

enum {
    URL_PARAMS_MAX = 64,
};

/* What the hexadecimal digit stands for, in any case; -EINVAL: it is none. */
int hex_digit(char c);

/* In place. `plus`: a plus sign is a space. 0, or -EINVAL: bad digits, NUL. */
int url_decode(char *text, bool plus);

/* "a=1&b=2" or "a=1; b=2" as a map of strings. 0, or -EINVAL. */
int url_query(struct arena *a, const char *text, struct value *map);
int url_cookies(struct arena *a, const char *text, struct value *map);

/* Adds the text with everything but letters, digits and "-._~/" encoded. */
const char *url_encode(struct arena *a, const char *text);

#endif

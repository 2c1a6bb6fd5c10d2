/* Whether a value is of a type of the API, as messages/ writes types. */
#ifndef API_TYPED_H
#define API_TYPED_H

#include <cjson/cJSON.h>
#include <stdbool.h>

bool typed(const cJSON *value, const char *type);

#endif

/* Places of the coverage that cannot be exercised, each with its reason. */
#ifndef API_WAIVER_H
#define API_WAIVER_H

#include "coverage.h"

/* Why the place stays out; NULL: it does not. */
const char *waiver_of(int message, enum column c);
/* The same for a place that was not exercised. */
const char *waiver_needed(int message, enum column c);
/* How many places of the column stay out without having been exercised. */
int waiver_count(enum column c);

#endif

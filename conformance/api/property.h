/*
 * Property tests: random scripts against the model; a script that fails is
 * made as short as it gets and written to a file, which replays it.
 */
#ifndef API_PROPERTY_H
#define API_PROPERTY_H

int property_count(void);          /* --seeds */
const char *property_name(int nr); /* "seed-N" */

#endif

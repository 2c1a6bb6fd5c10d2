/* Pools that are built in, by name. */
#ifndef SIM_PRESETS_H
#define SIM_PRESETS_H

#include <stdio.h>

/* Its description, as in a pool file; NULL: no such preset. */
const char *preset_find(const char *name);

void presets_list(FILE *out);

#endif

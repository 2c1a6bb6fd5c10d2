/* Pools that are built in, by name. */
#ifndef SIM_PRESETS_H
#define SIM_PRESETS_H

#include <stdio.h>

#include "toolstack.h"

/* Fills a new pool. 0, or -ENOENT: no such preset. */
int preset_make(struct toolstack *ts, const char *name);

void presets_list(FILE *out);

#endif

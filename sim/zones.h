/* Time zones that fake hosts know: names, and offsets by the system's rules. */
#ifndef SIM_ZONES_H
#define SIM_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

bool zone_known(const char *name);
/* All names, a line each. */
void zones_list(struct buf *out);
/* Seconds east of Greenwich at that time; 0 when the rules are not here. */
int zone_offset_s(const char *name, int64_t now_s);

#endif

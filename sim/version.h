/* What hosts say of their release while an older one is played back. */
#ifndef SIM_VERSION_H
#define SIM_VERSION_H

#include "toolstack.h"

/* Lets all hosts of the pool be of that release, as of --api-version. */
void version_apply(struct toolstack *ts, const char *name);

#endif

/* The last words of a simulation that crashes: how to make it do so again. */
#ifndef SIM_CRASH_H
#define SIM_CRASH_H

#include "options.h"

/* Writes the seed and the command line to stderr if a signal ends us. */
void crash_announce(const struct options *o);

#endif

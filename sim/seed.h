/* Objects written down as JSON, for the state that a simulation starts from. */
#ifndef SIM_SEED_H
#define SIM_SEED_H

#include "toolstack.h"

/*
 * Makes the objects of the preset `minimal`: one host, a local storage
 * repository, a network, a template and two halted machines.
 */
void seed_minimal(struct toolstack *ts);

/* As many machines more, copies of vm1, named vm2 and so on. */
void seed_machines(struct toolstack *ts, uint64_t nr);

#endif

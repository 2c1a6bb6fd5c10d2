/* Calls between pools of this process. */
#ifndef SIM_PEERS_H
#define SIM_PEERS_H

#include "pools.h"

/* The driver borrows the world. */
struct peer_driver sim_peers_driver(struct world *w);

#endif

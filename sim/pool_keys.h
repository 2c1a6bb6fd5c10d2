/* What the keys of a pool file make: the functions of pool_file.def. */
#ifndef SIM_POOL_KEYS_H
#define SIM_POOL_KEYS_H

#include "pool_file.h"

/* The preset `minimal`, which every pool starts as. */
void pool_begin(struct making *m);

/* Gives a new host its address, its name and its place in the world. */
void host_settle(struct making *m);

#define KEY(scope, key, function) making_fn function;
#include "pool_file.def"
#undef KEY

#endif

/* Where the simulation listens: the options of it, checked and carried out. */
#ifndef SIM_DOORS_H
#define SIM_DOORS_H

#include "pools.h"

/* 0, or -EINVAL with the reason on stderr: options that do not fit together. */
int doors_check(const struct options *o);

/* Before any door: the certificate. 0, or -Exxx with the reason on stderr. */
int doors_begin(struct world *w);
/* Opens the doors of a host. The first port that was 0 becomes everybody's. */
int doors_open(struct world *w, struct sim_host *h);
void doors_end(struct world *w);

/* The scheme of the first door, "http" or "https". */
const char *doors_scheme(const struct options *o);

#endif

/* Fake machines: which domains run, and which of them are paused. */
#ifndef SIM_DOMAINS_H
#define SIM_DOMAINS_H

#include "toolstack.h"

struct sim_domains;

struct sim_domains *sim_domains_create(void);
void sim_domains_destroy(struct sim_domains *d);

/* The driver borrows `d`. */
struct domain_driver sim_domains_driver(struct sim_domains *d);

#endif

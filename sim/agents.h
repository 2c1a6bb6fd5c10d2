/*
 * The fake systems of fake hosts: files, settings, logs, NTP, time zones.
 * Files live in memory, or beside the pool's file when there is one: each host
 * has a folder there.
 *
 * Not thread safe: used under the core lock.
 */
#ifndef SIM_AGENTS_H
#define SIM_AGENTS_H

#include "agent_driver.h"

struct sim;
struct sim_agents;

struct sim_agents *sim_agents_create(struct sim *sim);
void sim_agents_destroy(struct sim_agents *a);

/* The driver borrows `a`. */
struct agent_driver sim_agents_driver(struct sim_agents *a);

#endif

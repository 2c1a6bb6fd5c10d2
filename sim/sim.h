/*
 * The simulation: everything of one process that is not the toolstack. Owned
 * by start.c; drivers borrow it.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "agent_driver.h"
#include "clock.h"
#include "faults.h"
#include "network_driver.h"
#include "options.h"
#include "toolstack.h"

struct sim_directory;
struct sim_domains;
struct sim_agents;
struct sim_nics;
struct sim_screens;
struct sim_volumes;
struct world;

enum {
    SIM_AGAIN = 2, /* in *stop; a signal leaves 1 */
};

struct sim {
    struct options options; /* [I] */
    struct sim_clock clock;
    struct faults *faults;
    struct sim_domains *domains;
    struct sim_agents *agents;
    struct agent_driver agent; /* over agents */
    struct sim_nics *nics;
    struct network_driver network;   /* over nics */
    struct sim_directory *directory; /* NULL: there is none */
    struct sim_volumes *volumes;
    struct sim_screens *screens;
    struct storage_driver volumes_driver; /* without faults */
    uint64_t random;        /* state of the dice that references come from */
    struct environment env; /* [I] of every toolstack */
    struct world *world;    /* of pools and hosts */
    volatile int *stop;     /* set: the server stops */
    bool again;             /* and starts anew: /sim/reset */
};

/* The seeded dice of the environment; `ctx` is the simulation. */
uint64_t sim_random(void *ctx);

/* Serves until *stop is set. The exit status. */
int sim_run(const struct options *o, volatile int *stop);

/* The names of everything that a request touches, for faults; in its arena. */
const char *const *sim_names(const struct request *r);

#endif

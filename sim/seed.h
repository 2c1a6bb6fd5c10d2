/* Objects written down as JSON, for the state that a simulation starts from. */
#ifndef SIM_SEED_H
#define SIM_SEED_H

#include "toolstack.h"

enum seed_group {
    SEED_HOST = 1 << 0, /* a host and what is in it */
    SEED_POOL = 1 << 1, /* what a pool has once; needs a host */
    SEED_MACHINE = 1 << 2,
};

/* Makes objects of minimal.def, and knows them by the names there. */
struct seeder;
struct seeder *seeder_create(struct toolstack *ts);
void seeder_destroy(struct seeder *s);

/*
 * Makes the rows of these groups, in order. All of them together are the preset
 * `minimal`: one host, a local storage repository, a network, a template and
 * two halted machines. What is made again takes over the name.
 */
void seed_make(struct seeder *s, unsigned groups);

/* One row alone. */
void seed_make_one(struct seeder *s, const char *name);

/* Gives what is there already a name that rows refer to. */
void seed_name(struct seeder *s, const char *name, struct object *o);

/* What was made last under this name, which minimal.def must have. */
struct object *seed_find(struct seeder *s, const char *name);

#endif

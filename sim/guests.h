/* The guests inside fake machines: what they are, and what they tell. */
#ifndef SIM_GUESTS_H
#define SIM_GUESTS_H

#include "value.h"

struct sim_guest {
    const char *kind;
    bool agent, obeys, hotplugs_vcpus, lets_go;
};

/* NULL: no such kind. */
const struct sim_guest *sim_guest_find(const char *kind);

/*
 * What the agent tells, in the arena; `macs` are those of its NICs, in the
 * order of their devices, and give it its addresses.
 */
struct value sim_guest_told(struct arena *a, const struct sim_guest *g,
                            const char *const *macs, int macs_nr);

#endif

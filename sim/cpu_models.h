/* CPUs that fake hosts can have, by name. */
#ifndef SIM_CPU_MODELS_H
#define SIM_CPU_MODELS_H

#include "cpu/featureset.h"

struct cpu_model {
    const char *name, *base, *vendor, *modelname, *features;
    int family, model, stepping, mhz;
};

/* In any case; NULL: there is none. */
const struct cpu_model *cpu_model_find(const char *name);

/* All that the CPU can do. */
struct cpu_features cpu_model_features(const struct cpu_model *m);

#endif

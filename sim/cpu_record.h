/* CPUs of fake hosts from a record of a real one. */
#ifndef SIM_CPU_RECORD_H
#define SIM_CPU_RECORD_H

#include "arena.h"
#include "cpu_models.h"

/*
 * Reads what `cpuid -r` prints: a line per leaf, of the first CPU. Texts live
 * in the arena. 0; -errno; -EINVAL: no such record.
 */
int cpu_record_load(struct arena *a, const char *path, struct cpu_model *model,
                    struct cpu_features *features);

#endif

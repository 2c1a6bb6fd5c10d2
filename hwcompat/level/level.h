/*
 * Levelling of CPUs over a pool: what every host has to give up, what guests see,
 * where they may go. The rules are impl/cpu's, which the toolstack checks with.
 *
 * A host is the CPU with the lowest number of a record, as Xen judges by the CPU
 * that it boots on. The first host is the pool's master.
 */
#ifndef LEVEL_LEVEL_H
#define LEVEL_LEVEL_H

#include "cpu/featureset.h"
#include "hwcompat/record.h"

enum {
    LEVEL_HOSTS_MAX = 256,
    LEVEL_VMS_MAX = 64,
    LEVEL_NAME_BYTES = 128,
    LEVEL_GUESTS = 2, /* enum cpu_guest */
};

struct level_host {
    char name[LEVEL_NAME_BYTES]; /* the record's path */
    char id[RECORD_ID_BYTES];
    char vendor[13], brand[49];
    unsigned int family, model, stepping;
    size_t cpus;
    bool known; /* the record has CPUID */
    bool mixed; /* its CPUs differ in features */
    bool joins; /* the master's vendor */
    struct cpu_features raw;
    struct cpu_features usual[LEVEL_GUESTS], most[LEVEL_GUESTS];
};

struct level_pool {
    struct level_host host[LEVEL_HOSTS_MAX];
    size_t hosts;
    /* Over those that join. */
    struct cpu_features usual[LEVEL_GUESTS], most[LEVEL_GUESTS];
    size_t cpus;
};

struct level_vm {
    const char *words; /* of last_boot_CPU_flags; borrowed */
    enum cpu_guest guest;
    char vendor[13]; /* "": the pool's */
    struct cpu_features features;
};

void level_host_read(struct level_host *h, const char *path,
                     const struct record *r);
/* Who joins, and what all of those have. */
void level_pool_set(struct level_pool *p);
/* What the pool's guests would see more of without that host: one that joins. */
struct cpu_features level_without(const struct level_pool *p,
                                  const struct level_host *h,
                                  enum cpu_guest guest);
/* NULL: it may run there; else why not. `missing`: the feature, or
   CPU_FEATURE_NONE. */
const char *level_vm_refused(const struct level_vm *vm,
                             const struct level_host *h, int *missing);
/* The next feature after `feature` (first: CPU_FEATURE_NONE) that `a` has and
   `b` has not; CPU_FEATURE_NONE. */
int level_next_lost(const struct cpu_features *a, const struct cpu_features *b,
                    int feature);
/* "avx512f", "md-clear", "5:31" for a bit without a name. */
const char *level_name(int feature, char text[32]);
/* "leaf 0x7.0 EBX", "MSR 0x10a". */
const char *level_word(int word, char text[40]);
/* "leaf 0x7.0 EBX bit 16", "MSR 0x10a bit 1". */
const char *level_place(int feature, char text[48]);

#endif

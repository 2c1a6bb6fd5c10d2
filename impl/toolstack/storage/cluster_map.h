/*
 * Clusters of a file that is being read: what is known of those that are still
 * to come, and of those that were kept for later.
 */
#ifndef STORAGE_CLUSTER_MAP_H
#define STORAGE_CLUSTER_MAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CLUSTERS_MAX = 1 << 22,
};

struct cluster {
    uint64_t number; /* in the file, and one: 0 is none */
    uint64_t what;   /* the user's */
};

struct cluster_map {
    struct cluster *slots;
    uint32_t nr, room; /* a power of two */
};

void cluster_map_fini(struct cluster_map *m);
/* False: more than CLUSTERS_MAX, or it is there already. */
bool cluster_put(struct cluster_map *m, uint64_t number, uint64_t what);
/* Takes it out. False: it is not there. */
bool cluster_take(struct cluster_map *m, uint64_t number, uint64_t *what);
bool cluster_peek(const struct cluster_map *m, uint64_t number, uint64_t *what);

#endif

/*
 * Memory maps as guests see them (public/memory.h, XENMEM_memory_map).
 *
 * One per domain, at domain.memory_map (heap, owner: the domain, [d]).
 */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include "base/types.h"

#define MEMORY_MAP_MAX 256 /* entries; more are refused */

/* As BIOS INT 0x15 EAX=0xE820 returns it. */
struct memory_map_entry {
    uint64_t start;
    uint64_t bytes;
    uint32_t type; /* XEN_HVM_MEMMAP_TYPE_* of start_info.h */
} __attribute__((packed));

static_assert(sizeof(struct memory_map_entry) == 20, "ABI");

struct memory_map {
    unsigned int nr;
    struct memory_map_entry entry[];
};

/* A zeroed map for 'nr' entries from the heap; NULL when memory is out. */
struct memory_map *memory_map_create(unsigned int nr);

#endif

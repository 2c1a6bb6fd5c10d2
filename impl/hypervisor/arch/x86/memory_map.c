/*
 * The machine's memory map for XENMEM_machine_memory_map.
 */
#include "hv/memory.h"

#include "hv/log.h"

#include "x86/boot.h"

const struct memory_map *arch_machine_memory_map(void)
{
    static struct memory_map *map;

    if (map)
        return map;
    map = memory_map_create(boot_info.regions);
    if (!map)
        panic("no memory for the machine's memory map");
    for (unsigned int i = 0; i < boot_info.regions; i++) {
        const struct memmap_range *r = &boot_info.region[i];

        map->entry[i] =
            (struct memory_map_entry){r->start, r->end - r->start, r->type};
    }
    return map;
}

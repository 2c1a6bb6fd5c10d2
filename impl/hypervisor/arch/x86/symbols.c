/*
 * Function names for backtraces, out of the table that the build links in
 * (ci/gen-symtab).
 */
#include "x86/panic.h"

extern const uint32_t symtab_nr;
extern const uint64_t symtab_addr[]; /* ascending */
extern const uint32_t symtab_name[]; /* offsets into symtab_names */
extern const char symtab_names[];
extern const char text_start[], text_end[];

const char *symbol_find(uintptr_t address, unsigned long *offset)
{
    uint32_t low = 0, high = symtab_nr;

    if (address < (uintptr_t)text_start || address >= (uintptr_t)text_end)
        return NULL;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (symtab_addr[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return NULL;
    *offset = address - symtab_addr[low - 1];
    return symtab_names + symtab_name[low - 1];
}

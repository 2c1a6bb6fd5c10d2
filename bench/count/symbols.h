/*
 * The functions of a hypervisor by address, from a file of lines "HEX NAME" in
 * order of address. Read once, before any CPU runs; then immutable.
 */
#ifndef COUNT_SYMBOLS_H
#define COUNT_SYMBOLS_H

#include <stdint.h>

struct symbol {
    uint64_t address;
    char *name;
};

struct symbols {
    struct symbol *at;
    unsigned int count;
};

/* 0, or -1 with a line on stderr. */
int symbols_load(struct symbols *s, const char *path);
/* Index of the function that holds 'address': 0 when none does, as the first
   entry, "?", is below all. */
unsigned int symbols_find(const struct symbols *s, uint64_t address);
/* Address of a name; 0: there is none. */
uint64_t symbols_address(const struct symbols *s, const char *name);

#endif

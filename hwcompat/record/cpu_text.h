/*
 * Registers of many CPUs as text: most CPUs say the same as the first one.
 *
 *   cpu 0                                   numbers are decimal, ascending
 *   00000001 00 000306f2 ...                key, subkey, words: hexadecimal
 *   cpu 1 like 0                            and then only what differs
 *   00000001 00 000306f2 ...
 *   -0000000b 01                            this one lacks it
 *
 * Used for CPUID (four words) and MSRs (subkey 0, two words: high, low).
 */
#ifndef RECORD_CPU_TEXT_H
#define RECORD_CPU_TEXT_H

#include <stdio.h>

#include "hwcompat/record.h"

enum {
    CPU_ROWS_MAX = 1 << 19, /* of all CPUs together */
    CPU_NO_WORDS = -1,
};

/* Rows by key and subkey; words that are not used are 0. */
struct cpu_rows {
    uint32_t number;
    struct record_leaf *row; /* owned */
    size_t nr, room;
};

struct cpu_set {
    struct cpu_rows *cpu; /* owned, by number once sorted */
    size_t nr, room;
    size_t rows;
};

void cpus_fini(struct cpu_set *s);
/* That CPU's rows, made if they are not there; NULL: a cap, or no memory. */
struct cpu_rows *cpus_get(struct cpu_set *s, uint32_t number);
struct cpu_rows *cpus_find(const struct cpu_set *s, uint32_t number);
/* A key that is there is replaced. */
int cpus_add(struct cpu_set *s, uint32_t number, const struct record_leaf *row);
void cpus_sort(struct cpu_set *s);
/* By binary search in sorted rows; NULL. */
const struct record_leaf *rows_find(const struct record_leaf *row, size_t nr,
                                    uint32_t key, uint32_t subkey);

/* `s` is sorted. */
void cpus_encode(const struct cpu_set *s, int words, FILE *out);
int cpus_decode(const char *file, const char *text, size_t size, int words,
                struct cpu_set *s, struct record_error *error);

#endif

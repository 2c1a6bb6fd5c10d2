/*
 * Why guests leave: the exit code in the control block (APM 2 appendix B), read
 * when the hypervisor reads it.
 *
 * Plugins see addresses, not values. So QEMU is told to keep the machine's
 * memory in a memfd, which is found among our own process's mappings; the first
 * read at offset 0x70 of a page that is a control block, after a VMRUN, is the
 * hypervisor looking at the reason. Works with any hypervisor that uses SVM.
 */
#ifndef COUNT_EXITS_H
#define COUNT_EXITS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXIT_CODES    0x100 /* 0x400 (nested fault) is counted at 0xff */
#define HYPERCALL_NRS 64

struct exit_counts {
    uint64_t code[EXIT_CODES];
    uint64_t hypercall[HYPERCALL_NRS];
};

/* May an instruction of these bytes read at offset 0x70 of something? */
bool exits_may_read(const uint8_t *insn, unsigned int size);
/* A read at 'offset' into the machine's memory; true: an exit was counted. */
bool exits_read(struct exit_counts *c, uint64_t offset);
/* `"NAME": n, ...` of what is not zero in the sum of two or more. */
void exits_print(FILE *out, const struct exit_counts *sum);
void exits_add(struct exit_counts *sum, const struct exit_counts *more);

#endif

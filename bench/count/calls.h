/*
 * The call tree of one CPU, built while its code runs.
 *
 * A node is a function as called along one path; it counts the instructions
 * executed in it and how often it was entered. That a block ends with a call is
 * read off its last instruction, so the tree needs neither frame pointers nor
 * registers. Nothing recurses: a function that is on the present path was
 * returned to, or has left its stack for good (upstream does when it enters a
 * guest); another one was called, or took the last one's place (tail calls,
 * returns that are jumps, traps).
 *
 * One thread writes a tree; others may read it meanwhile: nodes are never
 * freed, and linked when complete.
 */
#ifndef COUNT_CALLS_H
#define COUNT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct call_node {
    struct call_node *parent;
    struct call_node *child;
    struct call_node *sibling;
    uint64_t insns;
    uint64_t entries;
    unsigned int function;
    unsigned int depth;
    bool idle; /* it is the function that waits for work, or below it */
};

struct call_tree {
    struct call_node *nodes; /* [0]: the root, no function */
    struct call_node *now;
    unsigned int used;
    unsigned int idle; /* the function that waits for work */
    bool calls;        /* the last block ended with a call */
};

typedef void call_fn(void *context, const struct call_node *node);

/* 0, or -1: no memory. 'idle': the function that waits for work. */
int calls_init(struct call_tree *t, unsigned int idle);
/* A block of 'function' runs; 'entry': it is the function's first one; 'calls':
   it ends with a call. Whether the CPU waits for work. */
bool calls_block(struct call_tree *t, unsigned int function, bool entry,
                 unsigned int insns, bool calls);
/* Each node but the root, parents first. */
void calls_each(const struct call_tree *t, call_fn *fn, void *context);
/* Is this instruction a call? */
bool calls_is_call(const uint8_t *insn, unsigned int size);

#endif

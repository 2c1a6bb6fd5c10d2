/*
 * The call tree of one CPU, built while its code runs.
 *
 * A node is a function as called along one path; it counts the instructions
 * executed in it and how often it was entered. Calls and returns are read off
 * the last instruction of each block, so the tree needs neither frame pointers
 * nor registers; where control moves otherwise (tail calls, stacks that are
 * switched, traps) the function's nearest place on the current path is taken.
 *
 * One thread writes a tree; others may read it meanwhile: nodes are never
 * freed, and linked when complete.
 */
#ifndef COUNT_CALLS_H
#define COUNT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

enum block_end { END_OTHER, END_CALL, END_RETURN };

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
    enum block_end last;
};

typedef void call_fn(void *context, const struct call_node *node);

/* 0, or -1: no memory. 'idle': the function that waits for work. */
int calls_init(struct call_tree *t, unsigned int idle);
/* A block of 'function' runs; 'entry': it is the function's first. Whether the
   CPU waits for work. */
bool calls_block(struct call_tree *t, unsigned int function, bool entry,
                 unsigned int insns, enum block_end end);
/* Each node but the root, parents first. */
void calls_each(const struct call_tree *t, call_fn *fn, void *context);
/* How the block ends whose last instruction is this. */
enum block_end calls_end(const uint8_t *insn, unsigned int size);

#endif

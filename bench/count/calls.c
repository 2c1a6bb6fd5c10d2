/*
 * Call trees: see calls.h.
 */
#include "calls.h"

#include <stdlib.h>

#define NODES_MAX 65536
#define DEPTH_MAX 60

int calls_init(struct call_tree *t, unsigned int idle)
{
    t->idle = idle;
    t->nodes = calloc(NODES_MAX, sizeof(*t->nodes));
    t->now = t->nodes;
    t->used = 1;
    return t->nodes ? 0 : -1;
}

static struct call_node *child_of(struct call_tree *t, struct call_node *parent,
                                  unsigned int function)
{
    struct call_node *n;

    for (n = parent->child; n; n = n->sibling)
        if (n->function == function)
            return n;
    if (t->used == NODES_MAX || parent->depth == DEPTH_MAX)
        return t->nodes;
    n = &t->nodes[t->used];
    n->parent = parent;
    n->sibling = parent->child;
    n->function = function;
    n->depth = parent->depth + 1;
    n->idle = parent->idle || function == t->idle;
    __atomic_store_n(&parent->child, n, __ATOMIC_RELEASE);
    __atomic_store_n(&t->used, t->used + 1, __ATOMIC_RELEASE);
    return n;
}

/* The function's place on the path, else below 'parent'. */
static struct call_node *place_of(struct call_tree *t, struct call_node *parent,
                                  unsigned int function)
{
    for (struct call_node *n = t->now; n != t->nodes; n = n->parent)
        if (n->function == function)
            return n;
    return child_of(t, parent ? parent : t->nodes, function);
}

bool calls_block(struct call_tree *t, unsigned int function, bool entry,
                 unsigned int insns, bool calls)
{
    if (t->now->function != function)
        t->now = place_of(t, t->calls ? t->now : t->now->parent, function);
    t->now->insns += insns;
    t->now->entries += entry;
    t->calls = calls;
    return t->now->idle;
}

void calls_each(const struct call_tree *t, call_fn *fn, void *context)
{
    unsigned int used = __atomic_load_n(&t->used, __ATOMIC_ACQUIRE);

    for (unsigned int i = 1; i < used; i++)
        fn(context, &t->nodes[i]);
}

/* Near calls of 64-bit code (APM 3): E8, and FF /2 behind its prefixes. */
bool calls_is_call(const uint8_t *insn, unsigned int size)
{
    while (size > 1 && ((*insn & 0xf0) == 0x40 || *insn == 0xf2 ||
                        *insn == 0x3e || *insn == 0x2e)) {
        insn++;
        size--;
    }
    return *insn == 0xe8 ||
           (*insn == 0xff && size > 1 && (insn[1] >> 3 & 7) == 2);
}

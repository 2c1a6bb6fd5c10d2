/* Who accounts for which slots, over clones and their ends. */
#include <string.h>

#include "arena.h"
#include "volumes_priv.h"

enum {
    FIRST_ROOM = 64,
};

static void node_mark(struct sim_volumes *s, uint32_t node)
{
    s->nodes[node].dirty = true;
    s->dirty = true;
}

uint32_t node_create(struct sim_volumes *s, struct sim_sr *sr, uint32_t parent)
{
    uint32_t node = s->nodes_nr++;

    if (node >= s->nodes_room) {
        s->nodes_room = s->nodes_room ? s->nodes_room * 2 : FIRST_ROOM;
        s->nodes = must_realloc(s->nodes, s->nodes_room * sizeof(*s->nodes));
    }
    s->nodes[node] = (struct node){.parent = parent, .sr = sr, .live = true};
    if (parent) {
        s->nodes[parent].children++;
        s->nodes[parent].kids ^= node;
    }
    node_mark(s, node);
    return node;
}

uint32_t node_find(const struct sim_volumes *s, uint32_t node)
{
    while (s->nodes[node].into)
        node = s->nodes[node].into;
    return node;
}

/* The only child that is left continues as its parent. */
static void merge(struct sim_volumes *s, uint32_t parent)
{
    struct node *p = &s->nodes[parent];
    uint32_t child = p->kids;
    struct node *c = &s->nodes[child];

    p->own += c->own;
    p->children = c->children;
    p->kids = c->kids;
    c->into = parent;
    node_mark(s, child);
}

void node_leave(struct sim_volumes *s, uint32_t number)
{
    uint32_t node = node_find(s, number), parent;

    parent = s->nodes[node].parent ? node_find(s, s->nodes[node].parent) : 0;
    s->nodes[node].live = false;
    volumes_store_drop_node(s, node);
    if (!parent)
        return;
    s->nodes[parent].children--;
    s->nodes[parent].kids ^= node;
    if (s->nodes[parent].children == 1)
        merge(s, parent);
}

void node_split(struct sim_volumes *s, struct volume *from, struct volume *to)
{
    uint32_t base = node_find(s, from->node);
    uint32_t parent = s->nodes[base].parent;

    if (s->nodes[base].own) {
        from->node = node_create(s, from->sr, base);
        to->node = node_create(s, to->sr, base);
    } else { /* nothing to share that is its own */
        to->node = node_create(s, to->sr, parent ? node_find(s, parent) : 0);
    }
}

void node_account(struct sim_volumes *s, uint32_t number, int change)
{
    struct node *n = &s->nodes[node_find(s, number)];

    n->own = (uint32_t)((int64_t)n->own + change);
    n->sr->used = (uint32_t)((int64_t)n->sr->used + change);
}

void nodes_forget(struct sim_volumes *s, const struct sim_sr *sr)
{
    for (uint32_t i = 1; i < s->nodes_nr; i++)
        if (s->nodes[i].sr == sr) {
            s->nodes[i] = (struct node){0};
            volumes_store_drop_node(s, i);
        }
}

/*
 * Doubly linked circular list with an embedded node; no allocation, no lock.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/types.h"

struct list {
    struct list *next;
    struct list *prev;
};

#define LIST_INIT(name)  \
    {                    \
        &(name), &(name) \
    }
#define list_entry(p, type, m) container_of(p, type, m)
#define list_for_each(p, head) \
    for (struct list *p = (head)->next; p != (head); p = p->next)
#define list_for_each_safe(p, n, head)                             \
    for (struct list *p = (head)->next, *n = p->next; p != (head); \
         p = n, n = p->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Insert 'n' before 'at'; with the head as 'at' this appends. */
static inline void list_add_before(struct list *at, struct list *n)
{
    n->prev = at->prev;
    n->next = at;
    at->prev->next = n;
    at->prev = n;
}

static inline void list_add_after(struct list *at, struct list *n)
{
    list_add_before(at->next, n);
}

/* Take 'n' out and leave it empty, so that a second call is harmless. */
static inline void list_del(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

#endif

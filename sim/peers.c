/* Calls between pools of this process. */
#include "peers.h"

#include <errno.h>

#include "dispatch.h"

/* NULL: nobody answers there. A port in the address is of no interest. */
static struct sim_host *reach(struct world *w, const char *from,
                              const char *address)
{
    struct sim_host *h = world_find_address(w, address);

    (void)from; /* partitions will ask for it */
    if (!h || !h->endpoint.ts->hosts.alive(w, h->endpoint.host))
        return NULL;
    return h;
}

static int peer_call(void *ctx, const char *from, const char *address,
                     struct arena *a, const char *method,
                     const struct value *params, struct answer *answer)
{
    struct sim_host *h = reach(ctx, from, address);

    if (!h)
        return -EHOSTUNREACH;
    dispatch_at(&h->endpoint, a, method, params, answer);
    return 0;
}

static struct toolstack *peer_find(void *ctx, const char *from,
                                   const char *address)
{
    struct sim_host *h = reach(ctx, from, address);

    return h ? h->endpoint.ts : NULL;
}

struct peer_driver sim_peers_driver(struct world *w)
{
    return (struct peer_driver){.call = peer_call, .find = peer_find, .ctx = w};
}

/* Calls between pools of this process. */
#include "peers.h"

#include <errno.h>
#include <string.h>

#include "dispatch.h"
#include "hosts.h"
#include "pool_file.h"

/* NULL: nobody answers there. All ports are the same one. */
static struct sim_host *reach(struct world *w, const char *from,
                              const char *address)
{
    char bare[ADDRESS_BYTES];
    size_t len = strcspn(address, ":");
    struct sim_host *h;

    if (len >= sizeof(bare))
        return NULL;
    memcpy(bare, address, len);
    bare[len] = '\0';
    h = world_find_address(w, bare);
    if (!h || !sim_host_hears(w, from, h->endpoint.host) ||
        !h->endpoint.ts->hosts.alive(w, h->endpoint.host))
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

/* Into the database of another pool, or into one of its own. */
static int peer_move(void *ctx, const char *host, struct toolstack *to)
{
    struct world *w = ctx;
    struct sim_host *h = world_find_host(w, host);

    if (!h)
        return -ENOENT;
    if (!to) {
        to = world_add_stored_pool(w);
        pool_file_alone(w, h->endpoint.ts, to, host);
        sim_host_forget(h);
    }
    if (w->control.ts == h->endpoint.ts)
        w->control.ts = to; /* that one is over */
    h->endpoint.ts = to;
    return to->hosts.restart_agent(w, host);
}

struct peer_driver sim_peers_driver(struct world *w)
{
    return (struct peer_driver){
        .call = peer_call, .find = peer_find, .move = peer_move, .ctx = w};
}

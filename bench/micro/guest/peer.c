/* The guest that takes the other part, paused while it has none. */
#include "grants.h"
#include "guest.h"
#include "micro.h"

static struct guest the_peer;
static bool paused;
static grant_ref_t first_ref;
static xen_pfn_t first_gfn;

uint64_t peer_word(unsigned page)
{
    return 0x7473000000000001ul * (page + 1);
}

/* A guest that polls for work would be counted with what it is not part of. */
static void pause(bool on)
{
    struct xen_domctl d = {0};

    if (on != paused)
        SAME(domctl(the_peer.domid,
                    on ? XEN_DOMCTL_pausedomain : XEN_DOMCTL_unpausedomain, &d),
             0);
    paused = on;
}

struct guest *peer(void)
{
    if (!the_peer.domid) {
        the_peer = guest_new(1);
        vcpu_pin(the_peer.domid, 0, other_cpu);
        paused = false;
        pause(true);
    }
    return &the_peer;
}

void peer_run(long (*fn)(void *arg), const long *args)
{
    guest_run(peer(), fn, args);
    pause(false);
}

long peer_wait(long *args)
{
    long result = guest_wait(peer(), args);

    pause(true);
    return result;
}

long peer_call(long (*fn)(void *arg), long *args)
{
    peer_run(fn, args);
    return peer_wait(args);
}

static long offer_pages(void *arg)
{
    uint8_t *pages = pages_new(PAGES_MAX, 1);
    grant_ref_t first = 0;

    *(xen_pfn_t *)arg = gfn_of(pages);
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        uint64_t *words = (uint64_t *)(pages + (size_t)i * PAGE_BYTES);
        grant_ref_t ref = grant_offer(0, words, 0);

        for (unsigned w = 0; w < PAGE_BYTES / sizeof(*words); w++)
            words[w] = peer_word(i);
        if (!i)
            first = ref;
        SAME(ref, first + i);
    }
    return (long)first;
}

grant_ref_t peer_pages(void)
{
    long args[GUEST_ARGS] = {0};

    if (!first_ref) {
        first_ref = (grant_ref_t)peer_call(offer_pages, args);
        first_gfn = (xen_pfn_t)args[0];
    }
    return first_ref;
}

xen_pfn_t peer_gfn(void)
{
    (void)peer_pages();
    return first_gfn;
}

/* Log-linear buckets. */
#include "hist.h"

enum { SUBS = 1 << HIST_SUB_BITS };

/* Below SUBS ns each its own bucket; above, the power of two and its part. */
static size_t bucket_of(uint64_t ns)
{
    int power = ns < SUBS ? 0 : 63 - __builtin_clzll(ns) - HIST_SUB_BITS;
    size_t bucket;

    if (ns < SUBS)
        return (size_t)ns;
    bucket = ((size_t)power << HIST_SUB_BITS) + (size_t)(ns >> power);
    return bucket < HIST_BUCKETS ? bucket : HIST_BUCKETS - 1;
}

uint64_t hist_upper(size_t bucket)
{
    size_t power = bucket >> HIST_SUB_BITS;

    if (power < 1)
        return bucket;
    power--;
    return ((uint64_t)(bucket - (power << HIST_SUB_BITS)) + 1) *
               (1ull << power) -
           1;
}

void hist_add(struct hist *h, uint64_t ns)
{
    h->count[bucket_of(ns)]++;
    h->nr++;
    h->most = ns > h->most ? ns : h->most;
}

void hist_merge(struct hist *to, const struct hist *from)
{
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        to->count[i] += from->count[i];
    to->nr += from->nr;
    to->most = from->most > to->most ? from->most : to->most;
}

uint64_t hist_at(const struct hist *h, double part)
{
    uint64_t want = (uint64_t)((double)h->nr * part + 0.999999), sum = 0;

    for (size_t i = 0; i < HIST_BUCKETS && h->nr; i++) {
        sum += h->count[i];
        if (sum >= want && sum)
            return hist_upper(i) < h->most ? hist_upper(i) : h->most;
    }
    return h->most;
}

/* Histograms of latency, decoded. */
#include "latency.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *histogram_of(const struct run *r, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(r->json, "histograms"), name);
}

const char *latency_unit(const struct run *r, const char *name)
{
    const cJSON *unit =
        cJSON_GetObjectItemCaseSensitive(histogram_of(r, name), "unit");

    return cJSON_IsString(unit) && strlen(unit->valuestring) < RUN_UNIT_BYTES
               ? unit->valuestring
               : "us";
}

bool latency_known(const struct run *r, const char *name)
{
    struct latency l;
    bool known = false;

    if (!histogram_of(r, name))
        return false;
    for (size_t i = 0; i < r->peers && !known; i++)
        if (latency_init(&l, r, name, r->peer[i]) == 0) {
            known = l.n > 0;
            latency_fini(&l);
        }
    return known;
}

/* [upper, n]: above the last one, and so many. */
static bool bucket_decode(const cJSON *item, double above, double *upper,
                          double *n)
{
    const cJSON *first = cJSON_IsArray(item) ? item->child : NULL;
    const cJSON *second = first ? first->next : NULL;

    if (!cJSON_IsNumber(first) || !cJSON_IsNumber(second))
        return false;
    *upper = first->valuedouble;
    *n = second->valuedouble;
    return isfinite(*upper) && *upper > above && isfinite(*n) && *n >= 0;
}

static bool buckets_decode(struct latency *l, const cJSON *list)
{
    const cJSON *item;
    double above = 0, n;

    cJSON_ArrayForEach(item, list)
    {
        if (!bucket_decode(item, above, &l->upper[l->n], &n))
            return false;
        above = l->upper[l->n];
        if (n == 0 && !l->n)
            continue;
        l->samples += n;
        l->share[l->n++] = l->samples;
    }
    return l->samples > 0 && isfinite(l->samples);
}

int latency_init(struct latency *l, const struct run *r, const char *name,
                 const char *peer)
{
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(histogram_of(r, name), peer);
    int buckets = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

    *l = (struct latency){0};
    if (!buckets || buckets > BUCKETS_MAX)
        return 0;
    l->upper = calloc((size_t)buckets + 1, sizeof(*l->upper));
    l->share = calloc((size_t)buckets + 1, sizeof(*l->share));
    if (!l->upper || !l->share) {
        latency_fini(l);
        return -ENOMEM;
    }
    if (!buckets_decode(l, list)) {
        latency_fini(l);
        return 0;
    }
    for (size_t i = 0; i < l->n; i++)
        l->share[i] /= l->samples;
    return 0;
}

void latency_fini(struct latency *l)
{
    free(l->upper);
    free(l->share);
    *l = (struct latency){0};
}

double latency_at(const struct latency *l, double share)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->share[i] >= share)
            return l->upper[i];
    return l->n ? l->upper[l->n - 1] : NAN;
}

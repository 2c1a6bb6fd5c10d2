/* Fake machines: a list per process; a host is a column of it. */
#include "domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 64,
};

struct sim_domain {
    char host[NAME_BYTES], uuid[NAME_BYTES];
    bool paused;
    struct sim_domain *next;
};

struct sim_domains {
    struct sim_domain *first;
};

struct sim_domains *sim_domains_create(void)
{
    struct sim_domains *d = must_alloc(sizeof(*d));

    *d = (struct sim_domains){0};
    return d;
}

void sim_domains_destroy(struct sim_domains *d)
{
    while (d->first) {
        struct sim_domain *next = d->first->next;

        free(d->first);
        d->first = next;
    }
    free(d);
}

/* Where the domain hangs; *slot is NULL when it does not run. */
static struct sim_domain **slot_find(struct sim_domains *d, const char *uuid)
{
    struct sim_domain **slot = &d->first;

    while (*slot && strcmp((*slot)->uuid, uuid) != 0)
        slot = &(*slot)->next;
    return slot;
}

static int domain_start(void *ctx, const char *host, const char *uuid,
                        int64_t memory_kib, int vcpus, bool paused)
{
    struct sim_domain **slot = slot_find(ctx, uuid), *domain;

    if (*slot || memory_kib < 0 || vcpus < 1 || strlen(uuid) >= NAME_BYTES ||
        strlen(host) >= NAME_BYTES)
        return -EINVAL;
    domain = must_alloc(sizeof(*domain));
    *domain = (struct sim_domain){.paused = paused};
    memcpy(domain->host, host, strlen(host) + 1);
    memcpy(domain->uuid, uuid, strlen(uuid) + 1);
    *slot = domain;
    return 0;
}

static int domain_stop(void *ctx, const char *host, const char *uuid)
{
    struct sim_domain **slot = slot_find(ctx, uuid), *domain = *slot;

    (void)host;
    if (!domain)
        return -ENOENT;
    *slot = domain->next;
    free(domain);
    return 0;
}

static int set_paused(struct sim_domains *d, const char *uuid, bool paused)
{
    struct sim_domain *domain = *slot_find(d, uuid);

    if (!domain || domain->paused == paused)
        return -EINVAL;
    domain->paused = paused;
    return 0;
}

static int domain_pause(void *ctx, const char *host, const char *uuid)
{
    (void)host;
    return set_paused(ctx, uuid, true);
}

static int domain_resume(void *ctx, const char *host, const char *uuid)
{
    (void)host;
    return set_paused(ctx, uuid, false);
}

static int domain_reboot(void *ctx, const char *host, const char *uuid)
{
    struct sim_domain *domain = *slot_find(ctx, uuid);

    (void)host;
    if (!domain)
        return -ENOENT;
    domain->paused = false;
    return 0;
}

struct domain_driver sim_domains_driver(struct sim_domains *d)
{
    return (struct domain_driver){.start = domain_start,
                                  .stop = domain_stop,
                                  .pause = domain_pause,
                                  .resume = domain_resume,
                                  .reboot = domain_reboot,
                                  .ctx = d};
}

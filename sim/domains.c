/* Fake machines: libvirt's test driver, and what is added to it. */
#define _GNU_SOURCE
#include "domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain_libvirt.h"
#include "guests.h"

enum {
    NAME_BYTES = 64,
    MAC_BYTES = 18,
    SLOTS = 1 << 14,
    CPUS_DEFAULT = 16,
    MEMORY_DEFAULT_KIB = 64 << 20,
    VCPUS_MAX = 512,    /* more are not described to libvirt */
    VCPUS_HOTPLUG = 32, /* the test driver's own limit */
};

struct fake_host {
    char name[NAME_BYTES];
    int cpus;
    int64_t memory_kib;
    bool dead;
    struct fake_host *next;
};

struct sim_device {
    char id[NAME_BYTES], mac[MAC_BYTES];
    struct sim_device *next;
};

/* A domain that runs; the test driver has it as well. */
struct sim_domain {
    char host[NAME_BYTES], uuid[NAME_BYTES];
    const struct sim_guest *guest;
    enum domain_condition ended; /* DOMAIN_ABSENT: it has not */
    int vcpus;
    struct sim_device *devices;
    struct sim_domain *next;
};

struct sim_domains {
    struct domain_libvirt *libvirt;
    struct domain_driver below;
    const struct sim_guest *guest;
    struct fake_host *hosts;
    int64_t pace_ms;
    int profile; /* the file that the last connection was opened with */
    struct sim_domain *slots[SLOTS];
};

static struct fake_host *host_find(struct sim_domains *d, const char *name)
{
    struct fake_host *h = d->hosts;

    while (h && strcmp(h->name, name) != 0)
        h = h->next;
    return h;
}

static bool host_dead(struct sim_domains *d, const char *name)
{
    const struct fake_host *h = host_find(d, name);

    return h && h->dead;
}

/* The test driver reads a host's description from a file, once. */
static int uri_cb(void *ctx, const char *host, char *uri, size_t bytes)
{
    struct sim_domains *d = ctx;
    const struct fake_host *h = host_find(d, host);

    if (h && h->dead)
        return -EHOSTUNREACH;
    if (d->profile >= 0)
        (void)close(d->profile); /* was read long ago */
    d->profile = memfd_create("host.xml", MFD_CLOEXEC);
    if (d->profile < 0)
        return -errno;
    if (dprintf(d->profile,
                "<node><cpu><mhz>2400</mhz><model>x86_64</model>"
                "<active>%d</active><nodes>1</nodes><sockets>1</sockets>"
                "<cores>%d</cores><threads>1</threads></cpu>"
                "<memory>%lld</memory></node>",
                h ? h->cpus : CPUS_DEFAULT, h ? h->cpus : CPUS_DEFAULT,
                (long long)(h ? h->memory_kib : MEMORY_DEFAULT_KIB)) < 0)
        return -EIO;
    (void)snprintf(uri, bytes, "test:///proc/self/fd/%d", d->profile);
    return 0;
}

struct sim_domains *sim_domains_create(void)
{
    struct sim_domains *d = must_alloc(sizeof(*d));

    *d = (struct sim_domains){.profile = -1, .guest = sim_guest_find("none")};
    d->libvirt = domain_libvirt_create(uri_cb, d);
    d->below = domain_libvirt_driver(d->libvirt);
    return d;
}

/* FNV-1a. */
static struct sim_domain **slot_find(struct sim_domains *d, const char *uuid)
{
    uint32_t hash = 2166136261u;
    struct sim_domain **slot;

    for (const char *p = uuid; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    slot = &d->slots[hash % SLOTS];
    while (*slot && strcmp((*slot)->uuid, uuid) != 0)
        slot = &(*slot)->next;
    return slot;
}

static void devices_free(struct sim_domain *domain)
{
    while (domain->devices) {
        struct sim_device *next = domain->devices->next;

        free(domain->devices);
        domain->devices = next;
    }
}

static void domain_remove(struct sim_domain **slot)
{
    struct sim_domain *domain = *slot;

    *slot = domain->next;
    devices_free(domain);
    free(domain);
}

/* All domains of a host, or of every host. */
static void domains_remove(struct sim_domains *d, const char *host)
{
    for (int i = 0; i < SLOTS; i++)
        for (struct sim_domain **slot = &d->slots[i]; *slot;)
            if (!host || strcmp((*slot)->host, host) == 0)
                domain_remove(slot);
            else
                slot = &(*slot)->next;
}

void sim_domains_destroy(struct sim_domains *d)
{
    domains_remove(d, NULL);
    while (d->hosts) {
        struct fake_host *next = d->hosts->next;

        free(d->hosts);
        d->hosts = next;
    }
    domain_libvirt_destroy(d->libvirt);
    if (d->profile >= 0)
        (void)close(d->profile); /* nothing was written since */
    free(d);
}

static struct fake_host *host_make(struct sim_domains *d, const char *name)
{
    struct fake_host *h = host_find(d, name);

    if (h)
        return h;
    h = must_alloc(sizeof(*h));
    *h = (struct fake_host){.cpus = CPUS_DEFAULT,
                            .memory_kib = MEMORY_DEFAULT_KIB,
                            .next = d->hosts};
    (void)snprintf(h->name, sizeof(h->name), "%s", name); /* a uuid: fits */
    d->hosts = h;
    return h;
}

void sim_domains_profile(struct sim_domains *d, const char *host, int cpus,
                         int64_t memory_kib)
{
    struct fake_host *h = host_make(d, host);

    h->cpus = cpus;
    h->memory_kib = memory_kib;
}

void sim_domains_crash(struct sim_domains *d, const char *host)
{
    host_make(d, host)->dead = true;
    domain_libvirt_forget(d->libvirt, host);
    domains_remove(d, host);
}

void sim_domains_revive(struct sim_domains *d, const char *host)
{
    host_make(d, host)->dead = false;
}

struct value sim_domains_on(const struct sim_domains *d, struct arena *a,
                            const char *host)
{
    struct value set = value_set(NULL, 0);

    for (size_t i = 0; i < SLOTS; i++)
        for (const struct sim_domain *o = d->slots[i]; o; o = o->next)
            if (strcmp(o->host, host) == 0 && o->ended == DOMAIN_ABSENT)
                set = value_set_with(a, &set, arena_strdup(a, o->uuid));
    return set;
}

int sim_domains_guest(struct sim_domains *d, const char *kind)
{
    const struct sim_guest *guest = sim_guest_find(kind);

    if (!guest)
        return -ENOENT;
    d->guest = guest;
    return 0;
}

static bool device_find(const struct sim_domain *domain, const char *id)
{
    for (const struct sim_device *o = domain->devices; o; o = o->next)
        if (strcmp(o->id, id) == 0)
            return true;
    return false;
}

/* At the end: NICs are told in the order that they came in. */
static int device_add(struct sim_domain *domain, const struct domain_device *in)
{
    struct sim_device **slot = &domain->devices, *o;

    if (device_find(domain, in->id))
        return -EEXIST;
    o = must_alloc(sizeof(*o));
    *o = (struct sim_device){0};
    (void)snprintf(o->id, sizeof(o->id), "%s", in->id);
    if (in->kind == DEVICE_NIC)
        (void)snprintf(o->mac, sizeof(o->mac), "%s", in->mac);
    while (*slot)
        slot = &(*slot)->next;
    *slot = o;
    return 0;
}

static const struct sim_guest *guest_of(const struct sim_domains *d,
                                        const struct domain_spec *spec)
{
    const char *kind = spec->other_config
                           ? value_text(spec->other_config, "sim-guest", NULL)
                           : NULL;
    const struct sim_guest *guest = kind ? sim_guest_find(kind) : NULL;

    return guest ? guest : d->guest;
}

/* Devices are ours: the test driver is spared what it cannot use. */
static int domain_start(void *ctx, const char *host,
                        const struct domain_spec *spec)
{
    struct sim_domains *d = ctx;
    struct sim_domain **slot = slot_find(d, spec->uuid), *domain;
    struct domain_spec lean = *spec;
    int rc;

    if (*slot || strlen(host) >= NAME_BYTES || strlen(spec->uuid) >= NAME_BYTES)
        return *slot ? -EEXIST : -EINVAL;
    lean.name = NULL;
    lean.devices_nr = 0;
    lean.vcpus_max = spec->vcpus_max < VCPUS_MAX ? spec->vcpus_max : VCPUS_MAX;
    lean.vcpus = spec->vcpus < VCPUS_MAX ? spec->vcpus : VCPUS_MAX;
    rc = d->below.start(d->below.ctx, host, &lean);
    if (rc)
        return rc;
    domain = must_alloc(sizeof(*domain));
    *domain =
        (struct sim_domain){.guest = guest_of(d, spec), .vcpus = spec->vcpus};
    memcpy(domain->host, host, strlen(host) + 1);
    memcpy(domain->uuid, spec->uuid, strlen(spec->uuid) + 1);
    for (int i = 0; i < spec->devices_nr; i++)
        (void)device_add(domain, &spec->devices[i]); /* uuids do not repeat */
    *slot = domain;
    return 0;
}

/* The domain, when it runs on that host and the host is there. */
static int find(struct sim_domains *d, const char *host, const char *uuid,
                struct sim_domain **domain)
{
    if (host_dead(d, host))
        return -EHOSTUNREACH;
    *domain = *slot_find(d, uuid);
    return *domain && strcmp((*domain)->host, host) == 0 ? 0 : -ENOENT;
}

static int domain_stop(void *ctx, const char *host, const char *uuid)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    if (!rc)
        rc = d->below.stop(d->below.ctx, host, uuid);
    if (!rc)
        domain_remove(slot_find(d, uuid));
    return rc;
}

static int domain_pause(void *ctx, const char *host, const char *uuid)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    return rc ? rc : d->below.pause(d->below.ctx, host, uuid);
}

static int domain_resume(void *ctx, const char *host, const char *uuid)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    return rc ? rc : d->below.resume(d->below.ctx, host, uuid);
}

static int domain_query(void *ctx, const char *host, const char *uuid,
                        struct domain_state *state)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    *state = (struct domain_state){.condition = DOMAIN_ABSENT};
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    rc = d->below.query(d->below.ctx, host, uuid, state);
    if (domain->ended != DOMAIN_ABSENT)
        state->condition = domain->ended;
    state->vcpus = domain->vcpus;
    return rc;
}

/* The test driver resets nothing; a domain that was paused runs again. */
static int domain_reboot(void *ctx, const char *host, const char *uuid)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    struct domain_state state;
    int rc = find(d, host, uuid, &domain);

    if (!rc)
        rc = domain_query(d, host, uuid, &state);
    if (rc)
        return rc;
    domain->ended = DOMAIN_ABSENT;
    return state.condition == DOMAIN_PAUSED
               ? d->below.resume(d->below.ctx, host, uuid)
               : 0;
}

static int domain_ask(void *ctx, const char *host, const char *uuid,
                      enum domain_request what)
{
    struct sim_domain *domain;
    int rc = find(ctx, host, uuid, &domain);

    (void)what; /* a guest that obeys has nothing else to do */
    if (rc)
        return rc;
    if (!domain->guest->agent)
        return -ENODATA;
    return domain->guest->obeys ? 0 : -ETIMEDOUT;
}

/* Fake memory holds nothing: what matters of an image is the machine. */
static int domain_save(void *ctx, const char *host, const char *uuid,
                       const char *image)
{
    struct sim_domain *domain;
    int rc = find(ctx, host, uuid, &domain);

    (void)image;
    if (!rc && !domain->guest->obeys && domain->guest->agent)
        rc = -ETIMEDOUT;
    return rc ? rc : domain_stop(ctx, host, uuid);
}

static int domain_restore(void *ctx, const char *host,
                          const struct domain_spec *spec, const char *image)
{
    (void)image;
    return domain_start(ctx, host, spec);
}

static int domain_migrate(void *ctx, const char *from, const char *uuid,
                          const char *to, const char *uri,
                          const struct domain_spec *spec)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    const struct sim_guest *guest;
    struct domain_spec there = *spec;
    struct domain_state state;
    int rc = find(d, from, uuid, &domain);

    (void)uri; /* every host is in this process */
    if (!rc && host_dead(d, to))
        rc = -EHOSTUNREACH;
    if (!rc)
        rc = domain_query(d, from, uuid, &state);
    if (rc)
        return rc;
    there.paused = state.condition == DOMAIN_PAUSED;
    guest = domain->guest;
    rc = domain_stop(d, from, uuid);
    if (!rc)
        rc = domain_start(d, to, &there);
    if (!rc)
        (*slot_find(d, spec->uuid))->guest = guest;
    return rc;
}

static int domain_set_memory(void *ctx, const char *host, const char *uuid,
                             int64_t kib)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    return rc ? rc : d->below.set_memory(d->below.ctx, host, uuid, kib);
}

static int domain_set_vcpus(void *ctx, const char *host, const char *uuid,
                            int nr)
{
    struct sim_domains *d = ctx;
    struct sim_domain *domain;
    int rc = find(d, host, uuid, &domain);

    if (!rc && nr <= VCPUS_HOTPLUG)
        rc = d->below.set_vcpus(d->below.ctx, host, uuid, nr);
    if (!rc)
        domain->vcpus = nr;
    return rc;
}

static int domain_attach(void *ctx, const char *host, const char *uuid,
                         const struct domain_device *device)
{
    struct sim_domain *domain;
    int rc = find(ctx, host, uuid, &domain);

    return rc ? rc : device_add(domain, device);
}

/* A guest that does not listen keeps its device, unless it is torn away. */
static int domain_detach(void *ctx, const char *host, const char *uuid,
                         const struct domain_device *device, bool force)
{
    struct sim_domain *domain;
    struct sim_device **slot, *gone;
    int rc = find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    if (!force && domain->guest->agent && !domain->guest->obeys)
        return -ETIMEDOUT;
    if (!force && device->kind == DEVICE_DISK && !domain->guest->lets_go)
        return -EBUSY;
    slot = &domain->devices;
    while (*slot && strcmp((*slot)->id, device->id) != 0)
        slot = &(*slot)->next;
    gone = *slot;
    if (!gone)
        return -ENOENT;
    *slot = gone->next;
    free(gone);
    return 0;
}

static int domain_guest(void *ctx, const char *host, const char *uuid,
                        struct arena *a, struct value *told)
{
    struct sim_domain *domain;
    const char **macs;
    int nr = 0, rc = find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    if (!domain->guest->agent)
        return -ENODATA;
    for (struct sim_device *o = domain->devices; o; o = o->next)
        nr += *o->mac != '\0';
    macs = arena_alloc(a, sizeof(*macs) * (size_t)(nr + 1));
    nr = 0;
    for (struct sim_device *o = domain->devices; o; o = o->next)
        if (*o->mac)
            macs[nr++] = o->mac;
    *told = sim_guest_told(a, domain->guest, macs, nr);
    return 0;
}

/* Letters that end a Linux guest, and how; others only make it talk. */
static const struct {
    char key;
    enum domain_condition ended;
} sysrqs[] = {
    {'c', DOMAIN_CRASHED},
    {'o', DOMAIN_SHUTDOWN},
};

static int domain_sysrq(void *ctx, const char *host, const char *uuid, char key)
{
    struct sim_domain *domain;
    int rc = find(ctx, host, uuid, &domain);

    for (size_t i = 0; !rc && i < sizeof(sysrqs) / sizeof(sysrqs[0]); i++)
        if (sysrqs[i].key == key)
            domain->ended = sysrqs[i].ended;
    return rc;
}

static int domain_trigger(void *ctx, const char *host, const char *uuid,
                          const char *name)
{
    struct sim_domain *domain;
    int rc = find(ctx, host, uuid, &domain);

    if (!rc && strcmp(name, "power") == 0 && domain->guest->obeys)
        domain->ended = DOMAIN_SHUTDOWN;
    return rc;
}

/* Operations that are known to take their time: so many times the least. */
static const struct {
    const char *op;
    int times;
} slow[] = {
    {"suspend", 2},      {"resume", 2},       {"resume_on", 2},
    {"checkpoint", 3},   {"pool_migrate", 4}, {"clean_shutdown", 2},
    {"clean_reboot", 3},
};

void sim_domains_pace(struct sim_domains *d, int64_t ms)
{
    d->pace_ms = ms;
}

static int64_t domain_pace_ms(void *ctx, const char *op)
{
    const struct sim_domains *d = ctx;

    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        if (strcmp(slow[i].op, op) == 0)
            return d->pace_ms * slow[i].times;
    return d->pace_ms;
}

struct domain_driver sim_domains_driver(struct sim_domains *d)
{
    return (struct domain_driver){.start = domain_start,
                                  .stop = domain_stop,
                                  .pause = domain_pause,
                                  .resume = domain_resume,
                                  .reboot = domain_reboot,
                                  .ask = domain_ask,
                                  .save = domain_save,
                                  .restore = domain_restore,
                                  .migrate = domain_migrate,
                                  .set_memory = domain_set_memory,
                                  .set_vcpus = domain_set_vcpus,
                                  .attach = domain_attach,
                                  .detach = domain_detach,
                                  .query = domain_query,
                                  .guest = domain_guest,
                                  .sysrq = domain_sysrq,
                                  .trigger = domain_trigger,
                                  .pace_ms = domain_pace_ms,
                                  .ctx = d};
}

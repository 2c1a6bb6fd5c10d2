/* Fake NICs and bridges: a list of hosts, each with both. */
#include "nics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pools.h"

enum {
    NAME_BYTES = 64,
    BRIDGES_MAX = 4096, /* of one host: all VLANs there can be */
    STANDARD_SPEED_MBPS = 1000,
    FAST_SPEED_MBPS = 10000,
    STANDARD_MTU_MAX = 9000,
    STANDARD_VFS = 8,
    LEASES = 250,
};

struct sim_bridge {
    char name[NAME_BYTES];
    char uplinks[UPLINKS_MAX][NIC_DEVICE_BYTES];
    int uplinks_nr, vlan;
    struct sim_bridge *next;
};

struct nic_host {
    char uuid[NAME_BYTES];
    int number; /* in the order of their first use */
    struct nic nics[NICS_MAX];
    bool vfs[NICS_MAX];
    int nr;
    struct sim_bridge *bridges;
    int bridges_nr;
    struct nic_host *next;
};

struct sim_nics {
    struct sim *sim;
    int standard, hosts_nr;
    uint64_t changes;
    struct nic_host *first;
};

static void fault_cb(void *ctx, enum fault_kind kind, const char *target,
                     bool begins)
{
    (void)target;
    (void)begins;
    if (kind == FAULT_LINK_DOWN || kind == FAULT_LINK_FLAP)
        ((struct sim_nics *)ctx)->changes++;
}

struct sim_nics *sim_nics_create(struct sim *sim, int standard)
{
    struct sim_nics *n = must_alloc(sizeof(*n));

    *n = (struct sim_nics){.sim = sim, .standard = standard};
    faults_watch(sim->faults, fault_cb, n);
    return n;
}

static void bridges_free(struct nic_host *h)
{
    while (h->bridges) {
        struct sim_bridge *next = h->bridges->next;

        free(h->bridges);
        h->bridges = next;
    }
}

void sim_nics_destroy(struct sim_nics *n)
{
    while (n->first) {
        struct nic_host *next = n->first->next;

        bridges_free(n->first);
        free(n->first);
        n->first = next;
    }
    free(n);
}

/* Slot `i` of a host that nobody described. */
static void standard_nic(const struct nic_host *h, int i, int total,
                         struct nic *nic)
{
    bool fast = total >= 4 && i >= total - 2;

    *nic =
        (struct nic){.speed_mbps = fast ? FAST_SPEED_MBPS : STANDARD_SPEED_MBPS,
                     .duplex = true,
                     .carrier = true,
                     .mtu_max = STANDARD_MTU_MAX,
                     .vfs_max = fast ? STANDARD_VFS : 0};
    snprintf(nic->device, sizeof(nic->device), "eth%d", i);
    /* The first one of the first host is the one that `minimal` has. */
    snprintf(nic->mac, sizeof(nic->mac), "00:16:3e:%02x:%02x:%02x",
             (unsigned)h->number >> 8 & 255, (unsigned)h->number & 255,
             (unsigned)(0xfe - i) & 255);
    snprintf(nic->pci, sizeof(nic->pci), "0000:%02x:00.%d", 2 + i / 2, i % 2);
    snprintf(nic->vendor_id, sizeof(nic->vendor_id), "%s", "8086");
    snprintf(nic->device_id, sizeof(nic->device_id), "%s",
             fast ? "10fb" : "1521");
    snprintf(nic->vendor_name, sizeof(nic->vendor_name), "Touchstone");
    snprintf(nic->device_name, sizeof(nic->device_name), "Simulated NIC");
}

static struct nic_host *host_find(struct sim_nics *n, const char *uuid)
{
    struct nic_host **slot = &n->first;

    while (*slot && strcmp((*slot)->uuid, uuid) != 0)
        slot = &(*slot)->next;
    if (*slot)
        return *slot;
    *slot = must_alloc(sizeof(**slot));
    **slot = (struct nic_host){.number = n->hosts_nr++, .nr = n->standard};
    snprintf((*slot)->uuid, sizeof((*slot)->uuid), "%s", uuid);
    for (int i = 0; i < n->standard; i++)
        standard_nic(*slot, i, n->standard, &(*slot)->nics[i]);
    return *slot;
}

int sim_nics_describe(struct sim_nics *n, const char *host,
                      const struct nic *nics, int nr)
{
    struct nic_host *h = host_find(n, host);

    if (nr > NICS_MAX)
        return -E2BIG;
    memcpy(h->nics, nics, sizeof(*nics) * (size_t)nr);
    h->nr = nr;
    n->changes++;
    return 0;
}

static struct nic *nic_of(struct nic_host *h, const char *device)
{
    for (int i = 0; i < h->nr; i++)
        if (strcmp(h->nics[i].device, device) == 0)
            return &h->nics[i];
    return NULL;
}

void sim_nics_crash(struct sim_nics *n, const char *host)
{
    struct nic_host *h = host_find(n, host);

    bridges_free(h);
    h->bridges_nr = 0;
    memset(h->vfs, 0, sizeof(h->vfs));
}

int sim_nics_set_link(struct sim_nics *n, const char *host, const char *device,
                      bool up)
{
    struct nic *nic = nic_of(host_find(n, host), device);

    if (!nic)
        return -ENOENT;
    n->changes += nic->carrier != up;
    nic->carrier = up;
    return 0;
}

int sim_nics_set_speed(struct sim_nics *n, const char *host, const char *device,
                       int64_t mbps, bool duplex)
{
    struct nic *nic = nic_of(host_find(n, host), device);

    if (!nic)
        return -ENOENT;
    nic->speed_mbps = mbps;
    nic->duplex = duplex;
    n->changes++;
    return 0;
}

void sim_nics_adopt(struct sim_nics *n, struct db *db,
                    const struct object *host)
{
    struct nic_host *h = host_find(n, db_text(host, "uuid"));
    const struct value *set = db_get(host, "PIFs");

    for (uint32_t i = 0; i < set->nr; i++) {
        const struct object *pif = db_find_any(db, set->items[i].s);
        struct nic *nic = nic_of(h, db_text(pif, "device"));

        if (nic && db_bool(pif, "physical"))
            snprintf(nic->mac, sizeof(nic->mac), "%s", db_text(pif, "MAC"));
    }
}

/* --- The driver ---------------------------------------------------------------- */

static const char *host_name(struct sim_nics *n, const char *uuid)
{
    struct sim_host *h = world_find_host(n->sim->world, uuid);
    struct object *host =
        h ? db_find_uuid(&h->endpoint.ts->db, "host", uuid) : NULL;

    return host ? db_text(host, "name_label") : uuid;
}

/* Whether a fault holds the link down. */
static bool link_lost(struct sim_nics *n, const struct nic_host *h,
                      const struct nic *nic)
{
    const char *host = n->sim->world ? host_name(n, h->uuid) : "";
    char path[NAME_BYTES * 2];
    const char *names[] = {path, nic->mac, host, h->uuid, NULL};

    snprintf(path, sizeof(path), "%.60s/%s", host, nic->device);
    return faults_active(n->sim->faults, FAULT_LINK_DOWN, names);
}

static int driver_nics(void *ctx, const char *host, struct nic *nics, int max)
{
    struct sim_nics *n = ctx;
    struct nic_host *h = host_find(n, host);
    int nr = h->nr < max ? h->nr : max;

    memcpy(nics, h->nics, sizeof(*nics) * (size_t)nr);
    for (int i = 0; i < nr; i++)
        if (link_lost(n, h, &nics[i]))
            nics[i].carrier = false;
    return nr;
}

static uint64_t driver_changes(void *ctx)
{
    return ((struct sim_nics *)ctx)->changes;
}

/* Where the bridge hangs; *slot is NULL when there is none. */
static struct sim_bridge **bridge_find(struct nic_host *h, const char *name)
{
    struct sim_bridge **slot = &h->bridges;

    while (*slot && strcmp((*slot)->name, name) != 0)
        slot = &(*slot)->next;
    return slot;
}

static bool uses(const struct sim_bridge *b, const char *device)
{
    for (int i = 0; i < b->uplinks_nr; i++)
        if (strcmp(b->uplinks[i], device) == 0)
            return true;
    return false;
}

/* Each uplink must be there; two bridges cannot have the same tag of it. */
static int check_uplinks(struct nic_host *h, const struct bridge_config *c)
{
    for (int i = 0; i < c->uplinks_nr; i++) {
        if (!nic_of(h, c->uplinks[i]))
            return -ENODEV;
        for (struct sim_bridge *b = h->bridges; b; b = b->next)
            if (b->vlan == c->vlan && c->vlan >= 0 && !c->tunnel &&
                strcmp(b->name, c->bridge) != 0 && uses(b, c->uplinks[i]))
                return -EEXIST;
    }
    return 0;
}

static int64_t mtu_of(struct nic_host *h, const struct bridge_config *c)
{
    int64_t mtu = c->mtu;

    for (int i = 0; i < c->uplinks_nr; i++)
        if (mtu > nic_of(h, c->uplinks[i])->mtu_max)
            mtu = nic_of(h, c->uplinks[i])->mtu_max;
    return mtu;
}

/* The address server of a network: the same lease for the same host. */
static void addresses(const struct nic_host *h, const struct bridge_config *c,
                      struct bridge_state *s)
{
    unsigned net = 0;

    for (const char *p = c->bridge; *p; p++)
        net = net * 31 + (unsigned char)*p;
    net &= 255;
    if (strcmp(c->mode, "DHCP") == 0) {
        snprintf(s->ip, sizeof(s->ip), "10.%u.%d.%d", net, h->number / LEASES,
                 h->number % LEASES + 2);
        snprintf(s->netmask, sizeof(s->netmask), "255.255.0.0");
        snprintf(s->gateway, sizeof(s->gateway), "10.%u.0.1", net);
        snprintf(s->dns, sizeof(s->dns), "10.%u.0.1", net);
    } else if (strcmp(c->mode, "Static") == 0) {
        snprintf(s->ip, sizeof(s->ip), "%s", c->ip);
        snprintf(s->netmask, sizeof(s->netmask), "%s", c->netmask);
        snprintf(s->gateway, sizeof(s->gateway), "%s", c->gateway);
        snprintf(s->dns, sizeof(s->dns), "%s", c->dns);
    }
}

static int bridge_make(struct nic_host *h, const char *name,
                       struct sim_bridge **out)
{
    struct sim_bridge **slot = bridge_find(h, name);

    if (!*slot) {
        if (h->bridges_nr == BRIDGES_MAX)
            return -ENOSPC;
        *slot = must_alloc(sizeof(**slot));
        **slot = (struct sim_bridge){0};
        snprintf((*slot)->name, sizeof((*slot)->name), "%s", name);
        h->bridges_nr++;
    }
    *out = *slot;
    return 0;
}

static int driver_bridge_up(void *ctx, const char *host,
                            const struct bridge_config *c,
                            struct bridge_state *state)
{
    struct nic_host *h = host_find(ctx, host);
    struct sim_bridge *b;
    int rc = check_uplinks(h, c);

    if (!rc)
        rc = bridge_make(h, c->bridge, &b);
    if (rc)
        return rc;
    b->vlan = c->vlan;
    b->uplinks_nr = c->uplinks_nr;
    for (int i = 0; i < c->uplinks_nr; i++)
        snprintf(b->uplinks[i], NIC_DEVICE_BYTES, "%s", c->uplinks[i]);
    *state = (struct bridge_state){.mtu = mtu_of(h, c)};
    addresses(h, c, state);
    return 0;
}

static int driver_bridge_down(void *ctx, const char *host, const char *bridge)
{
    struct nic_host *h = host_find(ctx, host);
    struct sim_bridge **slot = bridge_find(h, bridge), *gone = *slot;

    if (!gone)
        return -ENOENT;
    *slot = gone->next;
    free(gone);
    h->bridges_nr--;
    return 0;
}

static bool driver_bridge_exists(void *ctx, const char *host,
                                 const char *bridge)
{
    return *bridge_find(host_find(ctx, host), bridge) != NULL;
}

static int driver_vfs_enable(void *ctx, const char *host, const char *device,
                             bool enable)
{
    struct nic_host *h = host_find(ctx, host);
    struct nic *nic = nic_of(h, device);

    if (!nic)
        return -ENODEV;
    if (enable && !nic->vfs_max)
        return -EOPNOTSUPP;
    h->vfs[nic - h->nics] = enable;
    return enable ? nic->vfs_max : 0;
}

struct network_driver sim_nics_driver(struct sim_nics *n)
{
    return (struct network_driver){.nics = driver_nics,
                                   .changes = driver_changes,
                                   .bridge_up = driver_bridge_up,
                                   .bridge_down = driver_bridge_down,
                                   .bridge_exists = driver_bridge_exists,
                                   .vfs_enable = driver_vfs_enable,
                                   .ctx = n};
}

/* Network hardware that never breaks unless a test wants it to. */
#include "fake_network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fake_nics(void *ctx, const char *host, struct nic *nics, int max)
{
    const struct fake_network *n = ctx;

    (void)host;
    for (int i = 0; i < FAKE_NICS && i < max; i++) {
        nics[i] = (struct nic){.speed_mbps = 1000,
                               .duplex = true,
                               .carrier = n->carrier[i],
                               .mtu_max = 9000,
                               .vfs_max = i + 1 == FAKE_NICS ? 2 : 0};
        snprintf(nics[i].device, sizeof(nics[i].device), "eth%d", i);
        snprintf(nics[i].mac, sizeof(nics[i].mac), "02:00:00:00:00:%02x", i);
    }
    return FAKE_NICS;
}

static uint64_t fake_changes(void *ctx)
{
    return ((struct fake_network *)ctx)->changes;
}

static int fake_up(void *ctx, const char *host, const struct bridge_config *c,
                   struct bridge_state *state)
{
    struct fake_network *n = ctx;

    (void)host;
    if (n->fail)
        return n->fail;
    n->bridges++;
    *state = (struct bridge_state){.mtu = c->mtu};
    if (strcmp(c->mode, "DHCP") == 0)
        snprintf(state->ip, sizeof(state->ip), "192.0.2.9");
    return 0;
}

static int fake_down(void *ctx, const char *host, const char *bridge)
{
    (void)host;
    (void)bridge;
    ((struct fake_network *)ctx)->bridges--;
    return 0;
}

static bool fake_exists(void *ctx, const char *host, const char *bridge)
{
    (void)ctx;
    (void)host;
    return strcmp(bridge, "there") == 0;
}

static int fake_vfs(void *ctx, const char *host, const char *device,
                    bool enable)
{
    (void)ctx;
    (void)host;
    if (strcmp(device, "eth3") != 0)
        return -EOPNOTSUPP;
    return enable ? 2 : 0;
}

void fake_network_init(struct fake_network *n)
{
    *n = (struct fake_network){.driver = {.nics = fake_nics,
                                          .changes = fake_changes,
                                          .bridge_up = fake_up,
                                          .bridge_down = fake_down,
                                          .bridge_exists = fake_exists,
                                          .vfs_enable = fake_vfs,
                                          .ctx = n}};
    for (int i = 0; i < FAKE_NICS; i++)
        n->carrier[i] = true;
}
